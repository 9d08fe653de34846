//! The bodies of answers about batches.

use redrive_shared::batch::line::LineError;
use redrive_shared::batch::step::throughput;
use redrive_shared::batch::unreadable::BatchError;
use redrive_shared::clock::Instant;
use redrive_shared::configuration::Cost;
use redrive_shared::document::{ErrorDocument, JobDocument, ResultDocument, UsageDocument};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::job::JobState;
use redrive_shared::store::{BatchRecord, BatchStatus};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Says that a batch was accepted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchAcceptedDocument {
    /// Always `true`.
    pub(crate) success: bool,
    /// The batch.
    #[schema(example = "bat_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) batch_id: String,
    /// Always `in_progress`.
    #[schema(example = "in_progress")]
    pub(crate) status: &'static str,
    /// Where to read the batch from now on; absolute.
    #[schema(
        example = "https://jobs.example.com/api/v1/batches/bat_019dc2d7c93c7c3a9d2f5a1b7c8e9f00"
    )]
    pub(crate) status_url: String,
    /// Its lines.
    pub(crate) lines: u32,
    /// Those of them that are wrong, and were passed over.
    pub(crate) invalid_lines: u32,
    /// What is wrong with them, the first 100.
    pub(crate) errors: Vec<LineError>,
}

/// A batch. Times are RFC 3339 in UTC with milliseconds.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchDocument {
    /// The batch.
    #[schema(example = "bat_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) batch_id: String,
    /// The name that it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) name: Option<String>,
    /// Where it stands.
    pub(crate) status: BatchStatus,
    /// When it was submitted.
    pub(crate) created_at: String,
    /// When its first line became a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) started_at: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) completed_at: Option<String>,
    /// Its lines.
    pub(crate) lines: u32,
    /// Those of them that were wrong when it was submitted, and count as `failed`.
    pub(crate) invalid_lines: u32,
    /// Its lines by where they stand; they add up to `lines`.
    pub(crate) counts: BatchCountsDocument,
    /// How many of 100 lines have ended, rounded down to a tenth.
    pub(crate) percent: f64,
    /// Lines that end in a second, lately; absent: too early to tell, or over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) throughput_per_second: Option<f64>,
    /// When it will have ended at that rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) estimated_end_at: Option<String>,
    /// What its jobs cost so far, in millionths of a US dollar, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) cost_micro_usd: Option<Cost>,
    /// Why lines never became jobs, of a batch that is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) error: Option<BatchError>,
    /// Its dead letters by their reason.
    pub(crate) dead_letters_by_code: BTreeMap<&'static str, u32>,
    /// Where its results are; absolute.
    pub(crate) results_url: String,
    /// Where the lines are that brought nothing; absolute.
    pub(crate) errors_url: String,
}

/// The lines of a batch by where they stand.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchCountsDocument {
    /// Not a job yet: it becomes one when some of those before it have ended.
    pub(crate) pending: u32,
    /// A job that waits for its first attempt.
    pub(crate) queued: u32,
    /// A job that runs.
    pub(crate) running: u32,
    /// A job that waits for another attempt.
    pub(crate) retry_scheduled: u32,
    /// Answered.
    pub(crate) succeeded: u32,
    /// Refused for a reason that no retry can help; of a batch that is `failed`, lines that never
    /// became jobs as well.
    pub(crate) failed: u32,
    /// Not done, for a reason that an operator can put right.
    pub(crate) dead_lettered: u32,
    /// Cancelled; of a batch that was cancelled, lines that never became jobs as well.
    pub(crate) cancelled: u32,
}

impl BatchCountsDocument {
    fn of(batch: &BatchRecord) -> Self {
        let counts = batch.counts;
        let unmade = batch.lines.saturating_sub(batch.at.jobs);
        let (pending, failed, cancelled) = match batch.status {
            BatchStatus::Failed => (0, unmade, 0),
            BatchStatus::Completed | BatchStatus::Cancelled | BatchStatus::Expired => {
                (0, 0, unmade)
            }
            BatchStatus::Validating
            | BatchStatus::InProgress
            | BatchStatus::Finalizing
            | BatchStatus::Cancelling => (unmade, 0, 0),
        };
        Self {
            pending,
            queued: counts.queued,
            running: counts.running,
            retry_scheduled: counts.retry_scheduled,
            succeeded: counts.succeeded,
            failed: counts.failed + failed,
            dead_lettered: counts.dead_lettered,
            cancelled: counts.cancelled + cancelled,
        }
    }

