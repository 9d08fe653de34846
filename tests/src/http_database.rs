//! D1 from a native process: the database behind the Worker of `redrive-store-worker`.

use redrive_shared::database::{Database, DatabaseError, Statement, StatementResult};
use redrive_store_worker::wire;
use reqwest::Client;

/// A database that answers over HTTP what the Workers' own adapter answers.
#[derive(Clone, Debug)]
pub struct HttpDatabase {
    client: Client,
    url: String,
}

impl HttpDatabase {
    /// The database behind the Worker at `url`.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self {
            client: Client::new(),
            url,
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
