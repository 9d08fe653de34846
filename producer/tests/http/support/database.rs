use redrive_shared::database::{Database, DatabaseError, Statement, StatementResult};
use redrive_shared::native::SqliteDatabase;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What becomes of the next batch.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// It runs.
    Run,
    /// It does not run, and this is the answer.
    FailBefore(DatabaseError),
    /// It runs, but this is the answer.
    FailAfter(DatabaseError),
    /// This statement runs first, as if somebody else had sent it.
    After(String),
}

/// `SQLite` that fails by a script, and counts its batches.
pub(crate) struct ScriptedDatabase {
    inner: SqliteDatabase,
    script: Mutex<VecDeque<Step>>,
    batches: AtomicU64,
}

impl ScriptedDatabase {
    pub(crate) fn in_memory() -> Self {
        Self {
            inner: SqliteDatabase::in_memory().expect("the migrations run"),
            script: Mutex::default(),
            batches: AtomicU64::new(0),
        }
    }

    /// What becomes of the next batches; those after them run.
    pub(crate) fn script(&self, steps: impl IntoIterator<Item = Step>) {
        *self.script.lock().expect("not poisoned") = steps.into_iter().collect();
    }

    /// How many batches were asked for so far.
    pub(crate) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Runs a statement of the test's own.
    pub(crate) fn execute(&self, sql: &str) {
        let changed = self
            .inner
            .with_connection(|connection| connection.execute(sql, []));
        assert!(
            changed.expect("the statement runs") > 0,
            "nothing changed: {sql}"
        );
    }

    pub(crate) fn count(&self, table: &str) -> u64 {
        self.text(&format!("SELECT count(*) || '' FROM {table}"))
            .parse()
            .expect("a number")
    }

    /// The one value that a query gives, as text.
    pub(crate) fn text(&self, sql: &str) -> String {
        self.inner
            .with_connection(|connection| connection.query_row(sql, [], |row| row.get(0)))
            .expect("the query gives a row")
    }
}

impl Database for ScriptedDatabase {
    async fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<StatementResult>, DatabaseError> {
        self.batches.fetch_add(1, Ordering::Relaxed);
        let step = self
            .script
            .lock()
            .expect("not poisoned")
            .pop_front()
            .unwrap_or(Step::Run);
        match step {
            Step::Run => self.inner.batch(statements).await,
            Step::FailBefore(error) => Err(error),
            Step::FailAfter(error) => self.inner.batch(statements).await.and(Err(error)),
            Step::After(sql) => {
                self.execute(&sql);
                self.inner.batch(statements).await
            }
        }
    }
}
