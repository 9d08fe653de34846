//! Cloudflare's Workers AI, over HTTP or by its binding.

mod reply;
mod thrown;

pub(super) use reply::answer;
pub use thrown::reply_of_thrown;
