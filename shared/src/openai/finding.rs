//! What the steps of a batch found and how far they are: kept with the batch as JSON.

use super::document::BatchUsage;
use super::fault::LineFault;
use crate::ids::FileId;
use crate::job::ResultColumns;
use crate::store::BatchRecord;
use serde::{Deserialize, Serialize};

/// What was found in the lines of a batch, and how far its files are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Finding {
    /// The model that every line names; `None`: they differ, or nobody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The first mistakes of the lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<LineFault>,
    /// How far its files are written; `None`: nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writing: Option<Writing>,
}

/// How far the files of a batch are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Writing {
    /// How many jobs have a line.
    pub jobs: u32,
    /// Where the next line is that never became a job; `None`: at the batch's own place.
    pub rest: Option<Rest>,
    /// The file of the answers; `None`: there is none so far.
    pub output: Option<FileSoFar>,
    /// The file of what was not answered; `None`: there is nothing so far.
    pub error: Option<FileSoFar>,
    /// Tokens of the answers so far.
    pub usage: BatchUsage,
}

/// A place in the input file, and the place that its line would have among the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rest {
    /// The chunk.
    pub chunk: u32,
    /// Bytes into it.
    pub offset: u32,
    /// The place among the jobs.
    pub place: u32,
}

/// A file that is not whole yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileSoFar {
    /// The file.
    pub id: FileId,
    /// Its chunks.
    pub chunks: u32,
    /// Its lines.
    pub lines: u32,
}

impl Finding {
    /// What was found so far of a batch. What only a later version knows is nothing.
    #[must_use]
    pub fn of(record: &BatchRecord) -> Self {
        let finding = record.finding.clone();
        finding
            .and_then(|finding| serde_json::from_value(finding).ok())
            .unwrap_or_default()
    }
}

impl BatchUsage {
    /// Adds the tokens of an answer, as far as they were counted.
    pub(crate) fn add(&mut self, result: &ResultColumns) {
        let add = |sum: &mut u64, more: Option<u64>| {
            *sum = sum.saturating_add(more.unwrap_or_default());
        };
        let both = result.input_tokens.zip(result.output_tokens);
        let sum = both.and_then(|(input, output)| input.checked_add(output));
        add(&mut self.input_tokens, result.input_tokens);
        add(
            &mut self.input_tokens_details.cached_tokens,
            result.cached_tokens,
        );
        add(&mut self.output_tokens, result.output_tokens);
        add(
            &mut self.output_tokens_details.reasoning_tokens,
            result.reasoning_tokens,
        );
        add(&mut self.total_tokens, result.total_tokens.or(sum));
    }
}
