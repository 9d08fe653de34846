//! What names a configuration may hold.

use crate::json::Item;
use crate::json::rules::{Ruling, checked, text};

/// The provider names that are taken: see [`crate::provider::Providers`].
const TAKEN: &str = "executor-";

/// The other one.
const TAKEN_REMOTE: &str = "remote-executor";

/// Variables, bindings and secrets of the Workers that are no provider's.
const RESERVED: [&str; 16] = [
    "ADMIN_KEY",
    "KEY_HASH_SECRET",
    "PROVIDERS",
    "ATTEMPT_TIMEOUT_SECONDS",
    "LEASE_MARGIN_SECONDS",
    "SWEEP_GRACE_SECONDS",
    "DEAD_LETTER_QUEUE",
    "DB",
    "STATUS",
    "JOBS",
    "BULK_JOBS",
    "TASKS",
    "FILES",
    "BULK_JOB_QUEUE",
    "TASK_QUEUE",
    "DEAD_LETTERS",
];

/// The name of a provider: 1 to 32 of `a-z`, `0-9`, `-` and `_`.
pub(super) fn provider(name: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    if !(1..=32).contains(&name.len()) || !name.bytes().all(allowed) {
        Err("must be 1 to 32 of `a-z`, `0-9`, `-` and `_`")
    } else if name.starts_with(TAKEN) || name == TAKEN_REMOTE {
        Err("is that of an executor")
    } else {
        Ok(())
    }
}

/// The name of a variable of a Worker: a secret or a binding.
pub(super) fn variable(item: Item<'_>) -> Ruling<String> {
    checked(text(1..=64), |name| {
        let (first, rest) = name.split_at_checked(1).unwrap_or_default();
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if !first.bytes().all(|byte| byte.is_ascii_uppercase()) || !rest.bytes().all(allowed) {
            Err("must be 1 to 64 of `A-Z`, `0-9` and `_`, the first one a letter")
        } else if RESERVED.contains(&name) || name.starts_with("PROVIDERS_") {
            Err("is the name of something else of the Workers")
        } else {
            Ok(name.to_owned())
        }
    })(item)
}

/// Header fields that the calls have anyway, or that the connection sets.
const OWN_HEADERS: [&str; 9] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Header fields that carry a key.
const KEY_HEADERS: [&str; 4] = [
    "api-key",
    "authorization",
    "cf-aig-authorization",
    "x-api-key",
];

/// Whether a header field of this name carries a key, which no configuration may hold.
pub(super) fn carries_a_key(header: &str) -> bool {
    KEY_HEADERS.contains(&header)
}

/// The name of a header field, in lower case.
pub(super) fn header(name: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    if !(1..=64).contains(&name.len()) || !name.bytes().all(allowed) {
        Err("must be 1 to 64 of `a-z`, `0-9`, `-` and `_`")
    } else if OWN_HEADERS.contains(&name) || name.starts_with("x-redrive-") {
        Err("is that of a header field that is sent anyway")
    } else {
        Ok(())
    }
}
