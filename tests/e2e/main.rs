//! End to end: both Workers as they ship, on the real runtime, with D1, KV and queues, asked over
//! HTTP, with a provider that misbehaves on request.
//!
//! Run by `cargo xtask test`, which installs the tools first.
#![expect(
    clippy::indexing_slicing,
    reason = "a test that meets another document than it expects fails"
)]

mod stages;

mod bad_input;
mod batches;
mod bindings;
mod cancelling;
mod chaos;
mod crashes;
mod deliveries;
mod deploying;
mod execute;
mod failures;
mod faults;
mod idempotency;
mod journey;
mod operating;
mod providers;
mod replaying;
mod retries;
mod sdks;
mod secrecy;
mod sessions;
mod settings;
mod tenancy;
mod waiting;
