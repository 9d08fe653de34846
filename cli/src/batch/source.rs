use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use redrive_shared::file::FILE_BYTES;
use redrive_shared::hex::hex;
use redrive_shared::ids::BATCH_JOBS;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::console::grouped;
use crate::failure::Failure;

/// Bytes of the file that are in memory at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// A file of requests, by its content: what is submitted under one name must stay the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// SHA-256 in hexadecimal.
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    /// Lines with something in them; not part of the journal.
    #[serde(skip)]
    pub(crate) lines: u64,
}

impl Source {
    /// Reads the file once, from begin to end.
    ///
    /// # Errors
    /// When it cannot be read, or not a second time.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let refuse = |error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
        if path == Path::new("-") {
            return Err(not_twice("standard input"));
        }
        // Before it is opened: who opens a pipe waits for its writer.
        if !fs::metadata(path).map_err(refuse)?.is_file() {
            return Err(not_twice(&path.display().to_string()));
        }
        let mut file = File::open(path).map_err(refuse)?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut bytes = 0_u64;
        let mut lines = LineCount::default();
        loop {
            let read = file.read(&mut chunk).map_err(refuse)?;
            let Some(part) = chunk.get(..read).filter(|part| !part.is_empty()) else {
                break;
            };
            hash.update(part);
            lines.add(part);
            bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        }
        Ok(Self {
            path: path.to_owned(),
            sha256: hex(&hash.finalize()),
            bytes,
            lines: lines.end(),
        })
    }

    /// Refuses what no batch may be, before anything is sent: a server that says so while a long
    /// file is still under way may not be heard.
    ///
    /// # Errors
    /// When there are too many bytes or lines.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let too = |what: &str, has: u64, most: u64| {
            let (path, has, most) = (self.path.display(), grouped(has), grouped(most));
            let text = format!("{path} has {has} {what}, and a batch at most {most}: split it");
            Err(Failure::Usage(text))
        };
        let most_lines = u64::from(BATCH_JOBS);
        if self.bytes > FILE_BYTES {
            too("bytes", self.bytes, FILE_BYTES)
        } else if self.lines > most_lines {
            too("lines", self.lines, most_lines)
        } else {
            Ok(())
        }
    }

    /// Whether it holds the same as another one, wherever both lie.
    pub(crate) fn is_same_content(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.bytes == other.bytes
    }
}

/// A pipe is gone once it is read.
fn not_twice(what: &str) -> Failure {
    Failure::Usage(format!(
        "{what} is no file: a batch is read when it is begun and again whenever it is sent"
    ))
}

/// Counts lines that are not blank, part by part.
#[derive(Default)]
struct LineCount {
    lines: u64,
    /// Whether the line that is not at its end yet has something in it.
    is_filled: bool,
}

impl LineCount {
    fn add(&mut self, part: &[u8]) {
        for byte in part {
            if *byte == b'\n' {
                self.lines += u64::from(self.is_filled);
                self.is_filled = false;
            } else if !byte.is_ascii_whitespace() {
                self.is_filled = true;
            }
        }
    }

    fn end(self) -> u64 {
        self.lines + u64::from(self.is_filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_and_not_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            Source::read(&path).unwrap()
        };
        let (a, b, c) = (write("a", "abc"), write("b", "abc"), write("c", "abd"));
        assert_eq!(
            a.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(a.bytes, 3);
        assert!(a.is_same_content(&b) && !a.is_same_content(&c));
    }

    #[test]
    fn blank_lines_are_not_counted_wherever_a_part_ends() {
        let mut lines = LineCount::default();
        for part in ["{}\n\n", " \r\n{", "}", "\n", "{}"] {
            lines.add(part.as_bytes());
        }
        assert_eq!(lines.end(), 3);
    }

    #[test]
    fn a_file_with_too_many_lines_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.jsonl");
        std::fs::write(&path, "{}\n".repeat(50_000)).unwrap();
        Source::read(&path).unwrap().check().unwrap();
        std::fs::write(&path, "{}\n".repeat(50_001)).unwrap();
        let failure = Source::read(&path).unwrap().check().unwrap_err();
        assert!(failure.to_string().contains("50,001 lines"), "{failure}");
    }

    #[test]
    fn a_file_that_is_not_there_is_a_mistake_of_the_command_line() {
        let failure = Source::read(Path::new("/nowhere/in.jsonl")).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
    }
}
