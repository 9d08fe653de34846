//! How runs begin.

use super::breach::Invariant;
use super::core::lock;
use super::gate::{Role, RunId};
use super::operation::Way;
use super::ports::RunPorts;
use super::random::nth;
use super::run::{Ending, Run};
use super::shape::{GRACE_SECONDS, idempotency, request};
use super::world::World;
use redrive_shared::audit::Actor;
use redrive_shared::cancel::cancel;
use redrive_shared::circuit::CircuitMemory;
use redrive_shared::configuration::Configuration;
use redrive_shared::dead_letter;
use redrive_shared::ids::{JobId, KeyId, TenantId};
use redrive_shared::queue::Lane;
use redrive_shared::replay::{Overrides, ReplayRequest, replay};
use redrive_shared::request::Known;
use redrive_shared::run::{Delivered, Disposition, RunSettings, run_delivery};
use redrive_shared::status;
use redrive_shared::submit::{submit, submit_once};
use redrive_shared::sweep::sweep;
use redrive_shared::task;
use std::sync::Arc;
use std::time::Duration;

/// Messages of a delivery at most.
const DELIVERY: u8 = 10;

/// From this number of a key on, a replay asks for a short deadline and a single failure.
const OVERRIDES: u8 = 128;

/// A run that is about to begin: its name, its ports, and what its machine knows of the circuits.
pub(super) struct Start {
    pub(super) id: RunId,
    pub(super) ports: RunPorts,
    circuits: Arc<CircuitMemory>,
}

/// Does what the messages of a queue ask for.
async fn receive(
    start: &Start,
    settings: &RunSettings,
    way: Way,
    messages: &[Delivered],
) -> Vec<Disposition> {
    let ports = &start.ports;
    let lane = match way {
        Way::Single => Lane::Single,
        Way::Bulk => Lane::Bulk,
        Way::Task => {
            return task::receive(ports, settings.providers.configuration(), messages).await;
        }
        Way::Letter => return dead_letter::receive(ports, messages).await,
    };
    let (transport, circuits) = (ports.transport(), &start.circuits);
    run_delivery(ports, transport, settings, circuits, lane, messages).await
}

impl World {
    pub(super) fn start(&mut self, role: Role) -> Option<Start> {
        let id = self.next_run(role);
        let isolate = self.isolates.get(id.machine)?;
        Some(Start {
            id,
            ports: RunPorts::new(&self.core, id, isolate.skew),
            circuits: Arc::clone(&isolate.circuits),
        })
    }

    /// Begins a run: it goes up to its first effect.
    pub(super) fn begin(&mut self, id: RunId, future: impl Future<Output = Ending> + 'static) {
        let now = self.core.now();
        self.enter(Run::new(id, now, future));
    }

    pub(super) fn submit(&mut self, shape: u8) {
        let tenant = nth(&self.tenants, shape >> 3).cloned();
        let (Some(tenant), Some(start)) = (tenant, self.start(Role::Submit)) else {
            return;
        };
        let request = request(shape);
        self.begin(start.id, async move {
            Ending::Submitted(submit(&start.ports, &tenant, &request).await)
        });
    }

    pub(super) fn submit_once(&mut self, key: u8, shape: u8) {
        let tenant = nth(&self.tenants, shape >> 3).cloned();
        let (Some(tenant), Some(start)) = (tenant, self.start(Role::Submit)) else {
            return;
        };
        let idempotency = match idempotency(key, shape) {
            Ok(idempotency) => idempotency,
            Err(error) => return self.broke(Invariant::OneJobAKey, error.to_string()),
        };
        let request = request(shape);
        self.begin(start.id, async move {
            let submitted = submit_once(&start.ports, &tenant, &request, &idempotency).await;
            Ending::SubmittedOnce(key, shape, submitted)
        });
    }

    pub(super) fn deliver(&mut self, way: Way, first: u8, count: u8) {
        let role = match way {
            Way::Single | Way::Bulk => Role::Delivery,
            Way::Task => Role::Step,
            Way::Letter => Role::Letters,
        };
        let Some(start) = self.start(role) else {
            return;
        };
        let now = self.core.now();
        let count = usize::from(count.clamp(1, DELIVERY));
        let mut lane = self.core.lane(way);
        let messages = lane.take(start.id.number, first, count, now, way.queue());
        drop(lane);
        if messages.is_empty() {
            return;
        }
        let settings = Arc::clone(&self.settings);
        self.begin(start.id, async move {
            let dispositions = receive(&start, &settings, way, &messages).await;
            Ending::Delivered(way, messages, dispositions)
        });
    }

    pub(super) fn begin_sweep(&mut self) {
        let Some(start) = self.start(Role::Sweep) else {
            return;
        };
        self.begin(start.id, async move {
            // A sweep that fails is made up for by the next one.
            drop(sweep(&start.ports, GRACE_SECONDS).await);
            Ending::Swept
        });
    }

    /// A job of the world by its index, and whose it is.
    fn job(&self, index: u8) -> Option<(TenantId, JobId)> {
        let witness = lock(&self.core.witness);
        let jobs: Vec<_> = witness.jobs().values().map(|known| &known.row).collect();
        let row = nth(&jobs, index)?;
        Some((row.tenant.parse().ok()?, row.id.parse().ok()?))
    }

    pub(super) fn cancel(&mut self, job: u8) {
        let Some((tenant, job)) = self.job(job) else {
            return;
        };
        let Some(start) = self.start(Role::Cancel) else {
            return;
        };
        self.begin(start.id, async move {
            let cancelled = cancel(&start.ports, &tenant, &job, Actor::Operator).await;
            Ending::Cancelled(job.to_string(), cancelled)
        });
    }

    pub(super) fn replay(&mut self, job: u8, key: u8) {
        let Some((tenant, job)) = self.job(job) else {
            return;
        };
        let Some(start) = self.start(Role::Replay) else {
            return;
        };
        let number = key % OVERRIDES;
        let idempotency = (number > 0)
            .then(|| idempotency(number, key).ok())
            .flatten();
        let actor = KeyId::new(self.core.now(), &self.core.entropy);
        let overrides = if key < OVERRIDES {
            Overrides::default()
        } else {
            Overrides {
                max_attempts: Some(1),
                deadline_seconds: Some(120),
                ..Overrides::default()
            }
        };
        let request = ReplayRequest {
            overrides,
            note: None,
        };
        self.begin(start.id, async move {
            let ports = &start.ports;
            // Nothing of whom to ask is overridden, so that nothing is looked up here.
            let known = Known {
                configuration: &Configuration::default(),
                default_providers: &[],
            };
            let replayed = replay(ports, &known, &tenant, &job, &actor, request, idempotency).await;
            Ending::Replayed(job.to_string(), replayed)
        });
    }

    pub(super) fn read(&mut self, job: u8, foreign: bool) {
        let Some((owner, job)) = self.job(job) else {
            return;
        };
        let Some(start) = self.start(Role::Read) else {
            return;
        };
        let other = self.tenants.iter().find(|tenant| **tenant != owner);
        let tenant = other.filter(|_| foreign).cloned().unwrap_or(owner);
        self.begin(start.id, async move {
            let wait = Duration::from_secs(2);
            let found = status::find(&start.ports, &tenant, &job, wait).await;
            Ending::Read {
                job: job.to_string(),
                foreign,
                found,
            }
        });
    }
}
