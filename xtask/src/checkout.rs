//! Where things stand in the checkout.

use std::path::{Path, PathBuf};

/// The folder of the workspace: where `Cargo.toml`, `wrangler.toml` and `package.json` are.
#[must_use]
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// A path given relative to the workspace's folder.
#[must_use]
pub fn path(relative: &str) -> PathBuf {
    root().join(relative)
}

/// Where the tools of this checkout are installed.
pub(crate) fn tools() -> PathBuf {
    path(".tools")
}

/// The path as a person would write it: relative to the checkout where it is inside.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
