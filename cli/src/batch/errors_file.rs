use std::io::Write as _;

use serde::de::IgnoredAny;

use super::target::Target;
use crate::client::{Call, Client, Lines};
use crate::failure::Failure;

/// Writes the lines of a batch that did not succeed to a file, whole or not at all, and gives their
/// number. Into a device or a pipe they are written as they come.
///
/// # Errors
/// When the server refuses, the connection is lost again and again, or the disk does not take it.
pub(crate) async fn write_errors(
    client: &Client<'_>,
    batch: &str,
    target: &Target,
) -> Result<u64, Failure> {
    let mut tries = 0;
    loop {
        // Has tries of its own; those that are counted here are of answers that broke off.
        let mut lines = client.lines(&call(batch)).await?;
        let mut taken = 0_u64;
        let read = target
            .write(async |out| {
                let take = |line: &[u8]| {
                    taken += 1;
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
                // What is in a pipe cannot be taken back.
                if taken > 0 && target.file().is_none() {
                    return Err(failure);
                }
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
