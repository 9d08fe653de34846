//! The bodies of answers about replays of many letters.

use super::dead_letters::DeadLetterGroupDocument;
use redrive_shared::clock::Instant;
use redrive_shared::configuration::Cost;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::{BatchId, JobId};
use redrive_shared::job::{JobState, Kind};
use redrive_shared::replays::Preview;
use redrive_shared::request::Wanted;
use redrive_shared::store::{ReplayItem, ReplayOutcomes, ReplayRow, ReplayStatus, SampleStanding};
use serde::Serialize;
use utoipa::ToSchema;

/// What a replay would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayPreviewDocument {
    /// Dead letters that match.
    pub(crate) matched: u64,
    /// Those of them whose request was deleted: they would be passed over.
    pub(crate) payload_deleted: u64,
    /// All that match by their causes: those of the most letters first, at most 100.
    pub(crate) groups: Vec<DeadLetterGroupDocument>,
    /// What the letters may cost, in millionths of a US dollar: what an answer of their models cost
    /// this tenant on average in the last 30 days. Absent where that is known of no letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) estimated_cost_micro_usd: Option<Cost>,
    /// Letters of which it is not known.
    pub(crate) without_estimate: u64,
}

impl From<Preview> for ReplayPreviewDocument {
    fn from(preview: Preview) -> Self {
        Self {
            matched: preview.groups.letters,
            payload_deleted: preview.payload_deleted,
            groups: preview.groups.groups.into_iter().map(Into::into).collect(),
            estimated_cost_micro_usd: preview.estimated_cost,
            without_estimate: preview.without_estimate,
        }
    }
}

/// Says that a replay has begun.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayAcceptedDocument {
    /// Always `true`.
    pub(crate) success: bool,
    /// The replay.
    #[schema(example = "rep_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) replay_id: String,
    /// Always `running`.
    #[schema(example = "running")]
    pub(crate) status: &'static str,
    /// Where to read the replay from now on; absolute.
    #[schema(
        example = "https://jobs.example.com/api/v1/replays/rep_019dc2d7c93c7c3a9d2f5a1b7c8e9f00"
    )]
    pub(crate) status_url: String,
    /// Dead letters that match.
    pub(crate) matched: u64,
}

/// A replay of many letters. Times are RFC 3339 in UTC with milliseconds.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayTaskDocument {
    /// The replay.
    #[schema(example = "rep_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    pub(crate) replay_id: String,
    /// Where it stands. `completed`: all its letters were put back or passed over; what becomes of
    /// them goes on under `outcomes`.
    pub(crate) status: ReplayStatus,
    /// Why it paused by itself; absent: it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) reason: Option<String>,
    /// When it was begun. Letters that died later are not meant.
    pub(crate) created_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) finished_at: Option<String>,
    /// The id of the key that began it.
    pub(crate) actor: String,
    /// Why, in the operator's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) note: Option<String>,
    /// Which letters, where that was said by a filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) filter: Option<FilterDocument>,
    /// Which letters, where they were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Vec<String>)]
    pub(crate) job_ids: Option<Vec<JobId>>,
    /// What is different this time.
    pub(crate) overrides: OverridesDocument,
    /// Letters that are put back in a second.
    pub(crate) max_per_second: u32,
    /// The letters that are tried first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) sample: Option<SampleDocument>,
    /// Letters that matched when it was begun.
    pub(crate) matched: u64,
    /// Letters that were put back.
    pub(crate) replayed: u64,
    /// Letters that were passed over: replayed, deleted or without their request by then, or not
    /// able to be asked as the overrides say.
    pub(crate) skipped: u64,
    /// Letters that it has still to look at.
    pub(crate) remaining: u64,
    /// Where the letters stand that it put back, until another replay puts them back.
    pub(crate) outcomes: OutcomesDocument,
    /// Letters that it put back in a second so far, while it runs, on average since it was begun, had
    /// its sample, or was resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) rate_per_second: Option<f64>,
    /// When it will have put back the last letter at its pace, while it runs and has its sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) estimated_end_at: Option<String>,
    /// What the letters that have ended since cost since, in millionths of a US dollar, where that is
    /// known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) cost_micro_usd: Option<Cost>,
}

/// A filter of dead letters: those that pass every part.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilterDocument {
    /// Dead for this reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<ErrorCode>,
    /// Whose latest attempt asked this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    provider: Option<String>,
    /// Of this model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    model: Option<String>,
    /// Of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    kind: Option<Kind>,
    /// Of this batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = String)]
    batch_id: Option<BatchId>,
    /// With this reference of yours; with `refId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ref_type: Option<String>,
    /// With this reference of yours; with `refType`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ref_id: Option<String>,
    /// Of this cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fingerprint: Option<String>,
    /// Of a job created at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    created_after: Option<String>,
    /// Of a job created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    created_before: Option<String>,
    /// Dead since this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    dead_after: Option<String>,
    /// Dead before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    dead_before: Option<String>,
    /// After so many attempts or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_000_000)]
    min_attempts: Option<u32>,
}

