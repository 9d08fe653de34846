//! What all runs of a world share: the database, the queues, the cache, the time, and the witness
//! that sees every effect.

use super::control::{Control, Rewrites};
use super::gate::{Gates, RunId};
use super::ground::Ground;
use super::kept::Kept;
use super::lane::Lane;
use super::operation::Way;
use super::witness::{Snapshot, Witness};
use futures_util::FutureExt as _;
use redrive_shared::clock::Instant;
use redrive_shared::database::{Database as _, DatabaseError, Statement, StatementResult};
use redrive_shared::native::{SeededEntropy, SqliteDatabase};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// When every world begins.
const START: Instant = Instant::from_millis(1_795_000_000_000);

/// Locks, and goes on with the value when a run panicked while it held the lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shared part of a world.
pub(crate) struct Core {
    pub(crate) database: Arc<SqliteDatabase>,
    pub(crate) entropy: SeededEntropy,
    pub(crate) gates: Mutex<Gates>,
    jobs: Mutex<Lane>,
    bulk_jobs: Mutex<Lane>,
    tasks: Mutex<Lane>,
    letters: Mutex<Lane>,
    pub(crate) kept: Mutex<Kept>,
    pub(crate) witness: Mutex<Witness>,
    now: Mutex<Instant>,
    pub(crate) control: Control,
    rewrites: Arc<Rewrites>,
}

impl Core {
    /// The shared part of a world on `ground`, with nothing in it.
    ///
    /// # Errors
    /// If what was there before cannot be deleted.
    pub(crate) fn new(ground: &Ground, seed: u64) -> anyhow::Result<Self> {
        ground.clear()?;
        Ok(Self {
            database: Arc::clone(&ground.database),
            entropy: SeededEntropy::new(seed),
            gates: Mutex::default(),
            jobs: Mutex::default(),
            bulk_jobs: Mutex::default(),
            tasks: Mutex::default(),
            letters: Mutex::default(),
            kept: Mutex::default(),
            witness: Mutex::default(),
            now: Mutex::new(START),
            control: ground.control,
            rewrites: Arc::clone(&ground.rewrites),
        })
    }

    /// The time.
    pub(crate) fn now(&self) -> Instant {
        *lock(&self.now)
    }

    /// Lets time pass until `instant`, unless it has.
    pub(crate) fn pass_until(&self, instant: Instant) {
        let mut now = lock(&self.now);
        *now = (*now).max(instant);
    }

    /// The queue by which something goes.
    pub(crate) fn lane(&self, way: Way) -> MutexGuard<'_, Lane> {
        lock(match way {
            Way::Single => &self.jobs,
            Way::Bulk => &self.bulk_jobs,
            Way::Task => &self.tasks,
            Way::Letter => &self.letters,
        })
    }

    /// Runs a batch, and has the witness look at what it changed.
    pub(crate) fn execute(
        &self,
        run: RunId,
        statements: Vec<Statement>,
    ) -> Result<Vec<StatementResult>, DatabaseError> {
        let statements = self.rewrites.apply(statements);
        let results = self
            .database
            .batch(statements)
            .now_or_never()
            .unwrap_or_else(|| Err(DatabaseError::Other("the database waits".to_owned())));
        match &results {
            Ok(results) if results.iter().all(|result| result.changes == 0) => {}
            Ok(_) => self.look(run),
            Err(error) => {
                lock(&self.witness).batch_refused(&error.to_string(), self.control.may_refuse());
            }
        }
        results
    }

    fn look(&self, run: RunId) {
        let mut witness = lock(&self.witness);
        let seen = Snapshot::of(&self.database, |job| witness.jobs().contains_key(job));
        witness.saw(run, self.now(), seen);
    }
}
