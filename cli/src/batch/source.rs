use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use redrive_shared::hex::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

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
}

impl Source {
    /// Reads the file once, from begin to end.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let refuse = |error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
        let mut file = File::open(path).map_err(refuse)?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut bytes = 0_u64;
        loop {
            let read = file.read(&mut chunk).map_err(refuse)?;
            let Some(part) = chunk.get(..read).filter(|part| !part.is_empty()) else {
                break;
            };
            hash.update(part);
            bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        }
        Ok(Self {
            path: path.to_owned(),
            sha256: hex(&hash.finalize()),
            bytes,
        })
    }

    /// Whether it holds the same as another one, wherever both lie.
    pub(crate) fn is_same_content(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.bytes == other.bytes
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
    fn a_file_that_is_not_there_is_a_mistake_of_the_command_line() {
        let failure = Source::read(Path::new("/nowhere/in.jsonl")).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
    }
}
