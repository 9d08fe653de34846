//! What the end-to-end tests are built from.

pub mod conformance;
pub mod simulator;
