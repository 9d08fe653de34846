//! A step of a batch: some of its lines become jobs, or it is seen to have ended.
//!
//! Lines become jobs at the pace at which jobs end, so that a batch never has more than a window of
//! them waiting: another tenant's batch is not behind all of it, and what is cancelled has not been
//! made yet.

use super::compatible::{self, Reader};
use super::line::{LineError, LineJob};
use super::stored;
use super::unreadable;
use crate::clock::{Clock, Instant};
use crate::configuration::Configuration;
use crate::database::DatabaseError;
use crate::error_code::ErrorCode;
use crate::ids::{BatchId, JobId, TenantId};
use crate::job::{ErrorDetail, Kind};
use crate::ports::Ports;
use crate::queue::Lane;
use crate::repeat::repeat;
use crate::request::{Known, limits};
use crate::store::{
    BatchGround, BatchJob, BatchJobs, BatchMove, BatchRecord, BatchStatus, Place, Sample,
};
use crate::submit;
use crate::task::{self, Next};

/// Jobs of a tenant's batches that may wait or run at a time; each batch has its share.
const WINDOW: u32 = 1_000;

/// The smallest share.
const SMALLEST_WINDOW: u32 = 50;

/// Jobs that one statement cancels.
const CANCELLED_TOGETHER: u32 = 500;

/// Bytes of an array of jobs: a parameter of D1 takes 2 MB.
const GROUP_BYTES: usize = 700_000;

/// Bytes of the jobs that one step makes.
const STEP_BYTES: usize = 3_000_000;

/// The shortest and the longest time between two steps, in milliseconds.
const PAUSES_MS: std::ops::RangeInclusive<i64> = 1_000..=30_000;

/// How much the pace of a batch so far weighs, in milliseconds of what is seen.
const REMEMBERED_MS: i64 = 10_000;

/// Takes the next step of a batch.
///
/// 1. The row is read. A batch that has ended has no step; one whose step is not due has a message
///    that comes then.
/// 2. Lines are read and become jobs, in one transaction with the row's new place. Of two steps at
///    once one takes effect; a line that is made twice has one id.
/// 3. The messages of the jobs are sent. What is not taken, the sweep sends: the jobs are due.
///
/// # Errors
/// [`DatabaseError`]: the step may have been taken. Repeating is safe.
pub(crate) async fn step<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    tenant: &TenantId,
    batch: &BatchId,
) -> Result<Next, DatabaseError> {
    let store = ports.store();
    let read = || store.batch_for_step(tenant, batch);
    let Some((record, ground)) = repeat(ports.clock(), read).await? else {
        return Ok(Next::Nothing);
    };
    let Some(due_at) = record.due_at else {
        return Ok(Next::Nothing);
    };
    if !task::wait_until_due(ports.clock(), due_at).await {
        return Ok(Next::Nothing);
    }
    let endpoint = compatible::endpoint(&record)?;
    if let Some(endpoint) = endpoint
        && compatible::are_files_due(&record)
    {
        return compatible::write_answers(ports, record, &ground, endpoint).await;
    }
    let planned = plan(ports, configuration, &record, &ground).await?;
    let Some(planned) = planned else {
        return Ok(Next::Nothing);
    };
    let now = planned.now;
    let take = || store.move_batch(&record, &ground, &planned.jobs, &planned.moved, now);
    if !repeat(ports.clock(), take).await? && !was_taken(ports, &record, &planned).await? {
        return Ok(Next::Nothing);
    }
    submit::send_all(ports, Lane::Bulk, tenant, &planned.made).await;
    Ok(planned.moved.due_at.map_or(Next::Nothing, Next::At))
}

/// What a step is to do.
struct Planned {
    now: Instant,
    jobs: BatchJobs,
    moved: BatchMove,
    /// Jobs that need a message.
    made: Vec<JobId>,
}

impl Planned {
    /// Lines become jobs, as far as they can be read. When none could be for long, and what became of
    /// those before has ended, the batch ends without them.
    fn make(&mut self, record: &BatchRecord, made: Made) {
        let now = self.now;
        let is_more = made.at.jobs > record.at.jobs;
        self.moved.at = made.at;
        self.moved.due_at = Some(now.plus_millis(*PAUSES_MS.start()));
        self.moved.unreadable_at = None;
        self.made = made.queued;
        self.jobs = BatchJobs::Made(made.groups);
        if made.is_cut_short {
            let since = record.unreadable_at.filter(|_| !is_more);
            let is_given_up = unreadable::wait(&mut self.moved, since, now);
            if is_given_up && record.counts.unfinished() == 0 {
                self.end(record, BatchStatus::Failed);
            }
        }
    }

