//! `cargo xtask …`: the one place that knows tools, their versions, and how to call them.
//!
//! - [`tools`] installs what is missing, at pinned versions, into the checkout.
//! - [`build`] turns the Worker crates into what `wrangler` serves.
//! - [`stack`] starts one isolated local stack: both Workers on the real runtime, with a state
//!   folder of its own. The end-to-end tests use it as `cargo xtask dev` does.
//! - [`faults`] makes the bindings of such a stack fail.
//! - [`providers`] reads `providers.toml` and hands it over to the Workers.
//! - [`dev`], [`demo`], [`check`], [`mod@test`], [`mod@bench`], [`chaos`], [`sim`] and [`deploy`] are the
//!   commands.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to its user on the terminal"
)]

pub mod bench;
pub mod build;
pub mod chaos;
pub mod check;
pub mod checkout;
pub mod demo;
pub mod deploy;
pub mod dev;
pub mod executor;
pub mod faults;
pub mod process;
pub mod provider;
pub mod providers;
pub mod sim;
pub mod stack;
pub mod steps;
pub mod test;
pub mod tools;

mod access;
mod credentials;
mod http;
mod log;
mod settings;
mod wrangler;
