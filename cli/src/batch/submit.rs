use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::source::Source;
use crate::arguments::BatchOptions;
use crate::client::{Call, Client, Document, fault};
use crate::console::{Console, counted, grouped, printable};
use crate::failure::Failure;

/// The name under which the header of defaults stands among the parameters.
const DEFAULTS: &str = "Redrive-Defaults";
/// The most invalid lines that are shown one by one.
const SHOWN_LINES: usize = 20;

/// What is submitted.
pub(crate) struct Submission<'s> {
    pub(crate) source: &'s Source,
    /// What the lines have in common.
    pub(crate) parameters: &'s BTreeMap<String, String>,
    /// The name of the request; a new one unless given.
    pub(crate) idempotency_key: Option<String>,
}

/// A batch was accepted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Accepted {
    pub(crate) batch_id: String,
    pub(crate) lines: u64,
    #[serde(default)]
    invalid_lines: u64,
    #[serde(default)]
    errors: Vec<Value>,
}

/// What the options of the command say about all lines.
///
/// # Errors
/// When the options contradict each other, or have no JSON, which is a fault of ours.
pub(crate) fn parameters(options: &BatchOptions) -> Result<BTreeMap<String, String>, Failure> {
    // A URL has its limit, so that what the lines have in common goes into a header.
    let defaults = options.defaults()?;
    let parameters = [
        ("onError", options.on_error.clone()),
        ("name", options.name.clone()),
        (DEFAULTS, defaults),
    ];
    let given = |(name, value): (&str, Option<String>)| Some((name.to_owned(), value?));
    Ok(parameters.into_iter().filter_map(given).collect())
}

/// Submits a file, from disk.
///
/// # Errors
/// When the server refuses it, or gives no answer in all tries.
pub(crate) async fn submit(
    client: &Client<'_>,
    submission: &Submission<'_>,
) -> Result<(Document, Accepted), Failure> {
    let (headers, parameters): (BTreeMap<_, _>, BTreeMap<_, _>) = submission
        .parameters
        .iter()
        .partition(|(name, _)| *name == DEFAULTS);
    let source = submission.source;
    let call = Call::create(["batches"])
        .idempotency_key(submission.idempotency_key.clone())
        .queries(parameters)
        .defaults(headers.into_values().next().cloned())
        .file(source.path.clone(), source.bytes);
    let document = client.document(&call).await?;
    let accepted = document.read_as()?;
    Ok((document, accepted))
}

/// Tells which lines were left out.
pub(crate) fn tell_invalid_lines(console: &Console, accepted: &Accepted) {
    if accepted.invalid_lines == 0 {
        return;
    }
    console.warn(&format!(
        "left out because not valid, and counted as failed: {} of {}",
        grouped(accepted.invalid_lines),
        counted(accepted.lines, "line")
    ));
    for line in accepted.errors.iter().take(SHOWN_LINES) {
        console.note(&format!("  - {}", printable(&fault(line))));
    }
    let shown = u64::try_from(accepted.errors.len().min(SHOWN_LINES)).unwrap_or_default();
    if accepted.invalid_lines > shown {
        console.note(&format!(
            "  … and {} more",
            grouped(accepted.invalid_lines - shown)
        ));
    }
}
