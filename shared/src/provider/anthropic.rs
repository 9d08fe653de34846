//! Anthropic's messages.

mod reply;
mod request;

pub(super) use reply::answer;
pub(super) use request::{NEWEST_WITH_SAMPLING, RESERVED, VERSION_FIELD, go_on, request};
