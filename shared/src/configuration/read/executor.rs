use super::names;
use super::reached::base_url;
use crate::configuration::{ExecutorConfiguration, RemoteExecutor};
use crate::execute::Language;
use crate::json::rules::{Ruling, array, choice, integer, label, names as named};
use crate::json::{Fields, Item};
use std::ops::RangeInclusive;

/// The most languages of the remote executor.
const LANGUAGES: usize = 256;

/// Seconds that a program may run on the remote executor, and what its server allows by default.
const TIME_LIMIT_SECONDS: RangeInclusive<u32> = 1..=30;
const USUAL_TIME_LIMIT_SECONDS: u32 = 3;

/// MiB that a program may take there, and what we ask for when nobody says.
const MEMORY_LIMIT_MIB: RangeInclusive<u32> = 16..=512;
const USUAL_MEMORY_LIMIT_MIB: u32 = 512;

/// Reads `executor`.
pub(super) fn read_own(mut fields: Fields<'_>) -> Ruling<ExecutorConfiguration> {
    let languages = Language::ALL.map(|language| (language.as_str(), language));
    let languages = fields.required("languages", array(0..=2, choice(&languages)));
    fields.finish(|| {
        Some(ExecutorConfiguration {
            languages: languages?.into_iter().collect(),
        })
    })
}

/// Reads `remote_executor`.
pub(super) fn read(mut fields: Fields<'_>) -> Ruling<RemoteExecutor> {
    let base_url = fields.required("base_url", base_url);
    let api_key_secret = fields.optional("api_key_secret", names::variable);
    let version = |_language: &str, item: Item<'_>| label(1..=64)(item).map(str::to_owned);
    let languages = fields.required("languages", named(LANGUAGES, language, version));
    let time_limit_seconds = fields.optional("time_limit_seconds", integer(TIME_LIMIT_SECONDS));
    let memory_limit_mib = fields.optional("memory_limit_mib", integer(MEMORY_LIMIT_MIB));
    fields.finish(|| {
        Some(RemoteExecutor {
            base_url: base_url?,
            api_key_secret,
            languages: languages?,
            time_limit_seconds: time_limit_seconds.unwrap_or(USUAL_TIME_LIMIT_SECONDS),
            memory_limit_mib: memory_limit_mib.unwrap_or(USUAL_MEMORY_LIMIT_MIB),
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
