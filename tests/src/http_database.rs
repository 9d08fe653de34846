//! D1 from a native process: the database behind the Worker of `redrive-store-worker`.

use redrive_shared::database::{Database, DatabaseError, Statement, StatementResult};
use redrive_store_worker::wire;
use reqwest::{Client, Response};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A database that answers over HTTP what the Workers' own adapter answers.
#[derive(Clone, Debug)]
pub struct HttpDatabase {
    client: Client,
    url: String,
    rows_read: Arc<AtomicU64>,
    rows_written: Arc<AtomicU64>,
}

impl HttpDatabase {
    /// The database behind the Worker at `url`.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self {
            client: Client::new(),
            url,
            rows_read: Arc::default(),
            rows_written: Arc::default(),
        }
    }

    /// The rows that D1 says it has read so far, of tables and indexes.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.rows_read.load(Ordering::Relaxed)
    }

    /// The rows that D1 says it has written so far, to tables and indexes.
    #[must_use]
    pub fn rows_written(&self) -> u64 {
        self.rows_written.load(Ordering::Relaxed)
    }

    /// Counts what the answer says it cost.
    fn count(&self, response: &Response) {
        let usage = response.headers().get(wire::USAGE_HEADER);
        let usage: Value = usage
            .and_then(|usage| serde_json::from_slice(usage.as_bytes()).ok())
            .unwrap_or_default();
        for (counter, name) in [
            (&self.rows_read, "d1.rows_read"),
            (&self.rows_written, "d1.rows_written"),
        ] {
            let rows = usage.get(name).and_then(Value::as_u64);
            counter.fetch_add(rows.unwrap_or_default(), Ordering::Relaxed);
        }
    }
}

impl Database for HttpDatabase {
    async fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> Result<Vec<StatementResult>, DatabaseError> {
        let statements: Vec<wire::Statement> = statements.into_iter().map(Into::into).collect();
        let response = self
            .client
            .post(&self.url)
            .json(&statements)
            .send()
            .await
            .map_err(|error| unreachable(&error))?;
        self.count(&response);
        let status = response.status().as_u16();
        let body = response.text().await.map_err(|error| unreachable(&error))?;
        match status {
            200 => serde_json::from_str::<Vec<wire::Outcome>>(&body)
                .map(|outcomes| outcomes.into_iter().map(Into::into).collect())
                .map_err(|error| DatabaseError::Corrupt(error.to_string())),
            500 => Err(serde_json::from_str::<wire::Failure>(&body).map_or_else(
                |error| DatabaseError::Corrupt(format!("{error}: {body}")),
                Into::into,
            )),
            // No case expects this kind, so a Worker that is broken fails them all.
            other => Err(DatabaseError::Corrupt(format!("status {other}: {body}"))),
        }
    }
}

fn unreachable(error: &reqwest::Error) -> DatabaseError {
    DatabaseError::Corrupt(format!("the Worker does not answer: {error}"))
}
