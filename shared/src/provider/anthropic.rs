//! Anthropic's messages.

mod request;

pub(super) use request::{NEWEST_WITH_SAMPLING, RESERVED, VERSION_FIELD, go_on, request};
