//! OpenAI's chat completions, as OpenAI and the servers that follow it speak them.

mod reply;
mod request;

pub(super) use reply::{answer, finish_reason, usage};
pub use request::request;
pub(super) use request::{RESERVED, WirePart, body, messages};
