//! What every list has: a limit, a cursor, and one entry more than the page, read ahead.

use crate::problem::Problem;
use crate::query::Query;
use redrive_shared::cursor::Cursor;
use redrive_shared::ids::{Id, TenantId};
use redrive_shared::json::Fields;
use redrive_shared::json::rules::{checked, text};
use redrive_shared::store::PAGE_LIMIT;

/// Entries on a page when the client does not say.
pub(super) const DEFAULT_LIMIT: u32 = 20;

/// What narrows a list.
pub(super) trait ListFilter: Sized {
    /// What names its entries.
    type Entry: Id;

    /// Reads the parameters of this list, but for those that every list has.
    fn read(fields: &mut Fields<'_>) -> Self;

    /// Spells out the list, the same for every page of it and for no other list, for the cursor.
    fn fingerprint(&self) -> String;
}

/// Which page of which list a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageRequest<F: ListFilter> {
    pub(super) filter: F,
    /// The last entry of the page before; `None`: the first page.
    pub(super) after: Option<F::Entry>,
    pub(super) limit: u32,
    /// Spells out the list, for the cursor.
    fingerprint: String,
}

impl<F: ListFilter> PageRequest<F> {
    /// Reads the parameters of a list.
    ///
    /// # Errors
    /// 422 with every parameter that is wrong.
    pub(super) fn read(query: &Query, tenant: &TenantId) -> Result<Self, Problem> {
        Self::read_at("", query, tenant)
    }

    /// Reads the parameters of a list that stands at `place`, which the path names.
    ///
    /// # Errors
    /// 422 with every parameter that is wrong.
    pub(super) fn read_at(place: &str, query: &Query, tenant: &TenantId) -> Result<Self, Problem> {
        let (filter, limit, cursor) = query.read(|mut fields| {
            let filter = F::read(&mut fields);
            let limit = fields.optional("limit", checked(text(1..=16), limit_of));
            let cursor = fields.optional("cursor", text(1..=128)).map(str::to_owned);
            fields.finish(|| Some((filter, limit.unwrap_or(DEFAULT_LIMIT), cursor)))
        })?;
        let fingerprint = format!("{place}{}", filter.fingerprint());
        let after = cursor
            .map(|cursor| Cursor::decode(&cursor, tenant, &fingerprint))
            .transpose()
            .map_err(|error| Problem::invalid_parameter("cursor", &error.to_string()))?
            .map(Cursor::into_last);
        Ok(Self {
            filter,
            after,
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
        name: impl Fn(&T) -> F::Entry,
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
