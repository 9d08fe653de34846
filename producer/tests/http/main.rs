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
mod bad_input;
mod cancelling;
mod contract;
mod health;
mod listing;
mod status;
mod submission;
mod support;
mod tenancy;
