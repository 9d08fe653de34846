//! The producer: accepts jobs over HTTP, tells where they stand, and makes tenants and keys.

mod access;
mod answer;
mod app;
mod body;
mod call;
mod conditional;
#[cfg(target_arch = "wasm32")]
mod entry;
mod handlers;
mod idempotency;
mod key_cache;
mod multipart;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
mod problem;
mod query;
mod route;
mod router;
mod wire;

pub use app::{App, Readiness, Secrets};
pub use key_cache::KeyCache;
pub use problem::ProblemCode;
pub use route::{Access, Operation, ROUTES, Route};
pub use router::router;
