use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;

/// The configuration file, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigurationFile {
    /// The profile of commands that name none.
    pub(super) default_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
    /// Where it was read.
    #[serde(skip)]
    path: PathBuf,
}

/// A server, and the key to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) url: Option<String>,
    pub(super) key: Option<String>,
}

impl ConfigurationFile {
    /// Reads the file, and warns when others can read its keys.
    pub(super) fn read(path: &Path) -> Result<(Self, Vec<String>), Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))?;
        let mut file: Self = toml::from_str(&text).map_err(|error| {
            // The whole error quotes the line, and the line may hold a key.
            let place = error.span().map_or(0, |span| span.start);
            let line = text
                .bytes()
                .take(place)
                .filter(|byte| *byte == b'\n')
                .count()
                + 1;
            Failure::Usage(format!(
                "{}, line {line}: {}",
                path.display(),
                error.message()
            ))
        })?;
        path.clone_into(&mut file.path);
        let holds_key = file.profiles.values().any(|profile| profile.key.is_some());
        let warning = (holds_key && is_read_by_others(path)).then(|| {
            let path = path.display();
            format!("{path} holds keys, and others can read it: chmod 600 {path}")
        });
        Ok((file, warning.into_iter().collect()))
    }

    /// The profile of this name.
    pub(super) fn profile(&self, name: &str) -> Result<(String, Profile), Failure> {
        let profile = self.profiles.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            let known = if known.is_empty() {
                "there is none".to_owned()
            } else {
                format!("there are: {}", known.join(", "))
            };
            let place = if self.path.as_os_str().is_empty() {
                "there is no configuration file".to_owned()
            } else {
                format!("{} has no such profile; {known}", self.path.display())
            };
            Failure::Usage(format!("no profile {name}: {place}"))
        })?;
        Ok((name.to_owned(), profile))
    }
}

#[cfg(unix)]
fn is_read_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
const fn is_read_by_others(_: &Path) -> bool {
    false
}
