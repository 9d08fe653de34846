//! Cloudflare's Workers AI, over HTTP or by its binding.

mod binding;
mod reply;
mod request;
mod thrown;

pub use binding::{reply_of_object, reply_of_response};
pub(super) use reply::answer;
pub(super) use request::{RESERVED, request};
pub use thrown::reply_of_thrown;
