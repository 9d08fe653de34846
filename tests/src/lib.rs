//! What the end-to-end tests are built from.

pub mod bench;
pub mod chaos;
pub mod client;
pub mod conformance;
pub mod http_database;
pub mod poll;
pub mod raw_http;
pub mod scale;
pub mod sessions;
pub mod sim;
pub mod simulator;
pub mod stage;
pub mod terminal;
