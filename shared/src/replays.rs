//! Replays of many letters: put back at a pace, step by step, and watched by an operator.
//!
//! [`crate::replay`] puts back one.

pub mod pace;
pub mod request;
pub(crate) mod step;

use crate::audit::{Actor, Deed};
use crate::clock::Clock;
use crate::configuration::Cost;
use crate::database::DatabaseError;
use crate::day::Day;
use crate::idempotency::Idempotency;
use crate::ids::{KeyId, ReplayId, TenantId};
use crate::job::Kind;
use crate::json::FieldError;
use crate::message::{Task, TaskMessage};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::replay::Overrides;
use crate::request::Known;
use crate::store::{DeadLetterGroups, LettersOfModel, NewReplays, ReplayControl, ReplayRow};
use crate::task;
use crate::usage::{GroupBy, UsageRange};
use request::ReplaysRequest;

/// Days whose usage tells what an answer costs.
const PRICED_DAYS: i32 = 30;

/// What became of the wish for a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It runs, by this call; so many letters match.
    New(ReplayId, u64),
    /// An earlier request with the same idempotency key, for the same, made this one.
    Repeated(ReplayId, u64),
    /// An earlier request has the idempotency key, and asked for something else.
    KeyReused,
    /// Another of the tenant's runs or is paused.
    Running(ReplayId),
    /// No dead letter matches.
    NothingMatches,
}

/// What a replay would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The letters by their causes.
    pub groups: DeadLetterGroups,
    /// Letters that have lost their request: they would be passed over.
    pub payload_deleted: u64,
    /// What the others may cost, in micro-dollars, by what answers of their models cost in the last
    /// 30 days; `None` where that is known of none.
    pub estimated_cost: Option<Cost>,
    /// Letters of which it is not known.
    pub without_estimate: u64,
}

/// Checks whom a replay names, as far as that can be judged without a letter.
///
/// # Errors
/// Every violation, with pointers that begin with `/overrides`.
pub fn check(overrides: &Overrides, known: &Known<'_>) -> Result<(), Vec<FieldError>> {
    let whom = &overrides.whom;
    if whom.provider.is_none() && whom.providers.is_empty() {
        return Ok(());
    }
    let place = |mut error: FieldError| {
        error.pointer = format!("/overrides{}", error.pointer);
        error
    };
    match whom.chain(known) {
        Ok(_) => Ok(()),
        Err(errors) => Err(errors.into_iter().map(place).collect()),
    }
}

/// What the request would do. Changes nothing.
///
/// # Errors
/// [`DatabaseError`].
pub async fn preview<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    request: &ReplaysRequest,
) -> Result<Preview, DatabaseError> {
    let (clock, store) = (ports.clock(), ports.store());
    let read = repeat(clock, || store.preview_replays(tenant, &request.filter)).await?;
    let today = Day::of(clock.now());
    let range = UsageRange::new(Some(today.plus_days(1 - PRICED_DAYS)), None, today);
    let prices = match range {
        Ok(range) => {
            let used = || store.usage(tenant, &range, GroupBy::Model);
            repeat(clock, used).await?.groups
        }
        Err(_) => Vec::new(),
    };
    let of_answer = |model: &str| {
        let (_, sums) = prices.iter().find(|(name, _)| name == model)?;
        sums.cost_micro_usd?.checked_div(sums.answers)
    };
    let named = request.overrides.model();
    let (mut estimated_cost, mut without_estimate) = (None, 0);
    for of_model in &read.models {
        let letters = of_model.letters.saturating_sub(of_model.without_payload);
        match cost_of(of_model, named, &of_answer) {
            Some(cost) => {
                let sum: Cost = estimated_cost.unwrap_or_default();
                estimated_cost = Some(sum.saturating_add(cost.saturating_mul(letters)));
            }
            None => without_estimate += letters,
        }
    }
    Ok(Preview {
        payload_deleted: read.models.iter().map(|model| model.without_payload).sum(),
        groups: read.groups,
        estimated_cost,
        without_estimate,
    })
}

/// What an answer to one of these letters may cost; running a program costs nothing.
fn cost_of(
    letters: &LettersOfModel,
    named: Option<&str>,
    of_answer: &impl Fn(&str) -> Option<Cost>,
) -> Option<Cost> {
    match letters.kind {
        Kind::Generate => of_answer(named.or(letters.model.as_deref())?),
        Kind::Execute | Kind::ExecuteTests => Some(0),
    }
}

