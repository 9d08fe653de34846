//! What goes over the wire between the conformance suite and the Worker.

use redrive_shared::database::{self, DatabaseError, Row, StatementResult, Value};
use serde::{Deserialize, Serialize};

/// The header of an answer that says what the batch used of D1, as the fields `d1.…` of an event.
pub const USAGE_HEADER: &str = "redrive-usage";

/// A statement with its parameters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Statement {
    /// The statement's text.
    pub sql: String,
    /// Values for `?1`, `?2`, … in order.
    pub parameters: Vec<Parameter>,
}

/// A value bound to a parameter, in the JSON type of the same kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// SQL NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

/// What one statement did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Rows the statement inserted, updated or deleted.
    pub changes: u64,
    /// Rows it returned, in order.
    pub rows: Vec<Row>,
}

/// Why the batch did not run: a [`DatabaseError`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// Which of them.
    pub kind: Kind,
    /// What the adapter says of it.
    pub message: String,
}

/// The kinds of [`DatabaseError`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// [`DatabaseError::Transient`].
    Transient,
    /// [`DatabaseError::Overloaded`].
    Overloaded,
    /// [`DatabaseError::Corrupt`].
    Corrupt,
    /// [`DatabaseError::Other`].
    Other,
}

impl From<database::Statement> for Statement {
    fn from(statement: database::Statement) -> Self {
        let parameters = statement.parameters.into_iter().map(Into::into).collect();
        Self {
            sql: statement.sql.to_owned(),
            parameters,
        }
    }
}

impl From<Value> for Parameter {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Text(text) => Self::Text(text),
        }
    }
}

impl From<Parameter> for Value {
    fn from(parameter: Parameter) -> Self {
        match parameter {
            Parameter::Null => Self::Null,
            Parameter::Integer(number) => Self::Integer(number),
            Parameter::Text(text) => Self::Text(text),
        }
    }
}

impl From<StatementResult> for Outcome {
    fn from(result: StatementResult) -> Self {
        Self {
            changes: result.changes,
            rows: result.rows,
        }
    }
}

impl From<Outcome> for StatementResult {
    fn from(outcome: Outcome) -> Self {
        Self {
            changes: outcome.changes,
            rows: outcome.rows,
        }
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        let (kind, message) = match error {
            DatabaseError::Transient(message) => (Kind::Transient, message),
            DatabaseError::Overloaded(message) => (Kind::Overloaded, message),
            DatabaseError::Corrupt(message) => (Kind::Corrupt, message),
            DatabaseError::Other(message) => (Kind::Other, message),
        };
        Self { kind, message }
    }
}

impl From<Failure> for DatabaseError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Transient => Self::Transient(failure.message),
            Kind::Overloaded => Self::Overloaded(failure.message),
            Kind::Corrupt => Self::Corrupt(failure.message),
            Kind::Other => Self::Other(failure.message),
        }
    }
}
