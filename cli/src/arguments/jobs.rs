use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use redrive_shared::request::{Wanted, Whom};
use serde::Serialize;

use super::values::{self, PageOptions};
use super::whom;
use crate::failure::Failure;

/// Kinds of jobs to submit.
#[derive(Debug, Subcommand)]
pub(crate) enum SubmitCommand {
    /// Asks a model
    Generate(GenerateOptions),
    /// Runs a program
    Execute(ExecuteOptions),
    /// Runs a program against test cases
    Tests(TestsOptions),
    /// Submits a request as it stands in a file of JSON
    File(FileOptions),
}

/// How a job is submitted.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SubmitOptions {
    /// Wait until the job has ended, and print its result
    #[arg(long)]
    pub(crate) wait: bool,
    /// The name of this request: sent again with the same name, it makes no second job [default: a
    /// new one]
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}

/// What every kind of job takes.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobOptions {
    /// Your own reference: its type
    #[arg(long, value_name = "TYPE", requires = "ref_id")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ref_type: Option<String>,
    /// Your own reference: its id
    #[arg(long, value_name = "ID", requires = "ref_type")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ref_id: Option<String>,
    /// A label of your own; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::pair)]
    #[serde(skip)]
    pub(crate) metadata: Vec<(String, String)>,
    /// Seconds after which no attempt begins any more
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deadline_seconds: Option<u32>,
    /// How many attempts may fail
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_attempts: Option<u32>,
}

#[derive(Args, Debug, Serialize)]
#[command(group(ArgGroup::new("asked").required(true).args(["prompt", "prompt_file"])))]
#[serde(rename_all = "camelCase")]
pub(crate) struct GenerateOptions {
    /// What the model is asked; - reads standard input
    #[arg(long, value_name = "TEXT")]
    #[serde(skip)]
    pub(crate) prompt: Option<String>,
    /// The file that holds the prompt
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) prompt_file: Option<PathBuf>,
    /// What the model is told before the prompt
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    /// The provider to ask, and no other; repeated, the providers to ask one after the other
    #[arg(long, value_name = "NAME[/MODEL]", value_parser = whom::wanted)]
    #[serde(skip)]
    provider: Vec<Wanted>,
    /// The model to ask; in a chain each provider names its own
    #[arg(long, value_name = "NAME")]
    #[serde(skip)]
    model: Option<String>,
    /// The most tokens of the answer
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    /// How freely the model chooses its words, 0 to 2
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// What the answer is to be
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) job: JobOptions,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) submit: SubmitOptions,
}

impl GenerateOptions {
    /// Whom the job is to ask.
    ///
    /// # Errors
    /// When the options contradict each other.
    pub(crate) fn whom(&self) -> Result<Whom, Failure> {
        whom::whom(&self.provider, self.model.as_ref(), "")
    }
}

#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExecuteOptions {
    /// The file that holds the program; - reads standard input
    #[arg(value_name = "PROGRAM")]
    #[serde(skip)]
    pub(crate) program: PathBuf,
    /// Its language, as `GET /api/v1/languages` names it
    #[arg(long, value_name = "NAME")]
    language: String,
    /// What the program reads
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    stdin: Option<String>,
    /// The file that holds what the program reads
    #[arg(long, value_name = "FILE", conflicts_with = "stdin")]
    #[serde(skip)]
    pub(crate) stdin_file: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    limits: RunOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) job: JobOptions,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) submit: SubmitOptions,
}

#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestsOptions {
    /// The file that holds the program; - reads standard input
    #[arg(value_name = "PROGRAM")]
    #[serde(skip)]
    pub(crate) program: PathBuf,
    /// The file that holds the test cases, an array of {"name"?, "input", "expected"}
    #[arg(value_name = "CASES")]
    #[serde(skip)]
    pub(crate) cases: PathBuf,
    /// Its language, as `GET /api/v1/languages` names it
    #[arg(long, value_name = "NAME")]
    language: String,
    /// The function to call; without one the program reads the input of each case
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none", rename = "functionName")]
    function: Option<String>,
    /// How far numbers may lie apart
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
    #[command(flatten)]
    #[serde(flatten)]
    limits: RunOptions,
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) job: JobOptions,
    #[command(flatten)]
    #[serde(skip)]
    pub(crate) submit: SubmitOptions,
}

/// What a run may use.
#[derive(Args, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunOptions {
    /// Seconds that it may run
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    time_limit: Option<f64>,
    /// MiB that it may use
    #[arg(long, value_name = "MIB")]
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_limit: Option<u32>,
}

#[derive(Args, Debug)]
pub(crate) struct FileOptions {
    /// The file; - reads standard input
    #[arg(value_name = "REQUEST")]
    pub(crate) request: PathBuf,
    /// What kind of job it asks for
    #[arg(long, value_name = "KIND", default_value = "generate", value_parser = values::kinds())]
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) submit: SubmitOptions,
}

#[derive(Args, Debug)]
pub(crate) struct StatusOptions {
    /// The job's id
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
    /// Wait until the job has ended; exit code 1 if it did not succeed
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Lists jobs, newest first
    Ls(ListJobs),
}

#[derive(Args, Debug)]
pub(crate) struct ListJobs {
    /// Only jobs in this state
    #[arg(long, value_name = "STATE", value_parser = values::states())]
    pub(crate) status: Option<String>,
    /// Only jobs of this kind
    #[arg(long, value_name = "KIND", value_parser = values::kinds())]
    pub(crate) kind: Option<String>,
    /// Only jobs of this batch
    #[arg(long, value_name = "BATCH")]
    pub(crate) batch: Option<String>,
    /// Only jobs with this reference: its type
    #[arg(long, value_name = "TYPE", requires = "ref_id")]
    pub(crate) ref_type: Option<String>,
    /// Only jobs with this reference: its id
    #[arg(long, value_name = "ID", requires = "ref_type")]
    pub(crate) ref_id: Option<String>,
    /// Only jobs submitted from this time on: RFC 3339, a day, or an age such as 36h
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) created_after: Option<String>,
    /// Only jobs submitted before this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) created_before: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageOptions,
}
