//! The command as its users meet it: a process of its own, against a server that keeps state.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod batch_run;
mod command;
mod doctor;
mod help;
mod lists;
mod operators;
mod refusals;
mod server;
mod submit;
