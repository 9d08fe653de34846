use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use redrive_shared::request::Wanted;
use serde::Serialize;
use serde_json::{Map, Value};

use super::values::{self, PageOptions};
use super::whom;
use crate::failure::Failure;

/// Work on batches.
#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Submits a file of requests, waits, and writes the results as they come
    ///
    /// What was done stands in a journal beside the output (OUTPUT.redrive) until all is there. After
    /// Ctrl-C, a crash or a lost connection the same command goes on where it stopped, and nothing is
    /// submitted twice.
    Run(RunBatch),
    /// Submits a file of requests, and does not wait
    Submit(SubmitBatch),
    /// Lists batches, newest first
    Ls(ListBatches),
    /// Shows a batch
    Status(WatchBatch),
    /// Cancels what has not ended of a batch
    Cancel {
        /// The batch's id
        #[arg(value_name = "BATCH")]
        batch: String,
    },
    /// Writes the results of a batch, one a line
    Results(BatchResults),
    /// Writes the lines that did not succeed, ready to be put right and submitted again
    Errors {
        /// The batch's id
        #[arg(value_name = "BATCH")]
        batch: String,
        #[command(flatten)]
        file: FileToWrite,
    },
}

/// How the lines of a batch are read, and what they have in common.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct BatchOptions {
    /// What to do when lines are not valid: refuse the whole file, or leave them out and count them
    /// as failed
    #[arg(long, value_name = "WHAT", value_parser = ["reject", "skip"])]
    pub(crate) on_error: Option<String>,
    /// What to call the batch
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    lines: LineOptions,
    /// Any other fields of lines that do not say them, as a JSON object
    #[arg(long, value_name = "JSON", value_parser = values::json_object)]
    defaults: Option<Map<String, Value>>,
}

/// What the lines have in common that do not say it themselves.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct LineOptions {
    /// The kind of lines that do not say it
    #[arg(long, value_name = "KIND", value_parser = values::kinds())]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// The provider of lines that name none; repeated, the providers to ask one after the other
    #[arg(long, value_name = "NAME[/MODEL]", value_parser = whom::wanted)]
    #[serde(skip)]
    provider: Vec<Wanted>,
    /// The model of lines that name none; in a chain each provider names its own
    #[arg(long, value_name = "NAME")]
    #[serde(skip)]
    model: Option<String>,
    /// What the model is told before the prompt, in lines that do not say it
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    /// The most tokens of an answer, in lines that do not say it
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    /// How freely the model chooses its words, in lines that do not say it
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// The language of programs that name none
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// How many attempts of a line may fail, in lines that do not say it
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_attempts: Option<u32>,
    /// Seconds after which no attempt begins any more, in lines that do not say it
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_seconds: Option<u32>,
    /// Your own reference of lines that have none: its type
    #[arg(long, value_name = "TYPE", requires = "ref_id")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ref_type: Option<String>,
    /// Your own reference of lines that have none: its id
    #[arg(long, value_name = "ID", requires = "ref_type")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ref_id: Option<String>,
}

impl BatchOptions {
    /// The fields that the lines have in common, as one JSON object in ASCII; `None` when there is
    /// none. What has an option of its own comes before `--defaults`.
    ///
    /// # Errors
    /// When the options contradict each other, or have no JSON, which is a fault of ours.
    pub(crate) fn defaults(&self) -> Result<Option<String>, Failure> {
        const WRITING: &str = "cannot write the request";
        let mut fields = self.defaults.clone().unwrap_or_default();
        let whom = whom::whom(&self.lines.provider, self.lines.model.as_ref(), "")?;
        // A chain and one provider with its model exclude each other.
        if !whom.providers.is_empty() {
            fields.retain(|name, _| name != "provider" && name != "model");
        } else if !whom.is_nobody() {
            fields.remove("providers");
        }
        let whom = serde_json::to_value(whom).context(WRITING)?;
        let lines = serde_json::to_value(&self.lines).context(WRITING)?;
        for own in [whom, lines] {
            if let Value::Object(own) = own {
                fields.extend(own);
            }
        }
        Ok((!fields.is_empty()).then(|| values::ascii(&Value::Object(fields).to_string())))
    }
}

#[derive(Args, Debug)]
pub(crate) struct RunBatch {
    /// The file of requests: one JSON object a line
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    /// The file of results: one JSON object a line, in the order in which jobs end
    #[arg(long, short, value_name = "OUTPUT")]
    pub(crate) output: PathBuf,
    /// The file for lines that did not succeed [default: OUTPUT with .errors.jsonl at its end]
    #[arg(long, value_name = "FILE")]
    pub(crate) errors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) batch: BatchOptions,
}

#[derive(Args, Debug)]
pub(crate) struct SubmitBatch {
    /// The file of requests: one JSON object a line
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
    /// The name of this request: sent again with the same name, it makes no second batch [default: a
    /// new one]
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    #[command(flatten)]
    pub(crate) batch: BatchOptions,
}

#[derive(Args, Debug)]
pub(crate) struct ListBatches {
    /// Only batches in this state
    #[arg(long, value_name = "STATE", value_parser = values::batch_states())]
    pub(crate) status: Option<String>,
    /// Only batches submitted from this time on: RFC 3339, a day, or an age such as 36h
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) created_after: Option<String>,
    /// Only batches submitted before this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) created_before: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageOptions,
}

#[derive(Args, Debug)]
pub(crate) struct WatchBatch {
    /// The batch's id
    #[arg(value_name = "BATCH")]
    pub(crate) batch: String,
    /// Show its progress until it has ended; exit code 1 if lines did not succeed
    #[arg(long)]
    pub(crate) watch: bool,
}

/// Where lines of a batch are written.
#[derive(Args, Debug)]
pub(crate) struct FileToWrite {
    /// The file to write, whole or not at all; standard output unless given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite the file if it holds something
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BatchResults {
    /// The batch's id
    #[arg(value_name = "BATCH")]
    pub(crate) batch: String,
    #[command(flatten)]
    pub(crate) file: FileToWrite,
    /// By line, up to the first that has not ended; or in the order in which jobs ended
    #[arg(long, value_name = "ORDER", default_value = "line", value_parser = ["line", "completion"])]
    pub(crate) order: String,
    /// Go on after the line with this cursor
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}
