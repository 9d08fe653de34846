//! The tools: which, at which version, why, and how they get into the checkout.
//!
//! Everything is installed below `.tools/` and `node_modules/` of the checkout; the only thing
//! outside it are the compiler's wasm32 targets, which belong to rustup. What is there already is
//! left alone: a stamp says which versions were installed, so a second run only reads it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{checkout, executor, process};

mod cargo;
mod node;
mod npm;
mod sdks;
mod stamp;

pub(crate) use cargo::CargoTool;
pub use node::Node;
pub(crate) use npm::hexadecimal;
pub use sdks::python as sdk_python;

/// Turns a Worker crate into a module and its Wasm. Equal to the `worker` crate's version.
pub(crate) const WORKER_BUILD: CargoTool = CargoTool {
    package: "worker-build",
    binary: "worker-build",
    version: "0.8.7",
    why: "builds the Workers",
    arguments: &["--locked"],
};

/// Generates the glue between Wasm and JavaScript. Equal to `wasm-bindgen` in `Cargo.lock`.
///
/// Not `--locked`: the lock file inside this release names a version of `webpki-roots` that was
/// yanked, so a locked installation fails.
pub(crate) const WASM_BINDGEN: CargoTool = CargoTool {
    package: "wasm-bindgen-cli",
    binary: "wasm-bindgen",
    version: "0.2.130",
    why: "joins the Wasm and its JavaScript",
    arguments: &[],
};

/// Checks licenses, bans and sources of the dependencies. Without its default features it needs
/// no TLS library.
pub(crate) const CARGO_DENY: CargoTool = CargoTool {
    package: "cargo-deny",
    binary: "cargo-deny",
    version: "0.20.2",
    why: "checks the dependencies' licenses and sources",
    arguments: &["--locked", "--no-default-features"],
};

/// Finds dependencies that nothing uses.
pub(crate) const CARGO_MACHETE: CargoTool = CargoTool {
    package: "cargo-machete",
    binary: "cargo-machete",
    version: "0.9.2",
    why: "finds unused dependencies",
    arguments: &["--locked"],
};

/// What Rust code is compiled for: the Workers, and the interpreters of the executor.
const WASM_TARGETS: [&str; 2] = ["wasm32-unknown-unknown", executor::TARGET];

/// Installs what building and running the Workers needs, as far as it is missing.
///
/// # Errors
/// Names the tool that is missing on the machine and where to get it, or the installation that
/// failed.
pub fn ensure() -> Result<()> {
    fs::create_dir_all(checkout::tools()).context("cannot make the folder .tools")?;
    WASM_TARGETS.into_iter().try_for_each(ensure_wasm_target)?;
    cargo::ensure(&[WORKER_BUILD, WASM_BINDGEN])?;
    let node = node::ensure()?;
    npm::ensure(&node)
}

/// Installs what only `cargo xtask check` needs.
pub(crate) fn ensure_checkers() -> Result<()> {
    cargo::ensure(&[CARGO_DENY, CARGO_MACHETE])
}

/// Installs OpenAI's SDKs, which only `cargo xtask test` needs.
pub(crate) fn ensure_sdks() -> Result<()> {
    sdks::ensure_node(&node()?)?;
    sdks::ensure_python()
}

/// The Node.js that runs `wrangler`: found, not installed.
///
/// # Errors
/// If there is none that is new enough; [`ensure`] installs one.
pub fn node() -> Result<Node> {
    node::find()?.context("no Node.js for wrangler yet: run `cargo xtask build` once")
}

/// The file of a command that an npm package installed.
pub(crate) fn npm_file(relative: &str) -> PathBuf {
    checkout::path("node_modules").join(relative)
}

fn ensure_wasm_target(target: &str) -> Result<()> {
    let mut list = Command::new("rustc");
    list.args(["--print", "target-libdir", "--target", target]);
    let folder = process::capture(list.current_dir(checkout::root()))
        .context("Rust is missing: install it with rustup, https://rustup.rs")?;
    if PathBuf::from(folder.trim()).is_dir() {
        return Ok(());
    }
    println!("installing the target {target}: the Workers run as Wasm (rustup)");
    let mut add = Command::new("rustup");
    add.args(["target", "add", target]);
    if present(Command::new("rustup").arg("--version")) {
        return process::run(add.current_dir(checkout::root()));
    }
    bail!(
        "rustup is missing: the Workers are compiled for {target}, which rustup adds. Install \
         it from https://rustup.rs, or add that target to your Rust by other means"
    )
}

/// Whether a command can be started at all.
fn present(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
