//! OpenAI's responses, as OpenAI, Azure and the servers that follow it speak them.

mod reply;

pub(super) use reply::answer;
