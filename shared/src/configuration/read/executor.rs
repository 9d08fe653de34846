use super::names;
use super::reached::base_url;
use crate::configuration::RemoteExecutor;
use crate::json::rules::{Ruling, label, names as named};
use crate::json::{Fields, Item};

/// The most languages of the remote executor.
const LANGUAGES: usize = 256;

/// Reads `remote_executor`.
pub(super) fn read(mut fields: Fields<'_>) -> Ruling<RemoteExecutor> {
    let base_url = fields.required("base_url", base_url);
    let api_key_secret = fields.optional("api_key_secret", names::variable);
    let version = |_language: &str, item: Item<'_>| label(1..=64)(item).map(str::to_owned);
    let languages = fields.required("languages", named(LANGUAGES, language, version));
    fields.finish(|| {
        Some(RemoteExecutor {
            base_url: base_url?,
            api_key_secret,
            languages: languages?,
        })
    })
}

/// The name of a language: as that of a provider, and the characters of `c++` and `c#.net`.
fn language(name: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'-' | b'_' | b'+' | b'#' | b'.')
    };
    if (1..=32).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err("must be 1 to 32 of `a-z`, `0-9` and the characters -_+#.")
    }
}