impl From<DeadLetterFilter> for FilterDocument {
    fn from(filter: DeadLetterFilter) -> Self {
        let time = |instant: Option<Instant>| instant.map(Instant::to_rfc3339);
        Self {
            code: filter.code,
            provider: filter.provider,
            model: filter.model,
            kind: filter.kind,
            batch_id: filter.batch_id,
            ref_type: filter.ref_type,
            ref_id: filter.ref_id,
            fingerprint: filter.fingerprint,
            created_after: time(filter.created_from),
            created_before: time(filter.created_before),
            dead_after: time(filter.dead_from),
            dead_before: time(filter.dead_before),
            min_attempts: filter.min_attempts,
        }
    }
}

/// What a replay does differently. Whatever is absent stays as each job has it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OverridesDocument {
    /// The model that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    model: Option<String>,
    /// The provider that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    provider: Option<String>,
    /// The providers that are asked, one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    providers: Vec<Wanted>,
    /// How many attempts may fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_attempts: Option<u32>,
    /// Seconds from when a letter is put back to its deadline.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deadline_seconds: Option<u32>,
}

/// The letters that are tried before the others.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SampleDocument {
    /// How many.
    count: u32,
    /// How many percent of them must succeed; with fewer, the replay pauses.
    min_success_percent: u32,
    /// How many have ended.
    finished: u32,
    /// How many of those succeeded.
    succeeded: u32,
}

/// Letters by where they stand.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutcomesDocument {
    /// Waiting for an attempt.
    queued: u64,
    /// Running.
    running: u64,
    /// Waiting for another attempt.
    retry_scheduled: u64,
    /// Answered.
    succeeded: u64,
    /// Refused for a reason that no retry can help.
    failed: u64,
    /// Dead again.
    dead_lettered: u64,
    /// Stopped.
    cancelled: u64,
}

impl OutcomesDocument {
    fn of(outcomes: &ReplayOutcomes) -> Self {
        Self {
            queued: outcomes.in_state(JobState::Queued),
            running: outcomes.in_state(JobState::Running),
            retry_scheduled: outcomes.in_state(JobState::RetryScheduled),
            succeeded: outcomes.in_state(JobState::Succeeded),
            failed: outcomes.in_state(JobState::Failed),
            dead_lettered: outcomes.in_state(JobState::DeadLettered),
            cancelled: outcomes.in_state(JobState::Cancelled),
        }
    }
}

impl ReplayTaskDocument {
    /// The replay as it stands at `now`.
    pub(crate) fn of(
        mut row: ReplayRow,
        outcomes: &ReplayOutcomes,
        sample: SampleStanding,
        now: Instant,
    ) -> Self {
        let remaining = row.remaining();
        let paced = row.replayed.saturating_sub(row.paced_replayed);
        let millis = u64::try_from(now.millis_since(row.paced_at)).unwrap_or_default();
        let is_running = row.status == ReplayStatus::Running;
        let is_open = is_running && row.open_sample().is_none();
        let ends_in = remaining.saturating_mul(1_000) / u64::from(row.max_per_second.max(1));
        let job_ids = row.filter.job_ids.take();
        let whom = row.overrides.whom.clone();
        Self {
            rate_per_second: per_second(paced, millis).filter(|_| is_running),
            estimated_end_at: is_open.then(|| {
                let millis = i64::try_from(ends_in).unwrap_or_default();
                now.plus_millis(millis).to_rfc3339()
            }),
            sample: row.sample().map(|terms| SampleDocument {
                count: terms.letters,
                min_success_percent: terms.percent,
                finished: sample.finished,
                succeeded: sample.succeeded,
            }),
            replay_id: row.id.to_string(),
            status: row.status,
            reason: row.reason,
            created_at: row.created_at.to_rfc3339(),
            finished_at: row.finished_at.map(Instant::to_rfc3339),
            actor: row.actor,
            note: row.note,
            filter: job_ids.is_none().then(|| row.filter.into()),
            job_ids,
            overrides: OverridesDocument {
                model: whom.model,
                provider: whom.provider,
                providers: whom.providers,
                max_attempts: row.overrides.max_attempts,
                deadline_seconds: row.overrides.deadline_seconds,
            },
            max_per_second: row.max_per_second,
            matched: row.matched,
            replayed: row.replayed,
            skipped: row.skipped,
            remaining,
            outcomes: OutcomesDocument::of(outcomes),
            cost_micro_usd: outcomes.cost_micro_usd,
        }
    }
}

/// Letters a second, to a tenth; `None`: too early to tell.
fn per_second(letters: u64, millis: u64) -> Option<f64> {
    let tenths = letters.saturating_mul(10_000).checked_div(millis)?;
    u32::try_from(tenths)
        .ok()
        .filter(|_| letters > 0)
        .map(|tenths| f64::from(tenths) / 10.0)
}

/// A page of replays of many letters.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayPage {
    /// The replays, newest first.
    pub(crate) data: Vec<ReplayTaskDocument>,
    /// What to send as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A page of what a replay put back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayedJobPage {
    /// The jobs, oldest first.
    pub(crate) data: Vec<ReplayedJobDocument>,
    /// What to send as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A letter that a replay put back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayedJobDocument {
    /// The job.
    #[schema(example = "job_019dc2d7c93c7c3a9d2f5a1b7c8e9f00")]
    job_id: String,
    /// Where it stands, until another replay puts it back.
    status: JobState,
}

impl From<ReplayItem> for ReplayedJobDocument {
    fn from(item: ReplayItem) -> Self {
        Self {
            job_id: item.id.to_string(),
            status: item.state,
        }
    }
}
