//! Replay: the use case that puts a dead letter back, with a fresh budget and its history.

use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::idempotency::Idempotency;
use crate::ids::{AuditId, JobId, KeyId, TenantId};
use crate::job::{JobState, Kind};
use crate::json::rules::{integer, label};
use crate::json::{FieldError, Fields};
use crate::ports::Ports;
use crate::provider::capabilities;
use crate::repeat::repeat;
use crate::request::{GenerateInput, Known, Target, Whom, limits};
use crate::store::{Asked, NewReplay};
use crate::submit;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::RangeInclusive;

/// Length of a replay's `note`, in bytes.
pub const NOTE_BYTES: RangeInclusive<usize> = 1..=500;

/// What an operator asks for with a replay. What is `None` stays as the job has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayRequest {
    /// What is to be different this time.
    pub overrides: Overrides,
    /// Why, in the operator's words; for the audit log.
    pub note: Option<String>,
}

/// What a replay does differently.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Overrides {
    /// Whom to ask. A model alone is asked of the first provider that the job names.
    #[serde(flatten)]
    pub whom: Whom,
    /// How many attempts may fail before the job is dead-lettered again; 1 to 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Seconds from the replay after which no attempt begins; 1 to 604,800.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<u32>,
}

impl Overrides {
    /// Reads them, by the rules of a `generate` request.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        Self {
            whom: Whom::read(fields),
            max_attempts: fields
                .optional("maxAttempts", integer(limits::MAX_ATTEMPTS))
                .map(u32::from),
            deadline_seconds: fields.optional("deadlineSeconds", integer(limits::DEADLINE_SECONDS)),
        }
    }

    /// The model that they name first.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        let first = self.whom.providers.first();
        let listed = first.and_then(|first| first.model.as_deref());
        self.whom.model.as_deref().or(listed)
    }
}

impl ReplayRequest {
    /// Reads the body of a replay, by the rules of a `generate` request.
    ///
    /// # Errors
    /// Every violation, with a pointer to it, unknown fields among them.
    pub fn read(value: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        let overrides = Overrides::read(&mut fields);
        let note = fields
            .optional("note", label(NOTE_BYTES))
            .map(str::to_owned);
        fields.finish(|| Some(Self { overrides, note }))
    }
}

/// What became of the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// The job is in `queued`, by this call.
    Done,
    /// An earlier request with the same idempotency key, for the same, put the job back.
    Repeated,
    /// An earlier request has the idempotency key, and asked for something else.
    KeyReused,
    /// The job is in another state, which a replay does not leave.
    NotDead(JobState),
    /// The job is dead, and its request was deleted when its time was over.
    PayloadDeleted,
    /// The tenant has no such job.
    Unknown,
    /// Whom the job is to ask cannot be asked; nothing was changed.
    Refused(Vec<FieldError>),
}

/// Puts a dead letter back into `queued`, for `actor`.
///
/// 1. Where the request names somebody to ask, whom the job named so far is read, and the chain
///    settled as at a submit.
/// 2. In one transaction: an entry in the audit log, the transition, and a look at the job. Of
///    many at once, one finds the job dead. A repeat after a lost answer finds its own entry.
/// 3. The message is sent. Whether that works is not the caller's concern: the row is the promise,
///    and the sweep sends again what was not taken.
///
/// Attempts keep counting from where they stood, so that whatever still runs for the job stays
/// fenced off. Why the job was dead stays with it until the next attempt says otherwise.
///
/// # Errors
/// [`DatabaseError`]: the job may be replayed or not. Asked again with the same idempotency key,
/// or when the job is dead, it is safe.
pub async fn replay<P: Ports>(
    ports: &P,
    known: &Known<'_>,
    tenant: &TenantId,
    job: &JobId,
    actor: &KeyId,
    request: ReplayRequest,
    idempotency: Option<Idempotency>,
) -> Result<Replayed, DatabaseError> {
    let clock = ports.clock();
    let mut chain = None;
    if !request.overrides.whom.is_nobody() {
        let asked = repeat(clock, || ports.store().asked(tenant, job)).await?;
        let Some(asked) = asked else {
            return Ok(Replayed::Unknown);
        };
        match settle(&request.overrides.whom, &asked, known) {
            Ok(settled) => chain = Some(settled),
            Err(errors) => return Ok(Replayed::Refused(errors)),
        }
    }
    let now = clock.now();
    let overrides = serde_json::to_string(&request.overrides)
        .map_err(|error| DatabaseError::Corrupt(error.to_string()))?;
    let new = NewReplay {
        audit_id: AuditId::new(now, ports.entropy()),
        tenant_id: tenant.clone(),
        job_id: job.clone(),
        now,
        actor: actor.clone(),
        max_attempts: request.overrides.max_attempts,
        deadline_seconds: request.overrides.deadline_seconds,
        chain,
        overrides,
        note: request.note,
        idempotency,
    };
    let standing = repeat(clock, || ports.store().replay(&new)).await?;
    let Some(found) = standing.job else {
        return Ok(Replayed::Unknown);
    };
    if found.is_replayed {
        submit::send(ports, tenant, job).await;
        return Ok(Replayed::Done);
    }
    if let (Some(holder), Some(own)) = (standing.key_holder, &new.idempotency) {
        return Ok(if holder.request_hash == own.request_hash {
            Replayed::Repeated
        } else {
            Replayed::KeyReused
        });
    }
    Ok(match found.state {
        JobState::DeadLettered => Replayed::PayloadDeleted,
        state @ (JobState::Queued
        | JobState::Running
        | JobState::RetryScheduled
        | JobState::Succeeded
        | JobState::Failed
        | JobState::Cancelled) => Replayed::NotDead(state),
    })
}

