//! Secrets that do not show themselves, and the two that a deployment must set.

use hmac::{Hmac, KeyInit};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The least a configured secret may be long, in bytes.
pub const MIN_SECRET_BYTES: usize = 32;

/// Text that must not reach a log, an error or an answer by accident: it has no `Display` and
/// cannot be serialised, and `Debug` prints `[redacted]`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from view.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. Every call is a place where it can leak.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// A configured secret is too weak to start with. The operator sets it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Shorter than [`MIN_SECRET_BYTES`].
    #[error("`{setting}` must be at least {MIN_SECRET_BYTES} bytes long")]
    TooShort {
        /// The name of the setting.
        setting: &'static str,
    },
    /// Not only visible ASCII, so that no `Authorization` header could ever equal it. Most often
    /// it is a line break at the end.
    #[error("`{setting}` must hold only visible ASCII characters, without spaces and line breaks")]
    NotForAHeader {
        /// The name of the setting.
        setting: &'static str,
    },
}

/// The key of the hash under which API keys are stored: who reads the database cannot test guesses
/// without it, and who changes it invalidates every key.
#[derive(Clone)]
pub struct KeyHashSecret {
    pub(super) mac: Hmac<Sha256>,
}

impl KeyHashSecret {
    /// The name of the setting.
    pub const SETTING: &'static str = "KEY_HASH_SECRET";

    /// Takes the setting's text.
    ///
    /// # Errors
    /// [`WeakSecret`] when it is shorter than [`MIN_SECRET_BYTES`].
    pub fn new(text: &str) -> Result<Self, WeakSecret> {
        let too_short = WeakSecret::TooShort {
            setting: Self::SETTING,
        };
        if text.len() < MIN_SECRET_BYTES {
            return Err(too_short);
        }
        match Hmac::new_from_slice(text.as_bytes()) {
            Ok(mac) => Ok(Self { mac }),
            // HMAC takes a key of any length.
            Err(hmac::digest::InvalidLength) => Err(too_short),
        }
    }
}

impl fmt::Debug for KeyHashSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The operator's key, which makes tenants and their API keys. Only its hash is kept in memory.
#[derive(Clone)]
pub struct AdminKey {
    digest: [u8; 32],
}

impl AdminKey {
    /// The name of the setting.
    pub const SETTING: &'static str = "ADMIN_KEY";

    /// Takes the setting's text.
    ///
    /// # Errors
    /// [`WeakSecret`] when it is shorter than [`MIN_SECRET_BYTES`] or cannot stand in a header.
    pub fn new(text: &str) -> Result<Self, WeakSecret> {
        let setting = Self::SETTING;
        if text.len() < MIN_SECRET_BYTES {
            return Err(WeakSecret::TooShort { setting });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(WeakSecret::NotForAHeader { setting });
        }
        Ok(Self {
            digest: digest(text),
        })
    }

    /// Whether `presented` is this key. Hashes of one length are compared in constant time, so the
    /// time tells neither a common beginning nor the length.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        self.digest.ct_eq(&digest(presented)).into()
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRONG: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_short_secret_is_refused_by_the_name_of_its_setting() {
        let short = &STRONG[1..];
        assert_eq!(
            AdminKey::new(short)
                .map(|_| ())
                .map_err(|error| error.to_string()),
            Err("`ADMIN_KEY` must be at least 32 bytes long".to_owned())
        );
        assert_eq!(
            KeyHashSecret::new(short)
                .map(|_| ())
                .map_err(|error| error.to_string()),
            Err("`KEY_HASH_SECRET` must be at least 32 bytes long".to_owned())
        );
        assert!(AdminKey::new(STRONG).is_ok() && KeyHashSecret::new(STRONG).is_ok());
    }

    #[test]
    fn an_admin_key_that_no_header_can_carry_is_refused() {
        for suffix in ["\n", " ", "é", "\0"] {
            assert_eq!(
                AdminKey::new(&format!("{STRONG}{suffix}")).err(),
                Some(WeakSecret::NotForAHeader {
                    setting: "ADMIN_KEY"
                }),
                "{suffix:?}"
            );
        }
    }

    #[test]
    fn only_the_admin_key_itself_matches() {
        let key = AdminKey::new(STRONG).expect("it is strong");
        assert!(key.matches(STRONG));
        let upper = STRONG.to_uppercase();
        let longer = format!("{STRONG}0");
        for other in ["", &STRONG[..31], &longer, &upper] {
            assert!(!key.matches(other), "{other:?}");
        }
        assert!((0..10_000).all(|suffix| !key.matches(&format!("{STRONG}{suffix}"))));
    }

    #[test]
    fn no_secret_is_shown_by_debug() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Secret::new(STRONG.to_owned()),
            AdminKey::new(STRONG).expect("it is strong"),
            KeyHashSecret::new(STRONG).expect("it is strong"),
        );
        assert_eq!(shown, "[redacted] [redacted] [redacted]");
    }
}
