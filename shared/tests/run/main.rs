//! The consumer's use cases on the native store, with faults at every effect.
#![expect(
    clippy::expect_used,
    reason = "a test ends by panicking when its ground is not there"
)]

mod batches;
mod bench;
mod caching;
mod chains;
mod circuits;
mod compatible;
mod deliveries;
mod execute;
mod faults;
mod messages;
mod replaying;
mod retention;
mod settling;
mod storms;
mod usage;
