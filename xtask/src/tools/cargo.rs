//! Commands that `cargo install` builds, into `.tools/bin`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::stamp;
use crate::steps::{seconds, with_heartbeat};
use crate::{checkout, process};

/// A command from the package registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CargoTool {
    pub(super) package: &'static str,
    pub(super) binary: &'static str,
    /// The exact version.
    pub(crate) version: &'static str,
    pub(super) why: &'static str,
    /// What `cargo install` needs beyond name and version.
    pub(super) arguments: &'static [&'static str],
}

impl CargoTool {
    /// The command's file.
    pub(crate) fn path(&self) -> PathBuf {
        checkout::tools().join("bin").join(self.binary)
    }

    fn is_there(&self) -> bool {
        stamp::has(self.package, self.version) && self.path().is_file()
    }

    fn install(&self) -> Result<()> {
        println!(
            "installing {} {} into .tools: it {} (cargo install, one to three minutes)",
            self.package, self.version, self.why
        );
        let start = Instant::now();
        let mut install = Command::new("cargo");
        install
            .args(["install", "--quiet", "--force", "--root"])
            .arg(checkout::tools())
            .args(["--version", self.version])
            .args(self.arguments)
            .arg(self.package)
            .current_dir(checkout::root())
            // A tool that runs for half a second need not be optimized for minutes: without, it
            // runs for a quarter of a second longer and builds in half the time.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
            .env("CARGO_PROFILE_RELEASE_STRIP", "true")
            .env("CARGO_TARGET_DIR", target());
        with_heartbeat(self.package, || process::run(&mut install))
            .with_context(|| format!("cannot install {} {}", self.package, self.version))?;
        stamp::set(self.package, self.version)?;
        println!("installed {} in {}", self.package, seconds(start.elapsed()));
        Ok(())
    }
}

/// Installs those that are missing. They share one target folder, which is removed at the end.
pub(super) fn ensure(tools: &[CargoTool]) -> Result<()> {
    let missing: Vec<_> = tools.iter().filter(|tool| !tool.is_there()).collect();
    for tool in &missing {
        tool.install()?;
    }
    if !missing.is_empty() && target().exists() {
        fs::remove_dir_all(target()).context("cannot remove .tools/target")?;
    }
    Ok(())
}

fn target() -> PathBuf {
    checkout::tools().join("target")
}
