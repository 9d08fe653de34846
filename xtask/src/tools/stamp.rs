//! What was installed, written next to it: `.tools/installed.json`, a name and a version each.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::checkout;

/// Whether this version was installed to the end.
pub(super) fn has(name: &str, version: &str) -> bool {
    read().get(name).is_some_and(|there| there == version)
}

/// Notes that this version is installed.
pub(super) fn set(name: &str, version: &str) -> Result<()> {
    let mut installed = read();
    installed.insert(name.to_owned(), version.to_owned());
    let text = serde_json::to_string_pretty(&installed)?;
    fs::write(file(), text).with_context(|| format!("cannot write {}", file().display()))
}

/// Nothing readable is nothing installed: installing again is safe.
fn read() -> BTreeMap<String, String> {
    fs::read_to_string(file())
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

fn file() -> PathBuf {
    checkout::tools().join("installed.json")
}
