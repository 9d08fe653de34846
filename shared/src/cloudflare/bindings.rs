use super::{CloudflareQueue, Console, D1, Kv, Meter, R2, WebCrypto, WorkerClock};
use crate::ports::Ports;
use crate::queue::Lane;
use crate::store::Store;
use std::sync::Arc;
use worker::Env;

/// The bindings that both Workers have, for one invocation: `DB`, `STATUS`, the queues `JOBS`,
/// `BULK_JOBS`, `TASKS` and `DEAD_LETTERS`, and the bucket `FILES`, which may be missing.
#[derive(Debug)]
pub struct Bindings {
    store: Store<D1>,
    jobs: CloudflareQueue,
    bulk_jobs: CloudflareQueue,
    tasks: CloudflareQueue,
    dead_letters: CloudflareQueue,
    cache: Kv,
    bucket: Option<R2>,
    log: Console,
}

impl Bindings {
    /// Takes the bindings from the environment.
    ///
    /// # Errors
    /// The runtime's error, naming the binding, when one is missing.
    pub fn new(env: &Env) -> worker::Result<Self> {
        let meter = Arc::new(Meter::default());
        Ok(Self {
            store: Store::new(D1::new(env.d1("DB")?, meter.clone())),
            jobs: CloudflareQueue::new(env.queue("JOBS")?, meter.clone()),
            bulk_jobs: CloudflareQueue::new(env.queue("BULK_JOBS")?, meter.clone()),
            tasks: CloudflareQueue::new(env.queue("TASKS")?, meter.clone()),
            dead_letters: CloudflareQueue::new(env.queue("DEAD_LETTERS")?, meter.clone()),
            bucket: env.bucket("FILES").ok().map(R2::new),
            cache: Kv::new(env.kv("STATUS")?, meter.clone()),
            log: Console::new(meter),
        })
    }
}

impl Ports for Bindings {
    type Database = D1;
    type Queue = CloudflareQueue;
    type Cache = Kv;
    type Bucket = R2;
    type Clock = WorkerClock;
    type Entropy = WebCrypto;
    type Log = Console;

    fn store(&self) -> &Store<D1> {
        &self.store
    }
    fn jobs(&self, lane: Lane) -> &CloudflareQueue {
        match lane {
            Lane::Single => &self.jobs,
            Lane::Bulk => &self.bulk_jobs,
        }
    }
    fn tasks(&self) -> &CloudflareQueue {
        &self.tasks
    }
    fn dead_letters(&self) -> &CloudflareQueue {
        &self.dead_letters
    }
    fn cache(&self) -> &Kv {
        &self.cache
    }
    fn bucket(&self) -> Option<&R2> {
        self.bucket.as_ref()
    }
    fn clock(&self) -> &WorkerClock {
        &WorkerClock
    }
    fn entropy(&self) -> &WebCrypto {
        &WebCrypto
    }
    fn log(&self) -> &Console {
        &self.log
    }
}
