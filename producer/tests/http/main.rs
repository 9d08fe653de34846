//! The API over HTTP, on the native store, queue and cache. Every answer that any of these tests
//! gets is also held against the description of the API.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected fails; the allowances of clippy.toml end at its helpers"
)]

mod access;
mod admin;
mod audit;
mod bad_input;
mod batches;
mod cancelling;
mod circuits;
mod contract;
mod dead_letters;
mod execute;
mod health;
mod idempotency;
mod listing;
mod openai;
mod providers;
mod purging;
mod replaying;
mod replaying_once;
mod replays;
mod status;
mod submission;
mod support;
mod tenancy;
mod tenants;
mod usage;
