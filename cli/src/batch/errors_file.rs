use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde::de::IgnoredAny;

use super::journal::folder_of;
use crate::client::{Call, Client, Lines};
use crate::failure::Failure;

/// Writes the lines of a batch that did not succeed to a file, whole or not at all, and gives their
/// number.
///
/// # Errors
/// When the server refuses, the connection is lost again and again, or the disk does not take it.
pub(crate) async fn write_errors(
    client: &Client<'_>,
    batch: &str,
    path: &Path,
) -> Result<u64, Failure> {
    let mut tries = 0;
    loop {
        // Has tries of its own; those that are counted here are of answers that broke off.
        let mut lines = client.lines(&call(batch)).await?;
        let read = write_whole(path, async |out| {
            let take = |line: &[u8]| {
                out.write_all(line)
                    .and_then(|()| out.write_all(b"\n"))
                    .map_err(Failure::of_output)
            };
            take_lines(&mut lines, take).await
        })
        .await;
        match read {
            Ok(lines) => return Ok(lines),
            // There is no cursor here: begun again from the first line.
            Err(failure) => {
                tries += 1;
                client.pause(failure, tries).await?;
            }
        }
    }
}

/// Reads the lines of a batch that did not succeed, hands each to `take`, and gives their number.
///
/// # Errors
/// When the server refuses, the connection is lost, or `take` fails.
pub(crate) async fn read_errors(
    client: &Client<'_>,
    batch: &str,
    take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut lines = client.lines(&call(batch)).await?;
    take_lines(&mut lines, take).await
}

fn call(batch: &str) -> Call {
    Call::get(["batches", batch, "errors"])
}

async fn take_lines(
    lines: &mut Lines,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut taken = 0;
    while let Some(line) = lines.next().await? {
        if line.is_empty() {
            continue;
        }
        serde_json::from_slice::<IgnoredAny>(line).map_err(|error| {
            Failure::Unreachable(format!(
                "the answer broke off: a line is not whole ({error})"
            ))
        })?;
        take(line)?;
        taken += 1;
    }
    Ok(taken)
}

/// Has a file written beside its place, and moves it there when it is whole.
///
/// # Errors
/// What `write` says, or when the disk does not take it.
pub(crate) async fn write_whole<T>(
    path: &Path,
    write: impl AsyncFnOnce(&mut BufWriter<File>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let failed = || format!("cannot write {}", path.display());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".redrive-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any other file of this user's; the umask takes from it.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let file = builder
        .tempfile_in(folder_of(path))
        .map_err(|error| Failure::Usage(format!("{}: {error}", failed())))?;
    let (file, place) = file.into_parts();
    let mut out = BufWriter::new(file);
    let written = write(&mut out).await?;
    out.flush()
        .and_then(|()| out.get_ref().sync_data())
        .with_context(failed)?;
    place.persist(path).with_context(failed)?;
    Ok(written)
}
