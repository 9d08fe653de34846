//! The one thing the store asks of a database: run a batch of statements as one transaction.
//!
//! D1 and the native SQLite adapter both do just that, so every statement of `sql/` is the same
//! word for word on both, and faults are injected in one place.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// A statement of `sql/` with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The text of one file of `sql/`.
    pub sql: &'static str,
    /// Values for `?1`, `?2`, … in order.
    pub parameters: Vec<Value>,
}

impl Statement {
    /// A statement with its parameters, `?1` first.
    #[must_use]
    pub fn new(sql: &'static str, parameters: Vec<Value>) -> Self {
        Self { sql, parameters }
    }
}

/// A value bound to a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// An integer below 2^53 in magnitude: D1 carries integers as doubles.
    Integer(i64),
    /// Text without NUL characters.
    Text(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl From<crate::clock::Instant> for Value {
    fn from(instant: crate::clock::Instant) -> Self {
        Self::Integer(instant.as_millis())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row: column name to value.
pub type Row = Map<String, Json>;

/// What one statement of a batch did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatementResult {
    /// Rows the statement inserted, updated or deleted.
    pub changes: u64,
    /// Rows it returned, in order.
    pub rows: Vec<Row>,
}

impl StatementResult {
    /// The rows as typed values.
    ///
    /// # Errors
    /// [`DatabaseError::Corrupt`] when a row does not have the shape the code expects.
    pub fn decode<T: DeserializeOwned>(self) -> Result<Vec<T>, DatabaseError> {
        self.decode_each().collect()
    }

    /// The rows as typed values, each on its own: one that does not have the shape the code
    /// expects is [`DatabaseError::Corrupt`], and leaves the others alone.
    pub fn decode_each<T: DeserializeOwned>(
        self,
    ) -> impl Iterator<Item = Result<T, DatabaseError>> {
        self.rows.into_iter().map(|row| {
            // The error's own words may quote what is stored, and this text goes to the log.
            serde_json::from_value(Json::Object(row)).map_err(|error| {
                let kind = error.classify();
                DatabaseError::Corrupt(format!(
                    "a column is not what this version knows ({kind:?})"
                ))
            })
        })
    }
}

/// Why a batch did not run, by what the caller does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// A passing fault: the batch may have run or not; repeat it.
    #[error("the database failed for a moment: {0}")]
    Transient(String),
    /// The database has more to do than it can: wait, and send less.
    #[error("the database is overloaded: {0}")]
    Overloaded(String),
    /// A stored row cannot be read by this version of the code: report it, do not repeat.
    #[error("a stored row has an unexpected shape: {0}")]
    Corrupt(String),
    /// Anything else, such as a missing table: do not repeat, do not acknowledge.
    #[error("the database refused the batch: {0}")]
    Other(String),
}

impl DatabaseError {
    /// Sorts the message of a failed D1 call by what it asks of the caller.
    ///
    /// D1 has no error codes; the phrases are those its documentation lists.
    #[must_use]
    pub fn classify(message: &str) -> Self {
        const TRANSIENT: [&str; 6] = [
            "Network connection lost",
            "storage caused object to be reset",
            "reset because its code was updated",
            "Cannot resolve D1 DB due to transient issue",
            "Internal error while starting up",
            "database is locked",
        ];
        const OVERLOADED: [&str; 4] = [
            "overloaded",
            "exceeded timeout",
            "memory limit",
            "CPU time limit",
        ];
        let text = message.to_owned();
        if TRANSIENT.iter().any(|phrase| message.contains(phrase)) {
            Self::Transient(text)
        } else if OVERLOADED.iter().any(|phrase| message.contains(phrase)) {
            Self::Overloaded(text)
        } else {
            Self::Other(text)
        }
    }

    /// The bounded code for the log.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Transient(_) => "database_transient",
            Self::Overloaded(_) => "database_overloaded",
            Self::Corrupt(_) => "database_corrupt",
            Self::Other(_) => "database_error",
        }
    }
}

/// Runs batches of statements. Two implementations: D1 on the Workers runtime, `SQLite` natively.
pub trait Database: Send + Sync {
    /// Runs `statements` in order as one transaction: all take effect, or none.
    ///
    /// Answers one [`StatementResult`] a statement, in the same order.
    ///
    /// # Errors
    /// See [`DatabaseError`]. After an error the batch may still have taken effect, when only its
    /// answer was lost: every statement is safe to repeat.
    fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Vec<StatementResult>, DatabaseError>> + Send;
}

impl<D: Database> Database for &D {
    fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Vec<StatementResult>, DatabaseError>> + Send {
        (**self).batch(statements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1_messages_are_sorted_by_what_the_caller_does_next() {
        let cases = [
            ("D1_ERROR: Network connection lost.", "database_transient"),
            (
                "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
                "database_overloaded",
            ),
            (
                "D1 DB storage operation exceeded timeout which caused object to be reset.",
                "database_overloaded",
            ),
            (
                "D1_ERROR: no such table: jobs: SQLITE_ERROR",
                "database_error",
            ),
            ("", "database_error"),
        ];
        for (message, code) in cases {
            assert_eq!(DatabaseError::classify(message).code(), code, "{message}");
        }
    }
}
