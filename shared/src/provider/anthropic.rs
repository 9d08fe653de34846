//! Anthropic's messages.

mod reply;

pub(super) use reply::answer;
