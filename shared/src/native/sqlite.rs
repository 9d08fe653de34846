use super::lock;
use crate::database::{Database, DatabaseError, Row, Statement, StatementResult, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, StatementStatus, ToSql, params_from_iter};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A `SQLite` database that answers like D1: one transaction a batch, integers bound as doubles.
#[derive(Debug)]
pub struct SqliteDatabase {
    connection: Mutex<Connection>,
    steps: AtomicU64,
}

/// Every migration, in order: the name of its file, and its text. A test holds the list to the folder.
pub const MIGRATIONS: [(&str, &str); 5] = [
    (
        "0001_pipeline.sql",
        include_str!("../../../migrations/0001_pipeline.sql"),
    ),
    (
        "0002_guarantees.sql",
        include_str!("../../../migrations/0002_guarantees.sql"),
    ),
    (
        "0003_providers.sql",
        include_str!("../../../migrations/0003_providers.sql"),
    ),
    (
        "0004_finish_reasons.sql",
        include_str!("../../../migrations/0004_finish_reasons.sql"),
    ),
    (
        "0005_bulk.sql",
        include_str!("../../../migrations/0005_bulk.sql"),
    ),
];

impl SqliteDatabase {
    /// A new database in memory with the migrations applied.
    ///
    /// # Errors
    /// [`DatabaseError`] when a migration does not run.
    pub fn in_memory() -> Result<Self, DatabaseError> {
        Self::migrated(Connection::open_in_memory())
    }

    /// A new database in a file that is not there yet, with the migrations applied. It keeps a
    /// write-ahead log, as D1 does, and does not wait for the disk with every batch.
    ///
    /// # Errors
    /// [`DatabaseError`] when the file cannot be made, or a migration does not run.
    pub fn in_file(path: &Path) -> Result<Self, DatabaseError> {
        Self::migrated(Connection::open(path).and_then(|connection| {
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "normal")?;
            Ok(connection)
        }))
    }

    fn migrated(connection: rusqlite::Result<Connection>) -> Result<Self, DatabaseError> {
        let connection = connection.map_err(|error| sqlite_error(&error))?;
        for (_, migration) in MIGRATIONS {
            connection
                .execute_batch(migration)
                .map_err(|error| sqlite_error(&error))?;
        }
        Ok(Self {
            connection: Mutex::new(connection),
            steps: AtomicU64::new(0),
        })
    }

    /// The instructions that `SQLite` has carried out for batches so far: what they cost, whatever
    /// the machine.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Runs `inspect` on the connection, for a test that looks at the tables themselves.
    pub fn with_connection<T>(&self, inspect: impl FnOnce(&Connection) -> T) -> T {
        inspect(&lock(&self.connection))
    }
}

fn sqlite_error(error: &rusqlite::Error) -> DatabaseError {
    DatabaseError::classify(&error.to_string())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null => Ok(ToSqlOutput::Owned(rusqlite::types::Value::Null)),
            #[expect(
                clippy::as_conversions,
                clippy::cast_precision_loss,
                reason = "D1 binds integers as doubles; the tests must see what D1 sees"
            )]
            Self::Integer(number) => Ok(ToSqlOutput::from(*number as f64)),
            Self::Text(text) => Ok(ToSqlOutput::from(text.as_str())),
        }
    }
}

fn json(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned().into()
        }
    }
}

/// Runs one statement, and counts its instructions.
fn run(
    connection: &Connection,
    statement: &Statement,
    steps: &AtomicU64,
) -> rusqlite::Result<StatementResult> {
    let before = connection.total_changes();
    let mut prepared = connection.prepare_cached(statement.sql)?;
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let mut found = prepared.query(params_from_iter(&statement.parameters))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let mut columns = Row::new();
        for (index, name) in names.iter().enumerate() {
            columns.insert(name.clone(), json(row.get_ref(index)?));
        }
        rows.push(columns);
    }
    drop(found);
    let carried_out = prepared.reset_status(StatementStatus::VmStep);
    steps.fetch_add(
        carried_out.try_into().unwrap_or_default(),
        Ordering::Relaxed,
    );
    Ok(StatementResult {
        changes: connection.total_changes() - before,
        rows,
    })
}

impl Database for SqliteDatabase {
    async fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<StatementResult>, DatabaseError> {
        let mut connection = lock(&self.connection);
        let transaction = connection
            .transaction()
            .map_err(|error| sqlite_error(&error))?;
        let mut results = Vec::with_capacity(statements.len());
        for statement in &statements {
            let result = run(&transaction, statement, &self.steps);
            results.push(result.map_err(|error| sqlite_error(&error))?);
        }
        transaction.commit().map_err(|error| sqlite_error(&error))?;
        Ok(results)
    }
}
