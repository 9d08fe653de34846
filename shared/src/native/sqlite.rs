use super::lock;
use crate::database::{Database, DatabaseError, Row, Statement, StatementResult, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use serde_json::Value as Json;
use std::sync::Mutex;

/// A `SQLite` database that answers like D1: one transaction a batch, integers bound as doubles.
#[derive(Debug)]
pub struct SqliteDatabase(Mutex<Connection>);

/// Every migration, in order; a test holds the list to the folder.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../../migrations/0001_pipeline.sql"),
    include_str!("../../../migrations/0002_guarantees.sql"),
];

impl SqliteDatabase {
    /// A new database in memory with the migrations applied.
    ///
    /// # Errors
    /// [`DatabaseError`] when a migration does not run.
    pub fn in_memory() -> Result<Self, DatabaseError> {
        let connection = Connection::open_in_memory().map_err(|error| sqlite_error(&error))?;
        for migration in MIGRATIONS {
            connection
                .execute_batch(migration)
                .map_err(|error| sqlite_error(&error))?;
        }
        Ok(Self(Mutex::new(connection)))
    }

    /// Runs `inspect` on the connection, for a test that looks at the tables themselves.
    pub fn with_connection<T>(&self, inspect: impl FnOnce(&Connection) -> T) -> T {
        inspect(&lock(&self.0))
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

fn run(connection: &Connection, statement: &Statement) -> rusqlite::Result<StatementResult> {
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
        let mut connection = lock(&self.0);
        let transaction = connection
            .transaction()
            .map_err(|error| sqlite_error(&error))?;
        let mut results = Vec::with_capacity(statements.len());
        for statement in &statements {
            results.push(run(&transaction, statement).map_err(|error| sqlite_error(&error))?);
        }
        transaction.commit().map_err(|error| sqlite_error(&error))?;
        Ok(results)
    }
}
