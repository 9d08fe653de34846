//! The ports of one run: each effect waits at a gate, then takes place in the world's shared part.

use super::core::{Core, lock};
use super::gate::{Effect, Gate, RunId};
use super::operation::{Outcome, Reply, Trouble, Way};
use super::replies;
use redrive_shared::clock::{Clock, Instant};
use redrive_shared::database::{Database, DatabaseError, Statement, StatementResult};
use redrive_shared::entropy::Entropy;
use redrive_shared::log::{Event, Log};
use redrive_shared::native::MemoryBucket;
use redrive_shared::ports::Ports;
use redrive_shared::provider::{
    Destination, ProviderReply, ProviderRequest, Transport, TransportError,
};
use redrive_shared::queue::{Backlog, Lane, Queue, QueueError};
use redrive_shared::status_cache::{CacheError, StatusCache};
use redrive_shared::store::Store;
use std::sync::Arc;
use std::time::Duration;

/// What one run reaches the world by.
#[derive(Clone)]
pub(crate) struct Reach {
    core: Arc<Core>,
    run: RunId,
    /// How far this machine's clock is ahead, in milliseconds.
    skew: i64,
}

impl Reach {
    async fn gate(&self, effect: Effect) -> Outcome {
        Gate::new(Arc::clone(&self.core), self.run, effect).await
    }
}

/// A queue as one run sees it.
pub(crate) struct RunQueue {
    reach: Reach,
    way: Way,
}

/// Every port of one run.
pub(crate) struct RunPorts {
    store: Store<Reach>,
    jobs: RunQueue,
    bulk_jobs: RunQueue,
    tasks: RunQueue,
    letters: RunQueue,
    reach: Reach,
}

impl RunPorts {
    /// The ports of `run`, whose machine's clock is ahead by `skew` milliseconds.
    pub(crate) fn new(core: &Arc<Core>, run: RunId, skew: i64) -> Self {
        let reach = Reach {
            core: Arc::clone(core),
            run,
            skew,
        };
        let queue = |way| RunQueue {
            reach: reach.clone(),
            way,
        };
        Self {
            store: Store::new(reach.clone()),
            jobs: queue(Way::Single),
            bulk_jobs: queue(Way::Bulk),
            tasks: queue(Way::Task),
            letters: queue(Way::Letter),
            reach,
        }
    }

    /// The provider as this run reaches it.
    pub(crate) const fn transport(&self) -> &Reach {
        &self.reach
    }
}

impl Ports for RunPorts {
    type Database = Reach;
    type Queue = RunQueue;
    type Cache = Reach;
    type Bucket = MemoryBucket;
    type Clock = Reach;
    type Entropy = Reach;
    type Log = Reach;

    fn store(&self) -> &Store<Reach> {
        &self.store
    }
    fn jobs(&self, lane: Lane) -> &RunQueue {
        match lane {
            Lane::Single => &self.jobs,
            Lane::Bulk => &self.bulk_jobs,
        }
    }
    fn tasks(&self) -> &RunQueue {
        &self.tasks
    }
    fn dead_letters(&self) -> &RunQueue {
        &self.letters
    }
    fn cache(&self) -> &Reach {
        &self.reach
    }
    fn bucket(&self) -> Option<&MemoryBucket> {
        None
    }
    fn clock(&self) -> &Reach {
        &self.reach
    }
    fn entropy(&self) -> &Reach {
        &self.reach
    }
    fn log(&self) -> &Reach {
        &self.reach
    }
}

fn database_error(trouble: Trouble) -> DatabaseError {
    DatabaseError::classify(match trouble {
        Trouble::Transient => "D1_ERROR: Network connection lost.",
        Trouble::Overloaded => "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
        Trouble::Unknown => "D1_ERROR: something nobody has seen",
    })
}

fn words(trouble: Trouble) -> String {
    match trouble {
        Trouble::Transient => "503".to_owned(),
        Trouble::Overloaded => "Too Many Requests".to_owned(),
        Trouble::Unknown => "Storage Limit Exceeded".to_owned(),
    }
}

impl Database for Reach {
    async fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<StatementResult>, DatabaseError> {
        lock(&self.core.witness).asks(self.run, &statements);
        let outcome = self.gate(Effect::Database).await;
        lock(&self.core.witness).hears(self.run, &statements);
        match outcome {
            Outcome::Before(trouble) => Err(database_error(trouble)),
            Outcome::After(trouble) => {
                self.core.execute(self.run, statements)?;
                Err(database_error(trouble))
            }
            Outcome::Good | Outcome::Stale | Outcome::Reply(_) => {
                self.core.execute(self.run, statements)
            }
        }
    }
}