    /// Nothing more becomes of its lines: a batch in OpenAI's shape has its files to be written, and
    /// any other ends so.
    fn end(&mut self, record: &BatchRecord, status: BatchStatus) {
        if record.endpoint.is_some() {
            self.moved.status = BatchStatus::Finalizing;
            self.moved.due_at = Some(self.now);
        } else {
            self.moved.status = status;
            self.moved.due_at = None;
        }
    }
}

/// Whether the row is as this step leaves it: its first try took effect, and the answer was lost.
async fn was_taken<P: Ports>(
    ports: &P,
    record: &BatchRecord,
    planned: &Planned,
) -> Result<bool, DatabaseError> {
    let store = ports.store();
    let read = || store.find_batch(&record.tenant_id, &record.id);
    let found = repeat(ports.clock(), read).await?;
    Ok(found.is_some_and(|found| {
        found.step == record.step + 1
            && found.due_at == planned.moved.due_at
            && found.at == planned.moved.at
            && found.status == planned.moved.status
    }))
}

async fn plan<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    record: &BatchRecord,
    ground: &BatchGround,
) -> Result<Option<Planned>, DatabaseError> {
    let now = ports.clock().now();
    let is_late = record.window_ends_at.is_some_and(|end| end <= now);
    let stops = match record.status {
        BatchStatus::InProgress => is_late,
        BatchStatus::Cancelling => true,
        BatchStatus::Validating => false,
        BatchStatus::Finalizing
        | BatchStatus::Completed
        | BatchStatus::Failed
        | BatchStatus::Cancelled
        | BatchStatus::Expired => return Ok(None),
    };
    let sample = sampled(record, now);
    let pause = now.millis_since(sample.at.unwrap_or(now)) / 2;
    let pause = pause.clamp(*PAUSES_MS.start(), *PAUSES_MS.end());
    let mut planned = Planned {
        now,
        jobs: BatchJobs::Left,
        moved: BatchMove {
            status: record.status,
            due_at: Some(now.plus_millis(pause)),
            at: record.at,
            unreadable_at: record.unreadable_at,
            sample,
            lines: record.lines,
            finding: record.finding.clone(),
        },
        made: Vec::new(),
    };
    if record.status == BatchStatus::Validating {
        planned.moved.due_at = Some(now);
        compatible::validate(ports, configuration, record, ground, &mut planned.moved).await?;
        return Ok(Some(planned));
    }
    let counts = record.counts;
    let all_made = record.at.jobs >= record.lines;
    if (all_made || stops) && counts.unfinished() == 0 {
        planned.end(
            record,
            if record.status == BatchStatus::Cancelling {
                BatchStatus::Cancelled
            } else if all_made {
                BatchStatus::Completed
            } else {
                BatchStatus::Expired
            },
        );
    } else if stops {
        if counts.queued + counts.retry_scheduled > 0 {
            planned.jobs = BatchJobs::Cancelled(CANCELLED_TOGETHER);
            planned.moved.due_at = Some(now);
        }
    } else if !all_made {
        let window = (WINDOW / ground.active.max(1)).max(SMALLEST_WINDOW);
        let room = window.saturating_sub(counts.unfinished());
        if room > 0 {
            let made = make(ports, configuration, record, ground, room).await?;
            planned.make(record, made);
        }
    }
    Ok(Some(planned))
}

/// How fast the jobs end, when more have ended than at the latest step that saw any.
fn sampled(record: &BatchRecord, now: Instant) -> Sample {
    let ended = record.counts.ended();
    let Some(at) = record.sample.at else {
        return Sample {
            at: Some(now),
            ended,
            per_1000_seconds: None,
        };
    };
    if ended <= record.sample.ended || now.millis_since(at) < 500 {
        return record.sample;
    }
    Sample {
        at: Some(now),
        ended,
        per_1000_seconds: throughput(record, now),
    }
}

/// How many jobs of a batch end in 1,000 seconds as things stand; `None`: too early to tell.
///
/// What the latest step knew counts like ten seconds of what was seen since, so that the figure
/// falls while nothing ends.
#[must_use]
pub fn throughput(record: &BatchRecord, now: Instant) -> Option<u32> {
    let millis = now.millis_since(record.sample.at?).max(0);
    let ended = record.counts.ended().saturating_sub(record.sample.ended);
    let seen = i64::from(ended).saturating_mul(1_000_000);
    let rate = match record.sample.per_1000_seconds {
        Some(known) => {
            let known = i64::from(known).saturating_mul(REMEMBERED_MS);
            known.saturating_add(seen) / millis.saturating_add(REMEMBERED_MS)
        }
        None if ended == 0 => return None,
        None => seen / millis.max(1),
    };
    u32::try_from(rate).ok()
}

