use serde::Deserialize;

use crate::client::{Call, Client, Lines};
use crate::failure::Failure;

/// Results that are asked for at a time.
const PAGE_LINES: u64 = 1000;

/// Which results of a batch, from where on.
#[derive(Clone, Debug)]
pub(crate) struct Reading<'r> {
    pub(crate) batch: &'r str,
    /// `line` or `completion`.
    pub(crate) order: &'r str,
    /// The cursor of the last result that was read.
    pub(crate) cursor: Option<String>,
}

/// What is read of a result; the rest is handed on as it came.
#[derive(Deserialize)]
struct ResultLine {
    cursor: String,
}

/// Reads every result that is there now, and hands it to `take` with its cursor. A connection that
/// is lost is made again after the last result that came, so that each is taken once.
///
/// Gives the number of results.
///
/// # Errors
/// When the server refuses, when no result came in all tries, or when `take` fails.
pub(crate) async fn read_results(
    client: &Client<'_>,
    reading: &mut Reading<'_>,
    mut take: impl FnMut(&[u8], &str) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut read = 0;
    let mut tries = 0;
    loop {
        let call = Call::get(["batches", reading.batch, "results"])
            .query("order", Some(reading.order))
            .query("limit", Some(PAGE_LINES))
            .query("cursor", reading.cursor.as_ref());
        // Has tries of its own; those that are counted here are of answers that broke off.
        let mut lines = client.lines(&call).await?;
        let mut on_page = 0;
        let ended = read_page(&mut lines, reading, &mut on_page, &mut take).await;
        read += on_page;
        if on_page > 0 {
            tries = 0;
        }
        match ended {
            Ok(()) if on_page < PAGE_LINES => return Ok(read),
            Ok(()) => {}
            Err(failure) => {
                tries += 1;
                client.pause(failure, tries).await?;
            }
        }
    }
}

async fn read_page(
    lines: &mut Lines,
    reading: &mut Reading<'_>,
    on_page: &mut u64,
    take: &mut impl FnMut(&[u8], &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    while let Some(line) = lines.next().await? {
        if line.is_empty() {
            continue;
        }
        // A line that was cut off is no whole JSON.
        let ResultLine { cursor } = serde_json::from_slice(line).map_err(|error| {
            Failure::Unreachable(format!(
                "the answer broke off: a result is not whole ({error})"
            ))
        })?;
        take(line, &cursor)?;
        reading.cursor = Some(cursor);
        *on_page += 1;
    }
    Ok(())
}
