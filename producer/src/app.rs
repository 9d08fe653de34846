//! What the API runs on: ports, secrets, and whoever knows whether jobs can be run.

use crate::key_cache::KeyCache;
use crate::problem::Problem;
use redrive_shared::access::{AdminKey, KeyHashSecret};
use redrive_shared::configuration::{Configuration, Found};
use std::sync::Arc;

/// Everything a request needs.
#[derive(Debug)]
pub struct App<P, R> {
    /// Store, queue, cache, clock, entropy and log.
    pub ports: P,
    /// Knows what the ports do not tell: whether the queue and the consumer are there.
    pub readiness: R,
    /// The deployment's secrets.
    pub secrets: Secrets,
    /// The providers that jobs may ask, or what is wrong with what is said of them.
    pub configuration: Found,
    /// Keys seen a moment ago. It outlives the request.
    pub keys: Arc<KeyCache>,
}

impl<P, R> App<P, R> {
    /// The providers that jobs may ask.
    ///
    /// # Errors
    /// 503 when what is said of them has mistakes: they are told by `/api/ready`.
    pub(crate) fn configuration(&self) -> Result<&Configuration, Problem> {
        match &self.configuration {
            Ok(configuration) => Ok(configuration),
            Err(mistakes) => Err(Problem::misconfigured(&mistakes.join("; "))),
        }
    }
}

/// The deployment's secrets, or for each the sentence that says what is wrong with it.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Opens the admin routes.
    pub admin_key: Result<AdminKey, String>,
    /// Hashes API keys.
    pub key_hash_secret: Result<KeyHashSecret, String>,
}

impl Secrets {
    /// Takes the settings `ADMIN_KEY` and `KEY_HASH_SECRET`; `None` is a setting that is absent.
    /// A missing or weak one fails the routes that need it, and is told by `/api/ready`.
    #[must_use]
    pub fn read(admin_key: Option<&str>, key_hash_secret: Option<&str>) -> Self {
        Self {
            admin_key: admin_key
                .ok_or_else(|| missing(AdminKey::SETTING))
                .and_then(|text| AdminKey::new(text).map_err(|error| error.to_string())),
            key_hash_secret: key_hash_secret
                .ok_or_else(|| missing(KeyHashSecret::SETTING))
                .and_then(|text| KeyHashSecret::new(text).map_err(|error| error.to_string())),
        }
    }
}

fn missing(setting: &str) -> String {
    format!("`{setting}` is not set")
}

/// Knows whether jobs can be carried and run. Two implementations: the bindings of a Worker, and a
/// fake in the tests.
pub trait Readiness: Send + Sync {
    /// Whether the queue is there to take messages.
    ///
    /// # Errors
    /// A sentence for the operator, which `/api/ready` shows: it names the setting or binding to
    /// put right, and no value.
    fn queue(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// Whether the consumer is there, and has what it needs to ask a provider.
    ///
    /// # Errors
    /// A sentence like that of [`Self::queue`].
    fn consumer(&self) -> impl Future<Output = Result<(), String>> + Send;
}
