use super::Meter;
use crate::database::{Database, DatabaseError, Row, Statement, StatementResult, Value};
use std::sync::Arc;
use wasm_bindgen::JsValue;
use worker::send::SendFuture;
use worker::{D1Database, D1PreparedStatement, D1Result};

/// D1: a batch is one transaction.
#[derive(Debug)]
pub struct D1 {
    database: D1Database,
    meter: Arc<Meter>,
}

impl D1 {
    /// The database behind a binding; what it reads and writes is counted on `meter`.
    #[must_use]
    pub const fn new(database: D1Database, meter: Arc<Meter>) -> Self {
        Self { database, meter }
    }

    fn prepare(&self, statement: &Statement) -> worker::Result<D1PreparedStatement> {
        let parameters: Vec<JsValue> = statement.parameters.iter().map(bind).collect();
        self.database.prepare(statement.sql).bind(&parameters)
    }

    async fn run(&self, statements: &[Statement]) -> worker::Result<Vec<StatementResult>> {
        let prepared = statements
            .iter()
            .map(|statement| self.prepare(statement))
            .collect::<worker::Result<Vec<_>>>()?;
        let results = self.database.batch(prepared).await?;
        self.meter.count_database_round_trip(statements.len());
        results.iter().map(|result| self.read(result)).collect()
    }

    fn read(&self, result: &D1Result) -> worker::Result<StatementResult> {
        let meta = result.meta()?;
        let count =
            |count: Option<usize>| u64::try_from(count.unwrap_or_default()).unwrap_or(u64::MAX);
        let changes = meta.as_ref().map_or(0, |meta| count(meta.changes));
        if let Some(meta) = meta {
            self.meter
                .count_rows(count(meta.rows_read), count(meta.rows_written));
        }
        Ok(StatementResult {
            changes,
            rows: result.results::<Row>()?,
        })
    }
}

/// D1 refuses `undefined`, and takes numbers as doubles.
fn bind(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "D1 carries integers as doubles; ours stay below 2^53"
        )]
        Value::Integer(number) => JsValue::from_f64(*number as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

impl Database for D1 {
    fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<Vec<StatementResult>, DatabaseError>> + Send {
        SendFuture::new(async move {
            self.run(&statements)
                .await
                .map_err(|error| DatabaseError::classify(&error.to_string()))
        })
    }
}