    const fn ended(&self) -> u32 {
        self.succeeded + self.failed + self.dead_lettered + self.cancelled
    }
}

impl BatchDocument {
    /// The document of a batch at `now`, whose URLs begin with `url`.
    pub(crate) fn of(
        batch: &BatchRecord,
        letters: &[(ErrorCode, u32)],
        url: &str,
        now: Instant,
    ) -> Self {
        let counts = BatchCountsDocument::of(batch);
        let left = batch.lines.saturating_sub(counts.ended());
        let percent = if batch.lines == 0 {
            0.0
        } else {
            let tenths = u64::from(counts.ended()) * 1_000 / u64::from(batch.lines);
            tenth(tenths)
        };
        let is_running = !batch.status.is_terminal() && batch.status != BatchStatus::Cancelling;
        let rate = throughput(batch, now).filter(|rate| *rate > 0 && left > 0 && is_running);
        let estimated_end_at = rate.map(|rate| {
            let millis = i64::from(left).saturating_mul(1_000_000) / i64::from(rate);
            now.plus_millis(millis).to_rfc3339()
        });
        Self {
            batch_id: batch.id.to_string(),
            name: batch.name.clone(),
            status: batch.status,
            created_at: batch.created_at.to_rfc3339(),
            started_at: batch.started_at.map(Instant::to_rfc3339),
            completed_at: batch.completed_at.map(Instant::to_rfc3339),
            lines: batch.lines,
            invalid_lines: batch.invalid_lines,
            counts,
            percent,
            throughput_per_second: rate.map(|rate| tenth(u64::from(rate) / 100)),
            estimated_end_at,
            cost_micro_usd: batch.cost_micro_usd,
            error: BatchError::of(batch),
            dead_letters_by_code: letters
                .iter()
                .map(|(code, letters)| (code.as_str(), *letters))
                .collect(),
            results_url: format!("{url}/results"),
            errors_url: format!("{url}/errors"),
        }
    }
}

/// A number of tenths as a number.
fn tenth(tenths: u64) -> f64 {
    f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0
}

/// A page of batches.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchPage {
    /// The batches, newest first, without `deadLettersByCode`: read one batch for those.
    pub(crate) data: Vec<BatchDocument>,
    /// What to send as `cursor` for the next page, with the same filters; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// What came of one line of a batch.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultLine {
    /// Its number in what was uploaded, from 1, blank lines counted.
    pub(crate) line: u32,
    /// Your own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) custom_id: Option<String>,
    /// Its job.
    #[schema(value_type = String)]
    pub(crate) job_id: JobId,
    /// How the job ended.
    pub(crate) status: JobState,
    /// The answer, of a job that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) result: Option<ResultDocument>,
    /// Why the job did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) error: Option<ErrorDocument>,
    /// Tokens, where the provider said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) usage: Option<UsageDocument>,
    /// What all its calls cost, in millionths of a US dollar, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) cost_micro_usd: Option<Cost>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) provider: Option<String>,
    /// The model that answered, or was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) model: Option<String>,
    /// When the job ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) completed_at: Option<String>,
    /// What to send as `cursor` to go on after this line.
    pub(crate) cursor: String,
}

impl ResultLine {
    /// The line of a job, with the cursor that goes on after it.
    pub(crate) fn of(job: JobDocument, cursor: String) -> Self {
        Self {
            line: job.line.unwrap_or_default(),
            custom_id: job.custom_id,
            job_id: job.job_id,
            status: job.status,
            result: job.result,
            error: job.error,
            usage: job.usage,
            cost_micro_usd: job.cost_micro_usd,
            provider: job.provider,
            model: job.model,
            completed_at: job.completed_at,
            cursor,
        }
    }
}
