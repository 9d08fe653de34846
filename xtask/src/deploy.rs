//! `cargo xtask deploy`.

use anyhow::Result;
use clap::ValueEnum;

/// Where to deploy to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// Staging.
    Staging,
    /// Production.
    Production,
}

/// Deploys.
///
/// # Errors
/// None.
pub fn run(_environment: Environment, _dry_run: bool) -> Result<()> {
    Ok(())
}
