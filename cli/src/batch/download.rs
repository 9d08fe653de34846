//! The output of a run and its journal, always in step.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Watch};

use anyhow::Context as _;

use super::journal::{Journal, Subject};
use super::target::Target;
use crate::entropy::{new_idempotency_key, now};
use crate::failure::Failure;

/// Results that a crash makes us read again, at most: those of so long a time.
const BETWEEN_SAVES: Duration = Duration::from_secs(2);

/// A run that is under way.
#[derive(Debug)]
pub(super) struct Download {
    file: BufWriter<File>,
    output: PathBuf,
    place: PathBuf,
    journal: Journal,
    saved: Watch,
    /// Whether the journal on the disk is behind.
    is_ahead: bool,
    /// Whether the server may have taken the file without our knowing: an earlier run sent it, or an
    /// answer to this one was lost.
    is_doubtful: bool,
}

impl Download {
    /// Begins a run, or goes on with the one that its journal tells of. From then on nobody else can
    /// work on the same output, and the journal is on the disk.
    ///
    /// # Errors
    /// When the output belongs to something else, or cannot be written.
    pub(super) fn open(output: &Path, subject: Subject) -> Result<Self, Failure> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(output)
            .map_err(|error| {
                Failure::Usage(format!("cannot write {}: {error}", output.display()))
            })?;
        lock(&file, output)?;
        let place = Journal::place(output);
        let length = file.metadata().context("cannot read the output")?.len();
        let loaded = Journal::load(&place)?;
        let is_doubtful = loaded.is_some();
        let journal = if let Some(journal) = loaded {
            resume(journal, &subject, &place, length)?
        } else {
            refuse_filled(output, length)?;
            Journal::new(subject, new_idempotency_key(), now())
        };
        file.set_len(journal.written_bytes)
            .and_then(|()| file.seek(SeekFrom::Start(journal.written_bytes)))
            .context("cannot write the output")?;
        journal.save(&place)?;
        Ok(Self {
            file: BufWriter::new(file),
            output: output.to_owned(),
            place,
            journal,
            saved: Watch::now(),
            is_ahead: false,
            is_doubtful,
        })
    }

    pub(super) const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Remembers the batch that was submitted.
    pub(super) fn submitted(&mut self, batch: String) -> Result<(), Failure> {
        self.journal.batch_id = Some(batch);
        self.journal.save(&self.place)
    }

    /// Remembers that the run writes this file of errors, which nobody else may have begun.
    pub(super) fn own(&mut self, errors: &Target) -> Result<(), Failure> {
        if errors.is_filled() && !self.journal.owns(errors) {
            return Err(Failure::Failed(format!(
                "{} was written by somebody else meanwhile: remove it, or name another file with \
                 --errors",
                errors.path().display()
            )));
        }
        self.journal.own(errors);
        self.journal.save(&self.place)
    }

    /// Notes that the server may have taken the file, although there was no answer that says so.
    pub(super) const fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// Whether the server surely has no batch of this run.
    pub(super) const fn is_surely_unknown(&self) -> bool {
        !self.is_doubtful && self.journal.batch_id.is_none()
    }

    /// Adds a result, as it came.
    pub(super) fn append(&mut self, line: &[u8], cursor: &str) -> Result<(), Failure> {
        self.file
            .write_all(line)
            .and_then(|()| self.file.write_all(b"\n"))
            .with_context(|| format!("cannot write {}", self.output.display()))?;
        let bytes = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let journal = &mut self.journal;
        journal.written_bytes = journal
            .written_bytes
            .saturating_add(bytes)
            .saturating_add(1);
        journal.written_lines += 1;
        cursor.clone_into(journal.cursor.get_or_insert_default());
        self.is_ahead = true;
        if self.saved.elapsed() >= BETWEEN_SAVES {
            self.save()?;
        }
        Ok(())
    }

    /// Brings the results to the disk, and then the journal that counts them.
    pub(super) fn save(&mut self) -> Result<(), Failure> {
        if self.is_ahead {
            self.file
                .flush()
                .and_then(|()| self.file.get_ref().sync_data())
                .with_context(|| format!("cannot write {}", self.output.display()))?;
            self.journal.save(&self.place)?;
            self.is_ahead = false;
        }
        self.saved = Watch::now();
        Ok(())
    }

    /// Ends the run: everything is there, and the journal is no longer needed.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.save()?;
        fs::remove_file(&self.place)
            .with_context(|| format!("cannot remove {}", self.place.display()))?;
        Ok(())
    }

    /// Gives the run up before the server took anything: neither journal nor output stays.
    pub(super) fn abandon(self) {
        // What cannot be removed does no harm: the journal's name was never taken.
        drop(fs::remove_file(&self.place));
        if self.journal.written_bytes == 0 {
            drop(fs::remove_file(&self.output));
        }
    }
}

/// Refuses an output of this length that has no journal.
pub(super) fn refuse_filled(output: &Path, length: u64) -> Result<(), Failure> {
    if length == 0 {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{} holds something already, and no journal says that it is the beginning of these results: \
         name another output, or remove it",
        output.display()
    )))
}

/// Two runs on one output would write over each other.
fn lock(file: &File, output: &Path) -> Result<(), Failure> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Failure::Usage(format!(
            "another run is at work on {}",
            output.display()
        ))),
        // A file system that knows no locks leaves it to its users.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn resume(
    mut journal: Journal,
    subject: &Subject,
    place: &Path,
    length: u64,
) -> Result<Journal, Failure> {
    if let Some(objection) = journal.objection(subject, now()) {
        return Err(Failure::Usage(format!(
            "the journal {} cannot be gone on with: {objection}. Name another output, or remove the \
             journal if its batch no longer matters",
            place.display()
        )));
    }
    // The same content, perhaps at another place.
    journal.subject.input = subject.input.clone();
    if length < journal.written_bytes {
        // Somebody shortened the output. The results are still at the server: read all again.
        journal.cursor = None;
        journal.written_bytes = 0;
        journal.written_lines = 0;
    }
    Ok(journal)
}

#[cfg(test)]
mod tests;
