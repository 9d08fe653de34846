//! Who may do what: API keys, the operator's key, scopes, and the `Authorization` header.
//!
//! An API key is checked in two steps. [`ApiKey::parse`] needs no database and stops typing errors
//! and guesses; then the key is found by its keyed hash, and [`KeyRecord::check`] decides. A client
//! is told the same in every case, so no error here carries a reason meant for it.

mod api_key;
mod bearer;
mod principal;
mod scope;
mod secret;

pub use api_key::{ApiKey, KeyHash, MalformedKey};
pub use bearer::{BearerError, bearer_token};
pub use principal::{Denied, KeyRecord, Principal};
pub use scope::{InvalidScopes, Scope, Scopes, UnknownScope};
pub use secret::{AdminKey, KeyHashSecret, MIN_SECRET_BYTES, Secret, WeakSecret};
