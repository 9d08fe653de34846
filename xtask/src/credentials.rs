//! The secrets of a local stack: made once for each state folder, readable by their owner only.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::tools;

const FILE: &str = "secrets.json";

/// What the Workers of one stack are told to keep to themselves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credentials {
    /// `ADMIN_KEY`: 48 characters.
    pub(crate) admin_key: String,
    /// `KEY_HASH_SECRET`: 48 characters. Keys made under another one are worth nothing.
    pub(crate) key_hash_secret: String,
}

impl Credentials {
    /// Those of this state folder, made now if it has none.
    pub(crate) fn of(state: &Path) -> Result<Self> {
        let file = state.join(FILE);
        if let Ok(text) = fs::read_to_string(&file) {
            return serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged; delete it", file.display()));
        }
        let made = Self {
            admin_key: random()?,
            key_hash_secret: random()?,
        };
        write_private(&file, &serde_json::to_string_pretty(&made)?)?;
        Ok(made)
    }
}

/// Writes a file that nobody but its owner can read.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    let context = || format!("cannot write {}", file.display());
    // An existing file would keep its own, perhaps wider, mode.
    if file.exists() {
        fs::remove_file(file).with_context(context)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .with_context(context)
}

/// 192 bits from the operating system, as 48 hexadecimal digits.
fn random() -> Result<String> {
    let mut bytes = [0_u8; 24];
    getrandom::getrandom(&mut bytes)
        .map_err(|error| anyhow!("the operating system gives no random bytes: {error}"))?;
    Ok(tools::hexadecimal(&bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn credentials_stay_the_same_for_a_state_folder_and_are_private() {
        let state = tempfile::tempdir().unwrap();
        let made = Credentials::of(state.path()).unwrap();
        let read = Credentials::of(state.path()).unwrap();
        assert_eq!(made.admin_key, read.admin_key);
        assert_eq!(made.admin_key.len(), 48);
        assert_ne!(made.admin_key, made.key_hash_secret);
        let permissions = fs::metadata(state.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(permissions & 0o777, 0o600);
    }
}
