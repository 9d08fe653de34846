//! How runs begin that act on many jobs: batches, replays of many letters, purges.

use super::begin::Start;
use super::breach::Invariant;
use super::core::lock;
use super::gate::Role;
use super::operation::Wish;
use super::ports::RunPorts;
use super::random::nth;
use super::run::Ending;
use super::shape::{idempotency, key};
use super::upload::Upload;
use super::world::World;
use redrive_shared::audit::Actor;
use redrive_shared::batch;
use redrive_shared::batch::intake::{Intake, Refused, Taken};
use redrive_shared::configuration::Configuration;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::dead_letter::purge::{PurgeRequest, purge};
use redrive_shared::idempotency::IdempotencyKey;
use redrive_shared::ids::{BatchId, JobId, KeyId, ReplayId, TenantId};
use redrive_shared::replay::Overrides;
use redrive_shared::replays;
use redrive_shared::replays::request::ReplaysRequest;
use redrive_shared::request::Known;
use redrive_shared::store::SampleTerms;
use std::sync::Arc;

/// Bytes of an upload that arrive together.
const TOGETHER: usize = 300;

/// Samples that replays ask for: letters, and percent that must succeed.
const SAMPLES: [Option<(u32, u32)>; 4] = [None, Some((1, 100)), Some((2, 50)), Some((3, 1))];

/// Paces of replays, in letters a second.
const PACES: [u32; 4] = [10, 1, 500, 2];

impl World {
    pub(super) fn submit_batch(&mut self, shape: u8, number: u8) {
        let upload = Upload(shape);
        let tenant = nth(&self.tenants, upload.tenant()).cloned();
        let (Some(tenant), Some(start)) = (tenant, self.start(Role::Batch)) else {
            return;
        };
        let key = match (number > 0).then(|| key(number)).transpose() {
            Ok(key) => key,
            Err(error) => return self.broke(Invariant::OneJobAKey, error.to_string()),
        };
        let settings = Arc::clone(&self.settings);
        self.begin(start.id, async move {
            let configuration = settings.providers.configuration();
            let taken = take(&start.ports, configuration, &tenant, upload, key).await;
            Ending::BatchTaken(upload, number, taken)
        });
    }

    pub(super) fn cancel_batch(&mut self, index: u8) {
        let found = {
            let witness = lock(&self.core.witness);
            let ids: Vec<_> = witness.batches().collect();
            nth(&ids, index).and_then(|(tenant, id)| ids_of(tenant, id))
        };
        let Some((tenant, batch)): Option<(TenantId, BatchId)> = found else {
            return;
        };
        let Some(start) = self.start(Role::Control) else {
            return;
        };
        self.begin(start.id, async move {
            let cancelled = batch::cancel(&start.ports, &tenant, &batch, Actor::Operator).await;
            Ending::BatchCancelled(batch.to_string(), cancelled)
        });
    }

    pub(super) fn begin_replays(&mut self, shape: u8, number: u8) {
        let Some(tenant) = nth(&self.tenants, shape & 1).cloned() else {
            return;
        };
        let Some(start) = self.start(Role::Control) else {
            return;
        };
        let idempotency = (number > 0)
            .then(|| idempotency(number, shape).ok())
            .flatten();
        let request = self.replays_request(&tenant, shape);
        let actor = KeyId::new(self.core.now(), &self.core.entropy);
        self.begin(start.id, async move {
            let (ports, own) = (&start.ports, idempotency.as_ref());
            let begun = replays::begin(ports, &tenant, &actor, request, own).await;
            Ending::ReplaysBegun(tenant.to_string(), begun)
        });
    }

    fn replays_request(&self, tenant: &TenantId, shape: u8) -> ReplaysRequest {
        let sample = nth(&SAMPLES, (shape >> 1) & 3).copied().flatten();
        let filter = if shape & 16 == 0 {
            DeadLetterFilter::default()
        } else {
            DeadLetterFilter::of_jobs(self.every_second_job(tenant))
        };
        let overrides = if shape & 8 == 0 {
            Overrides::default()
        } else {
            Overrides {
                max_attempts: Some(2),
                deadline_seconds: Some(3_600),
                ..Overrides::default()
            }
        };
        ReplaysRequest {
            filter,
            is_dry_run: false,
            max_per_second: nth(&PACES, shape >> 5).copied().unwrap_or(10),
            sample: sample.map(|(letters, percent)| SampleTerms { letters, percent }),
            overrides,
            note: None,
        }
    }

    /// Every second job of the tenant, from the first on.
    fn every_second_job(&self, tenant: &TenantId) -> Vec<JobId> {
        let witness = lock(&self.core.witness);
        let own = witness.jobs().values().map(|known| &known.row);
        own.filter(|row| row.tenant == tenant.as_str())
            .step_by(2)
            .filter_map(|row| row.id.parse().ok())
            .collect()
    }

    pub(super) fn control(&mut self, index: u8, wish: Wish) {
        let found = {
            let witness = lock(&self.core.witness);
            let ids: Vec<_> = witness.replays().collect();
            nth(&ids, index).and_then(|(tenant, id)| ids_of(tenant, id))
        };
        let Some((tenant, replay)): Option<(TenantId, ReplayId)> = found else {
            return;
        };
        let Some(start) = self.start(Role::Control) else {
            return;
        };
        let actor = KeyId::new(self.core.now(), &self.core.entropy);
        let wish = match wish {
            Wish::Pause => replays::Wish::Pause,
            Wish::Resume => replays::Wish::Resume,
            Wish::Abort => replays::Wish::Abort,
        };
        self.begin(start.id, async move {
            let ports = &start.ports;
            let controlled = replays::control(ports, &tenant, &actor, &replay, wish).await;
            Ending::ReplaysControlled(replay.to_string(), wish, controlled)
        });
    }

    pub(super) fn purge(&mut self, tenant: u8, miscounts: bool) {
        let Some(tenant) = nth(&self.tenants, tenant).cloned() else {
            return;
        };
        let Some(Start { id, ports, .. }) = self.start(Role::Purge) else {
            return;
        };
        let letters = lock(&self.core.witness).letters_of(tenant.as_str()).len();
        let expected = u32::try_from(letters).unwrap_or(u32::MAX) + u32::from(miscounts);
        let actor = KeyId::new(self.core.now(), &self.core.entropy);
        let request = PurgeRequest {
            filter: DeadLetterFilter::default(),
            expected,
            note: None,
        };
        self.begin(id, async move {
            Ending::Purged(purge(&ports, &tenant, &actor, request).await)
        });
    }
}

/// Takes an upload that arrives in pieces.
async fn take(
    ports: &RunPorts,
    configuration: &Configuration,
    tenant: &TenantId,
    upload: Upload,
    key: Option<IdempotencyKey>,
) -> Result<Taken, Refused> {
    let known = Known {
        configuration,
        default_providers: &[],
    };
    let request = upload.request();
    let mut intake = Intake::begin(ports, known, tenant, &request).await?;
    for piece in upload.text().as_bytes().chunks(TOGETHER) {
        if let Err(refused) = intake.push(piece).await {
            intake.discard().await;
            return Err(refused);
        }
    }
    intake.finish(key).await
}

fn ids_of<I: std::str::FromStr>(tenant: &str, id: &str) -> Option<(TenantId, I)> {
    Some((tenant.parse().ok()?, id.parse().ok()?))
}