/// Begins a replay, for `actor`.
///
/// 1. In one transaction: the letters are counted, and the row is there, with an entry in the audit
///    log. Of many at once, one finds the tenant without a replay. A repeat after a lost answer finds
///    its own row.
/// 2. The message of its first step is sent. Whether that works is not the caller's concern: the row
///    is the promise, and the sweep sends again what was not taken.
///
/// # Errors
/// [`DatabaseError`]: it may run or not. Asked again with the same idempotency key it is safe;
/// without, a second one finds the first.
pub async fn begin<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    actor: &KeyId,
    request: ReplaysRequest,
    idempotency: Option<&Idempotency>,
) -> Result<Begun, DatabaseError> {
    let clock = ports.clock();
    let now = clock.now();
    let new = NewReplays {
        id: ReplayId::new(now, ports.entropy()),
        tenant_id: tenant.clone(),
        now,
        actor: Actor::Key(actor.clone()),
        note: request.note,
        filter: request.filter,
        overrides: request.overrides,
        max_per_second: request.max_per_second,
        due_at: step::first_due(request.max_per_second, now),
        sample: request.sample,
    };
    let insert = || ports.store().insert_replays(&new, idempotency);
    let standing = repeat(clock, insert).await?;
    if let Some(matched) = standing.matched {
        send(ports, tenant, &new.id).await;
        return Ok(Begun::New(new.id, matched));
    }
    if let (Some((holder, matched)), Some(own)) = (standing.key_holder, idempotency) {
        return Ok(if holder.request_hash == own.request_hash {
            Begun::Repeated(holder.id, matched)
        } else {
            Begun::KeyReused
        });
    }
    Ok(standing
        .active
        .map_or(Begun::NothingMatches, Begun::Running))
}

/// What an operator wants of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to wait.
    Pause,
    /// It is to go on.
    Resume,
    /// It is to end; what was put back stays so.
    Abort,
}

/// What became of that.
#[derive(Clone, Debug, PartialEq)]
pub enum Controlled {
    /// It stands as wished, by this call or by one before it.
    Done(Box<ReplayRow>),
    /// It has ended in another way.
    Ended(Box<ReplayRow>),
    /// The tenant has no such replay.
    Unknown,
}

/// Pauses a replay, goes on with it, or ends it. Letters that were put back are not taken back.
///
/// 1. The row gets its status, with an entry in the audit log, in one transaction. A step that is
///    under way is fenced off, or was taken before.
/// 2. The message of the next step is sent for one that goes on.
///
/// # Errors
/// [`DatabaseError`]. Repeating is safe.
pub async fn control<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    actor: &KeyId,
    replay: &ReplayId,
    wish: Wish,
) -> Result<Controlled, DatabaseError> {
    let (clock, store) = (ports.clock(), ports.store());
    let find = || store.find_replays(tenant, replay);
    let Some(found) = repeat(clock, find).await? else {
        return Ok(Controlled::Unknown);
    };
    let now = clock.now();
    let control = match wish {
        Wish::Pause => ReplayControl::Pause,
        Wish::Resume => ReplayControl::Resume(step::first_due(found.max_per_second, now)),
        Wish::Abort => ReplayControl::Abort,
    };
    let deed = Deed::new(now, ports.entropy(), Actor::Key(actor.clone()));
    let set = || store.control_replays(tenant, replay, control, &deed);
    let Some(row) = repeat(clock, set).await? else {
        return Ok(Controlled::Unknown);
    };
    if row.status != control.leads_to() {
        return Ok(Controlled::Ended(Box::new(row)));
    }
    if wish == Wish::Resume {
        send(ports, tenant, replay).await;
    }
    Ok(Controlled::Done(Box::new(row)))
}

/// Sends the message of the next step.
async fn send<P: Ports>(ports: &P, tenant: &TenantId, replay: &ReplayId) {
    let message = TaskMessage {
        tenant_id: tenant.clone(),
        task: Task::Replay(replay.clone()),
    };
    task::send(ports, &message, ports.clock().now()).await;
}
