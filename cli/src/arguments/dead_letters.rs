use clap::{Args, Subcommand};
use redrive_shared::request::{Wanted, Whom};
use serde::Serialize;

use super::values::{self, PageOptions};
use super::whom;
use crate::failure::Failure;

/// Work on dead letters: jobs that an operator can put right.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetterCommand {
    /// Lists dead letters, by the age of their jobs, newest first
    Ls(ListLetters),
    /// Groups dead letters by cause, most first
    Groups(LetterFilter),
    /// Shows a dead letter with its history
    Show {
        /// The job's id
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Puts dead letters back, so that their jobs run again
    ///
    /// One job alone is put back at once. Several, or those that a filter finds, are put back as one
    /// replay, so many a second, which `redrive replay` watches, pauses and ends.
    ///
    /// Options that begin with --with- say what is to be different; --model, --provider and the like
    /// say which letters.
    Replay(ReplayLetters),
    /// Deletes dead letters for good
    ///
    /// It shows what would go, asks, and deletes only if as many match then as were shown.
    Purge(PurgeLetters),
}

/// Which dead letters. All that is given must hold.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[command(next_help_heading = "Which dead letters")]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterFilter {
    /// Those that died with this code
    #[arg(long, value_name = "CODE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Those whose last provider was this one
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// Those of this model
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Those of this kind
    #[arg(long, value_name = "KIND", value_parser = values::kinds())]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Those of this batch
    #[arg(long, value_name = "BATCH")]
    #[serde(skip_serializing_if = "Option::is_none", rename = "batchId")]
    batch: Option<String>,
    /// Those with this reference: its type
    #[arg(long, value_name = "TYPE", requires = "ref_id")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ref_type: Option<String>,
    /// Those with this reference: its id
    #[arg(long, value_name = "ID", requires = "ref_type")]
    #[serde(skip_serializing_if = "Option::is_none")]
    ref_id: Option<String>,
    /// Those of one cause, as `dlq groups` names it
    #[arg(long, value_name = "TEXT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    /// Those submitted from this time on: RFC 3339, a day, or an age such as 36h
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_after: Option<String>,
    /// Those submitted before this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_before: Option<String>,
    /// Those that died from this time on
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_after: Option<String>,
    /// Those that died before this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_before: Option<String>,
    /// Those with at least so many attempts
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_attempts: Option<u32>,
}

impl LetterFilter {
    /// The filter as parameters of a request.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("code", &self.code),
            ("provider", &self.provider),
            ("model", &self.model),
            ("kind", &self.kind),
            ("batchId", &self.batch),
            ("refType", &self.ref_type),
            ("refId", &self.ref_id),
            ("fingerprint", &self.fingerprint),
            ("createdAfter", &self.created_after),
            ("createdBefore", &self.created_before),
            ("deadAfter", &self.dead_after),
            ("deadBefore", &self.dead_before),
        ];
        let min_attempts = self.min_attempts.map(|n| ("minAttempts", n.to_string()));
        texts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .chain(min_attempts)
            .collect()
    }

    /// Whether it matches everything.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Args, Debug)]
pub(crate) struct ListLetters {
    #[command(flatten)]
    pub(crate) page: PageOptions,
    #[command(flatten)]
    pub(crate) filter: LetterFilter,
}

#[derive(Args, Debug)]
pub(crate) struct ReplayLetters {
    /// The ids of jobs, at most 1,000; instead of a filter
    #[arg(value_name = "JOB")]
    pub(crate) jobs: Vec<String>,
    /// All dead letters there are; needed when there is neither a job nor a filter
    #[arg(long)]
    pub(crate) all: bool,
    /// Only tell how many match, why they died and what they are likely to cost
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How many are put back in a second, 1 to 500 [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) max_per_second: Option<u32>,
    /// Put so many back first, and go on only if enough of them succeed
    #[arg(long, value_name = "N", requires = "min_success", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) sample: Option<u32>,
    /// The percentage of the sample that must succeed
    #[arg(long, value_name = "PERCENT", requires = "sample", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) min_success: Option<u32>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Show its progress until all that was put back has ended; exit code 1 if something did not
    /// succeed
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) changes: Changes,
    #[command(flatten)]
    pub(crate) filter: LetterFilter,
}

impl ReplayLetters {
    /// What to say when nothing was found by a model or a provider that may have been meant to be
    /// asked: the options that narrow and those that change look alike.
    pub(crate) fn mix_up(&self) -> Option<&'static str> {
        if self.changes.model.is_some() || !self.changes.provider.is_empty() {
            return None;
        }
        match (&self.filter.model, &self.filter.provider) {
            (Some(_), Some(_)) => Some(
                "--model and --provider narrow the letters; to ask others give --with-model and \
                 --with-provider",
            ),
            (Some(_), None) => {
                Some("--model narrows the letters; to ask another model give --with-model")
            }
            (None, Some(_)) => {
                Some("--provider narrows the letters; to ask another provider give --with-provider")
            }
            (None, None) => None,
        }
    }
}

/// What is to be different when a job runs again.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[command(next_help_heading = "What is to be different")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Changes {
    /// Ask this model from now on
    #[arg(id = "with_model", long = "with-model", value_name = "NAME")]
    #[serde(skip)]
    model: Option<String>,
    /// Ask this provider from now on; repeated, these providers one after the other
    #[arg(
        id = "with_provider",
        long = "with-provider",
        value_name = "NAME[/MODEL]",
        value_parser = whom::wanted
    )]
    #[serde(skip)]
    provider: Vec<Wanted>,
    /// Let so many attempts fail
    #[arg(id = "with_max_attempts", long = "with-max-attempts", value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_attempts: Option<u32>,
    /// Begin no attempt after so many seconds
    #[arg(
        id = "with_deadline_seconds",
        long = "with-deadline-seconds",
        value_name = "N"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_seconds: Option<u32>,
}

impl Changes {
    /// Whom the jobs are to ask from now on.
    ///
    /// # Errors
    /// When the options contradict each other.
    pub(crate) fn whom(&self) -> Result<Whom, Failure> {
        whom::whom(&self.provider, self.model.as_ref(), "with-")
    }
}

#[derive(Args, Debug)]
pub(crate) struct PurgeLetters {
    /// All dead letters there are; needed when there is no filter
    #[arg(long)]
    pub(crate) all: bool,
    /// Only show what would go
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Do not ask, for scripts; needs --expected-count
    #[arg(long, requires = "expected_count")]
    pub(crate) yes: bool,
    /// Delete only if so many match
    #[arg(long, value_name = "N")]
    pub(crate) expected_count: Option<u64>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) filter: LetterFilter,
}
