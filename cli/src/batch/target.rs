//! Files that a command is about to write: looked at before anything is sent, and never destroyed.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::journal::folder_of;
use crate::failure::Failure;

/// Links to links that are followed, as Linux does.
const MOST_LINKS: usize = 40;

/// A place that can be written.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As the command line names it.
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// A regular file that is there or is to be made, with links followed: replaced as a whole.
    File(PathBuf),
    /// A device or a pipe: it stays what it is, and is written into.
    Stream,
}

impl Target {
    /// Looks at the place, and whether it can be written. Nothing of it is changed.
    ///
    /// # Errors
    /// When it is a folder, or cannot be written.
    pub(crate) fn find(path: &Path) -> Result<Self, Failure> {
        let refuse = |error| Failure::Usage(format!("cannot write {}: {error}", path.display()));
        let found = match fs::metadata(path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(refuse(error)),
        };
        if found.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(Failure::Usage(format!(
                "cannot write {}: it is a folder",
                path.display()
            )));
        }
        // What /dev/stdout names may be a regular file, which the shell holds open.
        let is_stream =
            is_open_already(path) || found.as_ref().is_some_and(|found| !found.is_file());
        let kind = if is_stream {
            // Who opens a pipe waits for its reader.
            if !found.as_ref().is_some_and(is_pipe) {
                open_stream(path).map_err(refuse)?;
            }
            Kind::Stream
        } else {
            let resolved = resolve(path);
            if found.is_some() {
                OpenOptions::new()
                    .write(true)
                    .open(&resolved)
                    .map_err(refuse)?;
            }
            beside(&resolved).map_err(refuse)?;
            Kind::File(resolved)
        };
        Ok(Self {
            path: path.to_owned(),
            kind,
        })
    }

    /// The path, as the command line names it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The regular file that is written; `None` of a device or a pipe.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.kind {
            Kind::File(path) => Some(path),
            Kind::Stream => None,
        }
    }

    /// Whether writing would destroy something.
    pub(crate) fn is_filled(&self) -> bool {
        self.file()
            .and_then(|path| fs::metadata(path).ok())
            .is_some_and(|found| found.len() > 0)
    }

    /// Has a file written beside its place, and moves it there when it is whole; a device or a pipe
    /// is written into.
    ///
    /// # Errors
    /// What `write` says, or when the disk does not take it.
    pub(crate) async fn write<T>(
        &self,
        write: impl AsyncFnOnce(&mut BufWriter<File>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let failed = || format!("cannot write {}", self.path.display());
        match &self.kind {
            Kind::File(path) => {
                let (file, place) = beside(path).with_context(failed)?.into_parts();
                if let Ok(found) = fs::metadata(path) {
                    file.set_permissions(found.permissions())
                        .with_context(failed)?;
                }
                let mut out = BufWriter::new(file);
                let written = write(&mut out).await?;
                out.flush()
                    .and_then(|()| out.get_ref().sync_data())
                    .with_context(failed)?;
                place.persist(path).with_context(failed)?;
                Ok(written)
            }
            Kind::Stream => {
                let path = self.path.clone();
                // A pipe without a reader must not keep Ctrl-C from being heard.
                let file = tokio::task::spawn_blocking(move || open_stream(&path))
                    .await
                    .with_context(failed)?
                    .with_context(failed)?;
                let mut out = BufWriter::new(file);
                let written = write(&mut out).await?;
                out.flush().map_err(Failure::of_output)?;
                Ok(written)
            }
        }
    }
}

/// A temporary file where `path` is to be.
fn beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".redrive-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any other file of this user's; the umask takes from it.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

/// Appends, because what the shell opened may hold something already.
fn open_stream(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().append(true).open(path)
}

/// Whether it names what this process has open. Regular files may lie in other parts of `/dev`.
fn is_open_already(path: &Path) -> bool {
    let names = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];
    cfg!(unix) && names.iter().any(|name| path.starts_with(name))
}

#[cfg(unix)]
fn is_pipe(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    found.file_type().is_fifo()
}

#[cfg(not(unix))]
const fn is_pipe(_: &fs::Metadata) -> bool {
    false
}

/// The file that a path leads to, whether or not it is there: links followed, and the folder by its
/// one name.
fn resolve(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(leads) = fs::read_link(&path) else {
            break;
        };
        path = folder_of(&path).join(leads);
    }
    if let Ok(whole) = fs::canonicalize(&path) {
        return whole;
    }
    match (fs::canonicalize(folder_of(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// Whether two paths lead to one file, however they are spelled.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    resolve(one) == resolve(other) || is_same_entry(one, other)
}

#[cfg(unix)]
fn is_same_entry(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
const fn is_same_entry(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn one_file_is_known_by_all_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("inner")).unwrap();
        fs::write(at("a"), "a").unwrap();
        fs::hard_link(at("a"), at("hard")).unwrap();
        symlink("a", at("soft")).unwrap();
        symlink("new", at("leads-to-new")).unwrap();
        for (one, other, same) in [
            ("a", "a", true),
            ("a", "inner/../a", true),
            ("a", "hard", true),
            ("soft", "hard", true),
            ("new", "./new", true),
            ("new", "leads-to-new", true),
            ("a", "new", false),
            ("new", "newer", false),
        ] {
            assert_eq!(is_same_file(&at(one), &at(other)), same, "{one} {other}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_found_before_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path(), &folder.path().join("nowhere/x")] {
            assert_eq!(Target::find(path).unwrap_err().exit_code(), 2);
        }
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 0, "nothing is left behind: {names:?}");
    }
}
