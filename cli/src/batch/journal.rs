//! What a run has done so far, beside its output: enough to go on after a crash at any moment.
//!
//! It is written before the batch is submitted, with the name of that request, so that whoever comes
//! later sends the same request and not another one; and it is written after the results it counts
//! are on the disk, so that it never promises what is not there. Each time it is replaced as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use redrive_shared::clock::Instant;
use serde::{Deserialize, Serialize};

use super::source::Source;
use super::target::Target;
use crate::failure::Failure;

/// The format this version writes. A file of another one is refused, and not guessed at.
pub(super) const VERSION: u32 = 1;
/// The server knows the name of a request for 24 hours; an hour is left for clocks and waiting.
const NAME_IS_KNOWN_MS: i64 = 23 * 3600 * 1000;

/// What a run is about. A run that goes on must be about the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subject {
    /// The server.
    pub(super) url: String,
    /// Whose key it was, where the server tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant_id: Option<String>,
    pub(super) input: Source,
    /// What the lines have in common, by the names of the API.
    pub(super) parameters: BTreeMap<String, String>,
}

/// The journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Journal {
    version: u32,
    #[serde(flatten)]
    pub(super) subject: Subject,
    /// The name of the request that submits.
    pub(super) idempotency_key: String,
    /// When that name was made.
    pub(super) created_at: String,
    /// The batch, once the server has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) batch_id: Option<String>,
    /// The cursor of the last result that is in the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<String>,
    /// Bytes of the output that are whole results.
    #[serde(default)]
    pub(super) written_bytes: u64,
    /// Results in the output.
    #[serde(default)]
    pub(super) written_lines: u64,
    /// The file of lines that did not succeed, once it is about to be written: what is in it then is
    /// this run's.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<PathBuf>,
}

impl Journal {
    /// The journal of a run that begins now.
    pub(super) fn new(subject: Subject, idempotency_key: String, now: Instant) -> Self {
        Self {
            version: VERSION,
            subject,
            idempotency_key,
            created_at: now.to_rfc3339(),
            batch_id: None,
            cursor: None,
            written_bytes: 0,
            written_lines: 0,
            errors: None,
        }
    }

    /// Notes that the run is about to write this file.
    pub(super) fn own(&mut self, errors: &Target) {
        self.errors = errors.file().map(Path::to_owned);
    }

    /// Whether the run wrote this file.
    pub(super) fn owns(&self, errors: &Target) -> bool {
        self.errors.is_some() && self.errors.as_deref() == errors.file()
    }

    /// Where the journal of an output lies.
    pub(super) fn place(output: &Path) -> PathBuf {
        let mut name = output.as_os_str().to_owned();
        name.push(".redrive");
        PathBuf::from(name)
    }

    /// Reads a journal, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or is of another version.
    pub(super) fn load(place: &Path) -> Result<Option<Self>, Failure> {
        let text = match fs::read(place) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let text = format!("cannot read the journal {}: {error}", place.display());
                return Err(Failure::Usage(text));
            }
        };
        let journal: Self = serde_json::from_slice(&text).map_err(|error| {
            Failure::Usage(format!(
                "{} is no journal, or a damaged one ({error}): if it is one, find its batch by \
                 `redrive batch ls` and fetch it by `redrive batch results`; then name another \
                 output, or remove the output and this file",
                place.display()
            ))
        })?;
        if journal.version == VERSION {
            Ok(Some(journal))
        } else {
            Err(Failure::Usage(format!(
                "{} was written by another version of this command",
                place.display()
            )))
        }
    }

    /// Writes the journal: it is there as a whole, on the disk, or the one before still is.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(super) fn save(&self, place: &Path) -> Result<(), Failure> {
        let folder = folder_of(place);
        let write = || -> anyhow::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(place)?;
            sync_folder(folder);
            Ok(())
        };
        write()
            .with_context(|| format!("cannot write the journal {}", place.display()))
            .map_err(Failure::Local)
    }

    /// Why a run about `subject` cannot go on with this journal; `None` when it can.
    pub(super) fn objection(&self, subject: &Subject, now: Instant) -> Option<String> {
        let own = &self.subject;
        if !own.input.is_same_content(&subject.input) {
            return Some(format!(
                "it belongs to another input: {} with {} bytes, SHA-256 {}",
                own.input.path.display(),
                own.input.bytes,
                own.input.sha256
            ));
        }
        if own.url != subject.url {
            return Some(format!("it belongs to another server, {}", own.url));
        }
        if let (Some(own), Some(other)) = (&own.tenant_id, &subject.tenant_id)
            && own != other
        {
            return Some(format!("it belongs to a key of another tenant, {own}"));
        }
        if own.parameters != subject.parameters {
            let options: Vec<String> = own
                .parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            return Some(format!(
                "it belongs to a run with other options: {}",
                if options.is_empty() {
                    "none".to_owned()
                } else {
                    options.join(" ")
                }
            ));
        }
        let age = Instant::parse_rfc3339(&self.created_at).map(|then| now.millis_since(then));
        let is_known = age.is_some_and(|age| age < NAME_IS_KNOWN_MS);
        (self.batch_id.is_none() && !is_known).then(|| {
            format!(
                "it was begun at {} and does not know whether its batch was submitted, and the \
                 server no longer knows either: see `redrive batch ls`",
                self.created_at
            )
        })
    }
}

/// The folder of a file.
pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Sees that a new name in a folder outlives a loss of power. Not every system can.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        drop(folder.sync_all());
    }
}

#[cfg(test)]
mod tests;
