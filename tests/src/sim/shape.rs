//! What jobs in a simulated world are like.

use super::core::Core;
use super::random::nth;
use super::replies::{CANARY, DEADLY};
use anyhow::Context as _;
use futures_util::FutureExt as _;
use redrive_shared::idempotency::{Idempotency, IdempotencyKey};
use redrive_shared::ids::TenantId;
use redrive_shared::provider::{ProviderSettings, Secret};
use redrive_shared::request::{GenerateInput, GenerateRequest, Message, ResponseFormat, Role};
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

/// The model of jobs that name none.
pub(crate) const MODEL: &str = "sim-1";

/// The shape whose jobs name a model of their own.
const OTHER_MODEL_SHAPE: u8 = 7;

/// The request of a job of this shape.
pub(crate) fn request(shape: u8) -> GenerateRequest {
    let (max_attempts, deadline_seconds, deadly) =
        nth(&SHAPES, shape).copied().unwrap_or((5, 86_400, false));
    let word = if deadly { DEADLY } else { "harmless" };
    GenerateRequest {
        input: GenerateInput {
            messages: vec![Message {
                role: Role::User,
                content: format!("{CANARY} prompt, {word}"),
            }],
            model: (shape % 8 == OTHER_MODEL_SHAPE).then(|| "sim-2".to_owned()),
            max_tokens: None,
            temperature: None,
            response_format: ResponseFormat::Text,
            language: None,
            difficulty: None,
        },
        ref_type: None,
        ref_id: None,
        metadata: BTreeMap::new(),
        deadline_seconds,
        max_attempts,
    }
}

/// How the consumer is set up.
pub(crate) fn settings() -> RunSettings {
    RunSettings {
        provider: ProviderSettings {
            base_url: "http://127.0.0.1:9/v1".to_owned(),
            api_key: Some(Secret::new(format!("sk-{CANARY}-key"))),
            default_model: Some(MODEL.to_owned()),
        },
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
        let inserted = store.insert_tenant(tenant).now_or_never();
        inserted.context("the database waits")??;
    }
    Ok(tenants)
}

/// The idempotency key of this number, on a request with this body.
///
/// # Errors
/// If it is not a key.
pub(crate) fn idempotency(number: u8, body: u8) -> anyhow::Result<Idempotency> {
    let key = IdempotencyKey::parse(format!("key-{number}").as_bytes())?;
    Ok(Idempotency::of_body(key, &body.into()))
}
