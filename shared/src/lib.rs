//! The domain of Redrive: what a job is, which transitions it may make, and who decides.
//!
//! Everything here is pure by default: time, randomness, storage, queue and provider transport
//! are arguments.
//! The feature `cloudflare` adds the adapters for the Workers runtime, the feature `native` those
//! for a native process, which the tests use.

pub mod access;
pub mod audit;
pub mod batch;
pub mod bucket;
pub mod cancel;
pub mod circuit;
pub mod clock;
pub mod configuration;
pub mod cursor;
pub mod database;
pub mod day;
pub mod dead_letter;
pub mod document;
pub mod entropy;
pub mod error_code;
pub mod execute;
pub mod file;
pub mod fingerprint;
pub mod hex;
pub mod idempotency;
pub mod ids;
pub mod job;
pub mod json;
pub mod log;
pub mod message;
pub mod openai;
pub mod permit;
pub mod ports;
pub mod provider;
pub mod queue;
pub mod repeat;
pub mod replay;
pub mod replays;
pub mod request;
pub mod retention;
pub mod retry;
pub mod run;
pub mod status;
pub mod status_cache;
pub mod store;
pub mod submit;
pub mod sweep;
pub mod task;
pub mod transition;
pub mod usage;

#[cfg(feature = "cloudflare")]
pub mod cloudflare;
#[cfg(feature = "native")]
pub mod native;