/// Whom the job asks from now on.
pub(crate) fn settle(
    whom: &Whom,
    asked: &Asked,
    known: &Known<'_>,
) -> Result<Vec<Target>, Vec<FieldError>> {
    if asked.kind != Kind::Generate {
        let given = [
            ("/model", whom.model.is_some()),
            ("/provider", whom.provider.is_some()),
            ("/providers", !whom.providers.is_empty()),
        ];
        let errors = given.into_iter().filter(|(_, given)| *given);
        let errors = errors.map(|(pointer, _)| FieldError {
            pointer: pointer.to_owned(),
            detail: "must be absent: this job asks no model".to_owned(),
        });
        return Err(errors.collect());
    }
    let first = asked
        .input
        .as_ref()
        .and_then(|input| input.providers.first());
    let mut wanted = whom.clone();
    if wanted.providers.is_empty() && wanted.provider.is_none() {
        wanted.provider = first.map(|first| first.provider.clone());
    }
    let chain = wanted.chain(known)?;
    let input = asked.input.as_ref();
    let errors = input.map_or_else(Vec::new, |input| unable(whom, &chain, input, known));
    if errors.is_empty() {
        Ok(chain)
    } else {
        Err(errors)
    }
}

/// Who of the chain cannot do what the job asks for, at the field that names the provider.
fn unable(
    given: &Whom,
    chain: &[Target],
    input: &GenerateInput,
    known: &Known<'_>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, target) in chain.iter().enumerate() {
        let Some(provider) = known.configuration.providers.get(&target.provider) else {
            continue;
        };
        let rules = capabilities::unsupported(provider, &target.model, input);
        if rules.is_empty() {
            continue;
        }
        let rules = rules.iter().map(|(at, rule)| format!("`{at}` {rule}"));
        let rules: Vec<String> = rules.collect();
        errors.push(FieldError {
            pointer: match (given.providers.is_empty(), given.provider.is_some()) {
                (false, _) => format!("/providers/{index}"),
                (true, true) => "/provider".to_owned(),
                (true, false) => "/model".to_owned(),
            },
            detail: format!("cannot do what the job asks for: {}", rules.join("; ")),
        });
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_replay_takes_overrides_and_nothing_else() {
        let whole = json!({
            "model": "m", "provider": "openai", "maxAttempts": 20, "deadlineSeconds": 604_800,
            "note": "the key is right now"
        });
        let read = ReplayRequest::read(&whole).expect("it is right");
        assert_eq!(
            serde_json::to_value(&read.overrides).ok(),
            Some(json!({
                "model": "m", "provider": "openai", "maxAttempts": 20, "deadlineSeconds": 604_800
            }))
        );
        assert_eq!(read.note.as_deref(), Some("the key is right now"));
        assert_eq!(
            ReplayRequest::read(&json!({})),
            Ok(ReplayRequest::default())
        );
        assert_eq!(
            serde_json::to_string(&Overrides::default()).ok().as_deref(),
            Some("{}")
        );
    }
}
