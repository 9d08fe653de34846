//! What every list has: a limit, times to narrow it, and one entry more than the page, read ahead.

use redrive_shared::clock::Instant;
use redrive_shared::store::PAGE_LIMIT;

/// Entries on a page when the client does not say.
pub(super) const DEFAULT_LIMIT: u32 = 20;

/// Reads a number of entries: digits only.
pub(super) fn limit_of(digits: &str) -> Result<u32, String> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|limit| (1..=PAGE_LIMIT).contains(limit))
        .ok_or_else(|| format!("must be a whole number from 1 to {PAGE_LIMIT}"))
}

/// Reads a time.
pub(super) fn time_of(text: &str) -> Result<Instant, &'static str> {
    Instant::parse_rfc3339(text)
        .ok_or("must be a time in RFC 3339, such as `2026-11-21T10:55:17Z`; in a URL, `+` is written `%2B`")
}

/// Cuts what was read, one entry more than asked for, to the page; and names its last entry when
/// another page follows, which begins after it.
pub(super) fn cut<T, N>(
    mut read: Vec<T>,
    limit: u32,
    name: impl Fn(&T) -> N,
) -> (Vec<T>, Option<N>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_last = read.len() <= limit;
    read.truncate(limit);
    let last = read.last().filter(|_| !is_last).map(name);
    (read, last)
}
