//! OpenAI's own SDKs, which the tests point at the local stack: the one for Python into
//! `.tools/python`, the one for Node into `tests/sdk/node_modules`. Their versions stand in
//! `tests/sdk/requirements.txt` and `tests/sdk/package-lock.json`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{Node, hexadecimal, present, stamp};
use crate::steps::with_heartbeat;
use crate::{checkout, process};

/// The oldest Python that the pinned packages run on.
const OLDEST_PYTHON: (u32, u32) = (3, 11);

/// The Python that has the SDK.
#[must_use]
pub fn python() -> PathBuf {
    folder().join("bin/python")
}

/// Installs the SDK for Python, unless the versions are those that were installed last.
///
/// # Errors
/// Says what is missing on the machine and where to get it, or what the installation said.
pub(super) fn ensure_python() -> Result<()> {
    let list = checkout::path("tests/sdk/requirements.txt");
    let text = fs::read(&list).context("no tests/sdk/requirements.txt")?;
    let version = hexadecimal(&Sha256::digest(&text));
    if stamp::has("python-sdk", &version) && python().is_file() {
        return Ok(());
    }
    check_python()?;
    println!("installing OpenAI's SDK for Python into .tools/python: the tests use it (pip)");
    if folder().exists() {
        fs::remove_dir_all(folder()).context("cannot remove .tools/python")?;
    }
    let mut install = pip()?;
    install
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
        ])
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(&list);
    with_heartbeat("pip install", || process::run_quietly(&mut install))
        .context("cannot install OpenAI's SDK for Python")?;
    stamp::set("python-sdk", &version)
}

/// Installs the SDK for Node, unless the lock file is the one that was installed last.
///
/// # Errors
/// What the installation said.
pub(super) fn ensure_node(node: &Node) -> Result<()> {
    let folder = checkout::path("tests/sdk");
    let lock = fs::read(folder.join("package-lock.json")).context("no tests/sdk lock file")?;
    let version = hexadecimal(&Sha256::digest(&lock));
    if stamp::has("node-sdk", &version) && folder.join("node_modules/openai").is_dir() {
        return Ok(());
    }
    println!("installing OpenAI's SDK for Node into tests/sdk: the tests use it (npm ci)");
    let mut install = Command::new("npm");
    install
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&folder);
    node.first_in_path(&mut install);
    with_heartbeat("npm ci", || process::run_quietly(&mut install))
        .context("cannot install OpenAI's SDK for Node")?;
    stamp::set("node-sdk", &version)
}

/// Makes an environment of its own, and gives the command that installs into it. Debian's Python
/// cannot put pip into an environment unless `python3-venv` is there; then the machine's own pip
/// installs into it from outside.
fn pip() -> Result<Command> {
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(folder());
    if present(&mut make) {
        let mut pip = Command::new(python());
        pip.args(["-m", "pip"]);
        return Ok(pip);
    }
    let mut bare = Command::new("python3");
    bare.args(["-m", "venv", "--clear", "--without-pip"])
        .arg(folder());
    if present(&mut bare) && present(Command::new("python3").args(["-m", "pip", "--version"])) {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--python"]).arg(python());
        return Ok(pip);
    }
    bail!(
        "python3 can make no environment: the tests run OpenAI's SDK for Python in one. Install \
         its packages `venv` and `pip` (on Debian and Ubuntu: apt install python3-venv)"
    )
}

fn check_python() -> Result<()> {
    let (major, minor) = OLDEST_PYTHON;
    let Ok(output) = Command::new("python3").arg("--version").output() else {
        bail!(
            "python3 is missing: the tests run OpenAI's SDK for Python. Install Python \
             {major}.{minor} or newer, with `venv`, from https://www.python.org or your system's \
             packages (on Debian and Ubuntu: apt install python3-venv)"
        );
    };
    let told = String::from_utf8_lossy(&output.stdout);
    if parse(&told).is_none_or(|version| version < OLDEST_PYTHON) {
        bail!(
            "python3 is {}: OpenAI's SDK for Python, as the tests pin it, needs Python \
             {major}.{minor} or newer",
            told.trim()
        );
    }
    Ok(())
}

/// `Python 3.11.7` → `(3, 11)`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix("Python ")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some((major, minor))
}

fn folder() -> PathBuf {
    checkout::tools().join("python")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(parse("Python 3.11.7\n").unwrap() >= OLDEST_PYTHON);
        assert!(parse("Python 3.9.18").unwrap() < OLDEST_PYTHON);
        assert!(parse("Python 3.14.0rc1").unwrap() >= OLDEST_PYTHON);
        assert_eq!(parse("3.12.1"), None);
    }
}
