//! The wire formats of `OpenAI`.

pub(crate) mod background;
pub(crate) mod chat;
pub(crate) mod errors;
pub(crate) mod responses;
pub(crate) mod responses_request;
pub(crate) mod retrieve;
