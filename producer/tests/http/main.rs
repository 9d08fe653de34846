//! The API over HTTP, on the native store, queue and cache. Every answer that any of these tests
//! gets is also held against the description of the API.

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
