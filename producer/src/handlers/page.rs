//! What every list has: times to narrow it, a limit, a cursor, and one entry more than the page,
//! read ahead.

use crate::problem::Problem;
use crate::query::Query;
use redrive_shared::clock::Instant;
use redrive_shared::cursor::Cursor;
use redrive_shared::ids::{JobId, TenantId};
use redrive_shared::json::Fields;
use redrive_shared::json::rules::{checked, text};
use redrive_shared::store::PAGE_LIMIT;

/// Entries on a page when the client does not say.
pub(super) const DEFAULT_LIMIT: u32 = 20;

/// What narrows a list of jobs.
pub(super) trait ListFilter: Sized {
    /// Reads the parameters of this list, but for those that every list has.
    fn read(fields: &mut Fields<'_>) -> Self;

    /// Narrows it to what was created from one time on, and before another.
    fn between(&mut self, from: Option<Instant>, before: Option<Instant>);

    /// Begins after an entry; `None`: with the first.
    fn after(&mut self, last: Option<JobId>);

    /// Spells out the list, the same for every page of it, for the cursor.
    fn fingerprint(&self) -> String;
}

/// Which page of which list a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageRequest<F> {
    pub(super) filter: F,
    pub(super) limit: u32,
    /// Spells out the list, for the cursor.
    pub(super) fingerprint: String,
}

impl<F: ListFilter> PageRequest<F> {
    /// Reads the parameters of a list.
    ///
    /// # Errors
    /// 422 with every parameter that is wrong.
    pub(super) fn read(query: &Query, tenant: &TenantId) -> Result<Self, Problem> {
        let (mut filter, limit, cursor) = query.read(|mut fields| {
            let mut filter = F::read(&mut fields);
            let from = fields.optional("createdAfter", checked(text(1..=64), time_of));
            let before = fields.optional("createdBefore", checked(text(1..=64), time_of));
            filter.between(from, before);
            let limit = fields.optional("limit", checked(text(1..=16), limit_of));
            let cursor = fields.optional("cursor", text(1..=128)).map(str::to_owned);
            fields.finish(|| Some((filter, limit.unwrap_or(DEFAULT_LIMIT), cursor)))
        })?;
        let fingerprint = filter.fingerprint();
        let last = cursor
            .map(|cursor| Cursor::decode(&cursor, tenant, &fingerprint))
            .transpose()
            .map_err(|error| Problem::invalid_parameter("cursor", &error.to_string()))?
            .map(|cursor| cursor.last().clone());
        filter.after(last);
        Ok(Self {
            filter,
            limit,
            fingerprint,
        })
    }

    /// Cuts what was read, one entry more than asked for, to the page, and gives the cursor of the
    /// next one when another page follows.
    pub(super) fn cut<T>(
        &self,
        read: Vec<T>,
        tenant: &TenantId,
        name: impl Fn(&T) -> JobId,
    ) -> (Vec<T>, Option<String>) {
        let (read, last) = cut(read, self.limit, name);
        let next = last.map(|last| Cursor::after(last).encode(tenant, &self.fingerprint));
        (read, next)
    }
}

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
fn time_of(text: &str) -> Result<Instant, &'static str> {
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
