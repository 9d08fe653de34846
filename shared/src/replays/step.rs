//! A step of a replay: some of its letters are put back, or its sample is looked at.
//!
//! One message takes many steps, a second or less apart, so that the pace does not depend on how
//! soon the queue delivers. Each is a transaction of its own, fenced by the number of steps: a step
//! that two take at once, or that an operator's pause came before, puts back nothing.

use super::pace::{Pace, TOGETHER};
use crate::clock::{Clock, Instant};
use crate::configuration::Configuration;
use crate::database::DatabaseError;
use crate::ids::{AuditId, JobId, ReplayId, TenantId};
use crate::ports::Ports;
use crate::queue::Lane;
use crate::repeat::repeat;
use crate::replay::settle;
use crate::request::{Known, Wanted};
use crate::store::{Candidate, PutBack, ReplayMove, ReplayRow, ReplayStatus, SampleTerms};
use crate::submit;
use crate::task::{self, Next};

/// How long one message takes steps, in milliseconds.
const LONGEST_MS: i64 = 20_000;

/// Steps that one message takes: each asks the database for up to six statements, and an invocation
/// may ask for a thousand.
const STEPS: u32 = 120;

/// The shortest and the longest time between two looks at a sample, in milliseconds.
const LOOKS_MS: std::ops::RangeInclusive<i64> = 1_000..=10_000;

/// Requests that are read together, where each may have megabytes.
const READ_TOGETHER: usize = 5;

/// Takes the steps of a replay that are due, for a while.
///
/// 1. The row is read. A replay that is paused or has ended has no step; one whose step is not due
///    has a message that comes then.
/// 2. As many letters as the pace allows are put back, in one transaction with the row's new place.
///    What cannot be put back is passed over.
/// 3. Their messages are sent. What is not taken, the sweep sends: the jobs are due.
///
/// # Errors
/// [`DatabaseError`]: a step may have been taken. Repeating is safe.
pub(crate) async fn step<P: Ports>(
    ports: &P,
    configuration: &Configuration,
    tenant: &TenantId,
    replay: &ReplayId,
) -> Result<Next, DatabaseError> {
    let (clock, store) = (ports.clock(), ports.store());
    let began_at = clock.now();
    let read = || store.find_replays(tenant, replay);
    let Some(mut row) = repeat(clock, read).await? else {
        return Ok(Next::Nothing);
    };
    let defaults = defaults(ports, &row).await?;
    let known = Known {
        configuration,
        default_providers: &defaults,
    };
    for number in 0..STEPS {
        let Some(due_at) = row.due_at else {
            return Ok(Next::Nothing);
        };
        let is_over = clock.now().millis_since(began_at) > LONGEST_MS;
        if is_over || !task::wait_until_due(clock, due_at).await {
            return Ok(if number == 0 {
                Next::Nothing
            } else {
                Next::At(due_at)
            });
        }
        let moved = plan(ports, &row, &known).await?;
        let moving = || store.move_replays(&row, &moved);
        let after = repeat(clock, moving).await?;
        let Some(after) = after.filter(|after| is_taken(&row, &moved, after)) else {
            return Ok(Next::Nothing);
        };
        let put_back = moved.letters.iter().map(|letter| &letter.id);
        submit::send_all(ports, Lane::Bulk, tenant, put_back).await;
        row = after;
    }
    Ok(row.due_at.map_or(Next::Nothing, Next::At))
}

/// Whether the row is as the step leaves it: this one took effect, or one that did the same.
fn is_taken(before: &ReplayRow, moved: &ReplayMove, after: &ReplayRow) -> bool {
    after.step == before.step + 1
        && after.status == moved.status
        && after.due_at == moved.due_at
        && after.last_job_id == moved.last.clone().or_else(|| before.last_job_id.clone())
}

/// Whom the tenant's jobs ask that name nobody, where that matters.
async fn defaults<P: Ports>(ports: &P, row: &ReplayRow) -> Result<Vec<Wanted>, DatabaseError> {
    if row.overrides.whom.is_nobody() {
        return Ok(Vec::new());
    }
    let tenant = repeat(ports.clock(), || ports.store().tenant(&row.tenant_id)).await?;
    Ok(tenant
        .map(|tenant| tenant.default_providers)
        .unwrap_or_default())
}

