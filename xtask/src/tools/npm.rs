//! The npm packages: exactly what `package-lock.json` names, into `node_modules`.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{Node, npm_file, present, stamp};
use crate::steps::{seconds, with_heartbeat};
use crate::{checkout, process};

/// Runs `npm ci` unless the lock file is the one that was installed last.
pub(super) fn ensure(node: &Node) -> Result<()> {
    let lock = fs::read(checkout::path("package-lock.json")).context("no package-lock.json")?;
    let version = hexadecimal(&Sha256::digest(&lock));
    if stamp::has("package-lock.json", &version) && npm_file(".package-lock.json").is_file() {
        return Ok(());
    }
    if !present(Command::new("npm").arg("--version")) {
        bail!(
            "npm is missing: it installs wrangler, which runs the Workers. It comes with Node.js, \
             https://nodejs.org"
        );
    }
    println!(
        "installing wrangler, esbuild, binaryen and swagger-ui-dist into node_modules: they run \
         the Workers, bundle and shrink their Wasm, and show /docs (npm ci)"
    );
    let start = Instant::now();
    let mut install = Command::new("npm");
    install
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(checkout::root());
    node.first_in_path(&mut install);
    with_heartbeat("npm ci", || process::run_quietly(&mut install))
        .context("cannot install the npm packages")?;
    stamp::set("package-lock.json", &version)?;
    println!("installed the npm packages in {}", seconds(start.elapsed()));
    Ok(())
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        _ = write!(digits, "{byte:02x}");
        digits
    })
}
