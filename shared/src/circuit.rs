//! Circuits: a provider that refuses or fails is not called for a while, whoever waits for it.
//!
//! There is one circuit for each provider, model and key. It is *closed* while calls are made.
//! Failures *open* it, as the decision table says: then nobody calls until an instant, and jobs
//! wait without using up failures. After that instant it is *half open*: one attempt probes, and
//! its outcome closes the circuit or opens it again.
//!
//! `state` decides, without any effect. A [`CircuitMemory`] holds what one isolate knows, so
//! that the calls of a delivery learn from each other at once. The table `provider_circuits` holds
//! what is not closed, so that isolates learn from each other with every claim. `gate` keeps the
//! two together.

pub(crate) mod gate;
mod memory;
pub(crate) mod patience;
mod state;

pub use memory::CircuitMemory;
pub use state::Opening;

pub(crate) use state::Report;

use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::hex::hex;
use crate::provider::ProviderSettings;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Bytes of a key's SHA-256 that name it: 12 digits in hex.
const CREDENTIAL_BYTES: usize = 6;

/// Which circuit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct CircuitKey {
    /// Who is called.
    pub provider: String,
    /// The model asked for.
    pub model: String,
    /// The beginning of the SHA-256 of the key, in hex; empty without a key. A new key has a
    /// circuit of its own, which begins closed.
    pub credential: String,
}

impl CircuitKey {
    /// The circuit of calls to a provider for `model`.
    #[must_use]
    pub fn of(settings: &ProviderSettings, model: &str) -> Self {
        let key = settings.api_key.as_ref().map(|key| key.reveal().trim());
        Self {
            provider: settings.name().to_owned(),
            model: model.to_owned(),
            credential: key.map(credential).unwrap_or_default(),
        }
    }
}

fn credential(key: &str) -> String {
    if key.is_empty() {
        return String::new();
    }
    let hash: [u8; 32] = Sha256::digest(key).into();
    hash.first_chunk::<CREDENTIAL_BYTES>()
        .map(|named| hex(named))
        .unwrap_or_default()
}

/// How a circuit stands that is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// Nobody calls.
    Open,
    /// One attempt probes.
    HalfOpen,
}

impl CircuitState {
    /// The state as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// A circuit that is not closed, as `provider_circuits` has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CircuitRecord {
    /// Which one.
    #[serde(flatten)]
    pub key: CircuitKey,
    /// How it stands.
    pub state: CircuitState,
    /// The error code that opened it, or held it open the longest.
    pub code: ErrorCode,
    /// When it left `closed`.
    #[serde(rename = "opened_at_ms")]
    pub opened_at: Instant,
    /// Open: no call is made before. Half open: when the probe counts as lost.
    #[serde(rename = "until_ms")]
    pub until: Instant,
}

/// A circuit that is not closed, as an operator reads it. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CircuitDocument {
    /// Who is not called.
    pub provider: String,
    /// The model.
    pub model: String,
    /// The beginning of the key's SHA-256, in hex; empty without a key.
    pub credential: String,
    /// `open`: nobody calls. `half_open`: one attempt probes.
    pub state: CircuitState,
    /// The error code that opened it.
    pub code: ErrorCode,
    /// When it left `closed`.
    pub opened_at: String,
    /// Open: no call is made before. Half open: when the probe counts as lost. Past: the next
    /// attempt probes.
    pub until: String,
}

impl From<CircuitRecord> for CircuitDocument {
    fn from(record: CircuitRecord) -> Self {
        Self {
            provider: record.key.provider,
            model: record.key.model,
            credential: record.key.credential,
            state: record.state,
            code: record.code,
            opened_at: record.opened_at.to_rfc3339(),
            until: record.until.to_rfc3339(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::ProviderConfiguration;
    use crate::provider::Provider;

    fn key(api_key: Option<&str>) -> CircuitKey {
        let url = "http://127.0.0.1:9/v1";
        let mut one = ProviderConfiguration::new("local", Provider::Compatible, url);
        one.api_key_secret = api_key.map(|_| "KEY".to_owned());
        let settings = ProviderSettings::new(one, |_| api_key.map(str::to_owned)).unwrap();
        CircuitKey::of(&settings, "usual")
    }

    #[test]
    fn a_key_is_named_by_the_beginning_of_its_hash() {
        // printf abc | sha256sum
        assert_eq!(key(Some("abc")).credential, "ba7816bf8f01");
        assert_eq!(key(Some("abc\n")).credential, "ba7816bf8f01");
        assert_ne!(key(Some("abd")).credential, "ba7816bf8f01");
        assert_eq!(key(None).credential, "");
    }

    #[test]
    fn an_operator_reads_when_a_circuit_opened_and_until_when() {
        let record = CircuitRecord {
            key: key(None),
            state: CircuitState::HalfOpen,
            code: ErrorCode::ProviderAuth,
            opened_at: Instant::from_millis(1_795_258_517_000),
            until: Instant::from_millis(1_795_258_817_000),
        };
        assert_eq!(
            serde_json::to_value(CircuitDocument::from(record)).unwrap(),
            serde_json::json!({
                "provider": "local", "model": "usual", "credential": "",
                "state": "half_open", "code": "provider_auth",
                "openedAt": "2026-11-21T10:55:17.000Z", "until": "2026-11-21T11:00:17.000Z",
            })
        );
    }
}
