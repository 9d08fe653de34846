//! OpenAI's responses, as OpenAI, Azure and the servers that follow it speak them.

mod reply;
mod request;

pub(super) use reply::answer;
pub(super) use request::{RESERVED, body, is_response_id, poll, request};
