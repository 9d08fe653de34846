use super::lock;
use crate::database::{Database, DatabaseError, Statement, StatementResult};
use std::collections::VecDeque;
use std::sync::Mutex;

/// What happens to one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It runs as it should.
    None,
    /// It fails and nothing happened.
    Before(DatabaseError),
    /// It takes effect, but its answer is lost.
    After(DatabaseError),
}

/// A database that fails as told, batch by batch, and counts them.
#[derive(Debug)]
pub struct FaultyDatabase<D> {
    inner: D,
    faults: Mutex<VecDeque<Fault>>,
    batches: Mutex<usize>,
}

impl<D> FaultyDatabase<D> {
    /// A database over `inner` that works until told otherwise.
    pub fn new(inner: D) -> Self {
        Self {
            inner,
            faults: Mutex::default(),
            batches: Mutex::new(0),
        }
    }

    /// What happens to the coming batches, in order; after the last they work again.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.faults).extend(faults);
    }

    /// From now on every batch works, whatever was told before.
    pub fn recover(&self) {
        lock(&self.faults).clear();
    }

    /// How many batches were asked for so far.
    pub fn batches(&self) -> usize {
        *lock(&self.batches)
    }

    /// The database below.
    pub const fn inner(&self) -> &D {
        &self.inner
    }
}

impl<D: Database> Database for FaultyDatabase<D> {
    async fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<StatementResult>, DatabaseError> {
        *lock(&self.batches) += 1;
        let fault = lock(&self.faults).pop_front().unwrap_or(Fault::None);
        match fault {
            Fault::None => self.inner.batch(statements).await,
            Fault::Before(error) => Err(error),
            Fault::After(error) => {
                self.inner.batch(statements).await?;
                Err(error)
            }
        }
    }
}