async fn plan<P: Ports>(
    ports: &P,
    row: &ReplayRow,
    known: &Known<'_>,
) -> Result<ReplayMove, DatabaseError> {
    let now = ports.clock().now();
    let nothing = ReplayMove {
        now,
        letters: Vec::new(),
        looked_at: 0,
        last: None,
        status: ReplayStatus::Running,
        reason: None,
        due_at: Some(now),
        sample_passed: false,
        audit_id: AuditId::new(now, ports.entropy()),
    };
    let pace = Pace::new(row.max_per_second, row.paced_at, row.paced_replayed);
    let mut most = pace.allowed(now, row.replayed);
    if let Some(sample) = row.open_sample() {
        let tried = u32::try_from(row.replayed).unwrap_or(u32::MAX);
        if tried >= sample.letters {
            return judge(ports, row, sample, nothing).await;
        }
        most = most.min(sample.letters - tried);
    }
    let candidates = repeat(ports.clock(), || ports.store().pick_letters(row, TOGETHER)).await?;
    let chosen = choose(ports, row, known, &candidates, most).await?;
    let is_last = chosen.looked_at == candidates.len()
        && candidates.len() < usize::try_from(TOGETHER).unwrap_or(usize::MAX);
    let done = row.replayed.saturating_add(count(chosen.letters.len()));
    Ok(ReplayMove {
        status: if is_last {
            ReplayStatus::Completed
        } else {
            ReplayStatus::Running
        },
        due_at: match (is_last, chosen.letters.is_empty()) {
            (true, _) => None,
            // Nothing but letters that were passed over: there is nothing to wait for.
            (false, true) => Some(now),
            (false, false) => Some(pace.next(now, done)),
        },
        last: chosen.last,
        looked_at: chosen.looked_at,
        letters: chosen.letters,
        ..nothing
    })
}

fn count(letters: usize) -> u64 {
    u64::try_from(letters).unwrap_or(u64::MAX)
}

/// Looks at a sample whose letters were all put back: the replay goes on, waits, or pauses.
async fn judge<P: Ports>(
    ports: &P,
    row: &ReplayRow,
    sample: SampleTerms,
    nothing: ReplayMove,
) -> Result<ReplayMove, DatabaseError> {
    let now = nothing.now;
    let standing = repeat(ports.clock(), || ports.store().sample_standing(row)).await?;
    if standing.finished < sample.letters {
        let waited = now.millis_since(row.paced_at) / 10;
        let pause = waited.clamp(*LOOKS_MS.start(), *LOOKS_MS.end());
        return Ok(ReplayMove {
            due_at: Some(now.plus_millis(pause)),
            ..nothing
        });
    }
    let (succeeded, percent) = (u64::from(standing.succeeded), u64::from(sample.percent));
    if succeeded * 100 >= percent * u64::from(sample.letters) {
        let pace = Pace::new(row.max_per_second, now, row.replayed);
        return Ok(ReplayMove {
            due_at: Some(pace.next(now, row.replayed)),
            sample_passed: true,
            ..nothing
        });
    }
    let reason = format!(
        "{succeeded} of the {} letters of the sample succeeded, and {percent} % were asked for",
        sample.letters
    );
    Ok(ReplayMove {
        status: ReplayStatus::Paused,
        reason: Some(reason),
        due_at: None,
        ..nothing
    })
}

/// What a step puts back, and how far it looked for that.
struct Chosen {
    letters: Vec<PutBack>,
    looked_at: usize,
    last: Option<JobId>,
}

/// The first of the candidates that can be put back, as many as the step may.
async fn choose<P: Ports>(
    ports: &P,
    row: &ReplayRow,
    known: &Known<'_>,
    candidates: &[Candidate],
    most: u32,
) -> Result<Chosen, DatabaseError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut chosen = Chosen {
        letters: Vec::new(),
        looked_at: 0,
        last: None,
    };
    let asks_others = !row.overrides.whom.is_nobody();
    for together in candidates.chunks(READ_TOGETHER) {
        let judged = if asks_others {
            judge_requests(ports, row, known, together).await?
        } else {
            let as_before = together.iter().map(|candidate| {
                (!candidate.payload_deleted).then(|| PutBack {
                    id: candidate.id.clone(),
                    chain: None,
                })
            });
            as_before.collect()
        };
        for (candidate, letter) in together.iter().zip(judged) {
            if chosen.letters.len() >= most {
                return Ok(chosen);
            }
            chosen.letters.extend(letter);
            chosen.looked_at += 1;
            chosen.last = Some(candidate.id.clone());
        }
    }
    Ok(chosen)
}

/// Of each letter, whom it asks from now on; `None` where it cannot be asked of them.
async fn judge_requests<P: Ports>(
    ports: &P,
    row: &ReplayRow,
    known: &Known<'_>,
    candidates: &[Candidate],
) -> Result<Vec<Option<PutBack>>, DatabaseError> {
    let jobs: Vec<&JobId> = candidates.iter().map(|candidate| &candidate.id).collect();
    let read = || ports.store().asked_each(&row.tenant_id, &jobs);
    let asked = repeat(ports.clock(), read).await?;
    let judged = candidates.iter().zip(asked).map(|(candidate, asked)| {
        let asked = asked.filter(|_| !candidate.payload_deleted)?;
        let chain = settle(&row.overrides.whom, &asked, known).ok()?;
        Some(PutBack {
            id: candidate.id.clone(),
            chain: Some(chain),
        })
    });
    Ok(judged.collect())
}

/// When the first step of a replay is due that is made, or goes on, now.
pub(super) fn first_due(per_second: u32, now: Instant) -> Instant {
    Pace::new(per_second, now, 0).next(now, 0)
}