/// Lines that became jobs.
struct Made {
    groups: Vec<String>,
    queued: Vec<JobId>,
    at: Place,
    /// Whether the line there cannot be read.
    is_cut_short: bool,
}

async fn make<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    record: &BatchRecord,
    ground: &BatchGround,
    room: u32,
) -> Result<Made, DatabaseError> {
    let known = Known {
        configuration,
        default_providers: &ground.default_providers,
    };
    let reader = Reader::of(record, known)?;
    let last = record.lines.min(record.at.jobs.saturating_add(room));
    let mut made = Made {
        groups: Vec::new(),
        queued: Vec::new(),
        at: record.at,
        is_cut_short: false,
    };
    let mut group = String::new();
    let mut bytes = 0;
    while made.at.jobs < last && bytes < STEP_BYTES {
        let Some(text) = unreadable::read(ports, record, made.at.chunk).await? else {
            made.is_cut_short = true;
            break;
        };
        let mut offset = usize::try_from(made.at.chunk_offset).unwrap_or(usize::MAX);
        while let Some(line) = text
            .get(offset..)
            .and_then(|rest| rest.split_inclusive('\n').next())
        {
            if made.at.jobs >= last || bytes >= STEP_BYTES {
                break;
            }
            offset = offset.saturating_add(line.len());
            let line = line.trim_end_matches(['\n', '\r']);
            if !line.trim().is_empty() {
                let job = job(&reader, &record.id, made.at, line);
                if job.code.is_none() {
                    made.queued.push(job.id.clone());
                }
                let text = job.encode();
                bytes += text.len();
                if !group.is_empty() && group.len() + text.len() > GROUP_BYTES {
                    made.groups
                        .push(format!("[{}]", std::mem::take(&mut group)));
                }
                if !group.is_empty() {
                    group.push(',');
                }
                group.push_str(&text);
                made.at.jobs += 1;
            }
            made.at.line += 1;
        }
        made.at.chunk_offset = u32::try_from(offset).unwrap_or(u32::MAX);
        if offset >= text.len() {
            made.at.chunk += 1;
            made.at.chunk_offset = 0;
        }
    }
    if !group.is_empty() {
        made.groups.push(format!("[{group}]"));
    }
    Ok(made)
}

/// The job of a line. One that broke a rule, at the submit or by now, is failed from the start.
fn job(reader: &Reader<'_>, batch: &BatchId, at: Place, line: &str) -> BatchJob {
    let id = batch.job(at.jobs);
    let read = match stored::read_invalid(line) {
        Some(invalid) => Err(Box::new(invalid.error)),
        None => reader.read(at.line, line),
    };
    match read {
        Ok(job) => queued(id, at.line, job),
        Err(error) => failed(id, *error),
    }
}

fn queued(id: JobId, line: u32, job: LineJob) -> BatchJob {
    BatchJob {
        id,
        kind: job.kind.as_str(),
        max_attempts: job.submission.max_attempts,
        deadline_seconds: job.submission.deadline_seconds,
        model: job.model,
        line,
        custom_id: job.custom_id,
        ref_type: job.submission.ref_type,
        ref_id: job.submission.ref_id,
        // A map of strings always has a JSON form.
        metadata: serde_json::to_string(&job.submission.metadata).unwrap_or_default(),
        code: None,
        error: None,
        request: job.request,
    }
}

fn failed(id: JobId, error: LineError) -> BatchJob {
    let message = format!("Line {} was not run: {}", error.line, error.detail);
    let detail = ErrorDetail::ours(message, false);
    BatchJob {
        id,
        kind: Kind::Generate.as_str(),
        max_attempts: limits::DEFAULT_MAX_ATTEMPTS,
        deadline_seconds: limits::DEFAULT_DEADLINE_SECONDS,
        model: None,
        line: error.line,
        custom_id: error.custom_id,
        ref_type: None,
        ref_id: None,
        metadata: "{}".to_owned(),
        code: Some(ErrorCode::InvalidRequest.as_str()),
        // Text and flags always have a JSON form.
        error: serde_json::to_string(&detail).ok(),
        request: "{}".to_owned(),
    }
}