impl Queue for RunQueue {
    async fn send(&self, bodies: Vec<String>, delay_seconds: u32) -> Result<(), QueueError> {
        let core = &self.reach.core;
        let outcome = self.reach.gate(Effect::Send).await;
        if let Outcome::Before(trouble) = outcome {
            return Err(QueueError(words(trouble)));
        }
        lock(&core.witness).sent(self.reach.run, self.way, &bodies);
        let mut lane = core.lane(self.way);
        for body in bodies {
            lane.push(Some(body), core.now(), delay_seconds);
        }
        drop(lane);
        match outcome {
            Outcome::After(trouble) => Err(QueueError(words(trouble))),
            Outcome::Before(_) | Outcome::Good | Outcome::Stale | Outcome::Reply(_) => Ok(()),
        }
    }

    async fn backlog(&self) -> Option<Backlog> {
        match self.reach.gate(Effect::Backlog).await {
            Outcome::Before(_) | Outcome::After(_) => None,
            Outcome::Good | Outcome::Stale | Outcome::Reply(_) => {
                Some(self.reach.core.lane(self.way).backlog())
            }
        }
    }
}

impl StatusCache for Reach {
    async fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        match self.gate(Effect::CacheGet).await {
            Outcome::Before(trouble) | Outcome::After(trouble) => Err(CacheError(words(trouble))),
            outcome @ (Outcome::Good | Outcome::Stale | Outcome::Reply(_)) => {
                let stale = outcome == Outcome::Stale;
                Ok(lock(&self.core.kept).get(key, stale, self.core.now()))
            }
        }
    }

    async fn put(&self, key: &str, text: String) -> Result<(), CacheError> {
        let outcome = self.gate(Effect::CachePut).await;
        if let Outcome::Before(trouble) = outcome {
            return Err(CacheError(words(trouble)));
        }
        let seen = lock(&self.core.witness).cached(&self.core.database, key, &text);
        lock(&self.core.witness).judge(seen);
        lock(&self.core.kept).put(key, text, self.core.now());
        match outcome {
            Outcome::After(trouble) => Err(CacheError(words(trouble))),
            Outcome::Before(_) | Outcome::Good | Outcome::Stale | Outcome::Reply(_) => Ok(()),
        }
    }
}

impl Clock for Reach {
    fn now(&self) -> Instant {
        self.core.now().plus_millis(self.skew)
    }

    async fn sleep(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let until = self.core.now().plus_millis(millis);
        self.gate(Effect::Sleep(until)).await;
        self.core.pass_until(until);
    }
}

impl Entropy for Reach {
    fn fill(&self, bytes: &mut [u8]) {
        self.core.entropy.fill(bytes);
    }
}

impl Log for Reach {
    fn write(&self, event: Event) {
        lock(&self.core.witness).logged(self.run, &event.to_line());
    }
}

impl Transport for Reach {
    async fn send(
        &self,
        request: &ProviderRequest,
        _timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let named = |name: &str| {
            let field = request.headers.iter().find(|(known, _)| *known == name);
            field.map_or("", |(_, value)| value.as_str()).to_owned()
        };
        let (job, attempt) = (named("x-redrive-job"), named("x-redrive-attempt"));
        let provider = provider(&request.to);
        let asked = (job.clone(), attempt.clone(), provider.to_owned());
        lock(&self.core.witness).asked(self.run, &asked, self.core.now());
        let deadly = request.body.contains(replies::DEADLY);
        let outcome = self.gate(Effect::Call { deadly }).await;
        let reply = match outcome {
            Outcome::Reply(reply) => reply,
            Outcome::Good | Outcome::Stale => Reply::Answer,
            Outcome::Before(_) => Reply::Unreachable,
            Outcome::After(_) => Reply::ConnectionLost,
        };
        let (said, answer) = replies::say(reply, &job, &attempt);
        if let Some(text) = answer {
            lock(&self.core.witness).answered(&asked, text);
        }
        said
    }
}

/// The provider's name, which is the host of its URL as well.
fn provider(to: &Destination) -> &str {
    match to {
        Destination::Url(url) => url.split('/').nth(2).unwrap_or_default(),
        Destination::Service { binding, .. } => binding,
        Destination::WorkersAi { binding, .. } => binding,
    }
}
