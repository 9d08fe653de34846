//! What jobs in a simulated world are like.

use super::core::Core;
use super::random::nth;
use super::replies::{CANARY, DEADLY};
use anyhow::Context as _;
use futures_util::FutureExt as _;
use redrive_shared::configuration::{Configuration, ProviderConfiguration};
use redrive_shared::idempotency::{Idempotency, IdempotencyKey};
use redrive_shared::ids::TenantId;
use redrive_shared::provider::{Provider, Providers};
use redrive_shared::request::{GenerateInput, GenerateRequest, Message, Role, Submission, Target};
use redrive_shared::retention::SHORTEST_SECONDS;
use redrive_shared::run::RunSettings;
use redrive_shared::store::{Store, TenantRow};
use std::collections::BTreeMap;
use std::time::Duration;

/// Failures allowed, seconds to the deadline, and whether the call takes its run down.
const SHAPES: [(u8, u32, bool); 8] = [
    (5, 86_400, false),
    (5, 86_400, true),
    (1, 86_400, false),
    (2, 3_600, false),
    (3, 600, false),
    (20, 604_800, false),
    (5, 30, false),
    (5, 3_600, false),
];

/// The shapes by number, the deadly one left out.
pub(crate) const HARMLESS: [u8; 7] = [0, 2, 3, 4, 5, 6, 7];

/// The shape whose call takes its run down.
pub(crate) const DEADLY_SHAPE: u8 = 1;

/// Seconds a job may be due before its message counts as lost.
pub(crate) const GRACE_SECONDS: u32 = 60;

/// The provider of all jobs.
pub(crate) const PROVIDER: &str = "first.example";

/// The provider that some jobs ask when the other does not answer.
const SECOND_PROVIDER: &str = "second.example";

/// The model of jobs that name none.
pub(crate) const MODEL: &str = "sim-1";

/// The shapes whose jobs name two providers.
const CHAINED_SHAPES: [u8; 3] = [1, 4, 5];

/// The shape whose jobs name a model of their own.
const OTHER_MODEL_SHAPE: u8 = 7;

/// Failures allowed and seconds to the deadline, of a job of this shape.
pub(crate) fn limits(shape: u8) -> (u8, u32) {
    let (max_attempts, deadline_seconds, _) =
        nth(&SHAPES, shape).copied().unwrap_or((5, 86_400, false));
    (max_attempts, deadline_seconds)
}

/// The request of a job of this shape.
pub(crate) fn request(shape: u8) -> GenerateRequest {
    let (max_attempts, deadline_seconds, deadly) =
        nth(&SHAPES, shape).copied().unwrap_or((5, 86_400, false));
    let word = if deadly { DEADLY } else { "harmless" };
    let model = if shape % 8 == OTHER_MODEL_SHAPE {
        "sim-2"
    } else {
        MODEL
    };
    let mut targets = vec![Target::new(PROVIDER, model)];
    if CHAINED_SHAPES.contains(&(shape % 8)) {
        targets.push(Target::new(SECOND_PROVIDER, model));
    }
    GenerateRequest {
        input: GenerateInput::new(
            targets,
            vec![Message::new(Role::User, format!("{CANARY} prompt, {word}"))],
        ),
        submission: Submission {
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            deadline_seconds,
            max_attempts,
        },
    }
}

fn providers() -> Providers {
    let both = [PROVIDER, SECOND_PROVIDER].map(|name| {
        let url = format!("http://{name}/v1");
        let mut one = ProviderConfiguration::new(name, Provider::OpenAi, url);
        one.api_key_secret = Some("API_KEY".to_owned());
        (name.to_owned(), one)
    });
    let configuration = Configuration {
        providers: BTreeMap::from(both),
        ..Configuration::default()
    };
    Providers::new(configuration, |_| Some(format!("sk-{CANARY}-key")))
}

/// How the consumer is set up.
pub(crate) fn settings() -> RunSettings {
    RunSettings {
        providers: providers(),
        attempt_timeout: Duration::from_mins(2),
        lease_margin: Duration::from_mins(1),
    }
}

/// Makes the two tenants of a world: one keeps things for as long as tenants do, the other for as
/// short as a tenant may.
///
/// # Errors
/// If the database does not take them.
pub(crate) fn tenants(core: &Core) -> anyhow::Result<[TenantRow; 2]> {
    let tenant = || TenantRow::new(TenantId::new(core.now(), &core.entropy), "t", core.now());
    let hasty = TenantRow {
        payload_retention_seconds: SHORTEST_SECONDS,
        retention_seconds: 2 * SHORTEST_SECONDS,
        ..tenant()
    };
    let tenants = [tenant(), hasty];
    for tenant in &tenants {
        let store = Store::new(&*core.database);
        let inserted = store.insert_tenant(tenant, None).now_or_never();
        inserted.context("the database waits")??;
    }
    Ok(tenants)
}

/// The idempotency key of this number.
///
/// # Errors
/// If it is not a key.
pub(crate) fn key(number: u8) -> anyhow::Result<IdempotencyKey> {
    Ok(IdempotencyKey::parse(format!("key-{number}").as_bytes())?)
}

/// The idempotency key of this number, on a request with this body.
///
/// # Errors
/// If it is not a key.
pub(crate) fn idempotency(number: u8, body: u8) -> anyhow::Result<Idempotency> {
    Ok(Idempotency::of_body(key(number)?, &body.into()))
}
