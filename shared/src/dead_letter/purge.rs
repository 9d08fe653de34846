//! Purge: the use case that deletes dead letters for good, after somebody counted them.

use super::filter::DeadLetterFilter;
use crate::clock::Clock;
use crate::database::DatabaseError;
use crate::ids::{AuditId, KeyId, TenantId};
use crate::ports::Ports;
use crate::repeat::repeat;
use crate::store::NewPurge;

/// Letters that one transaction deletes. While it deletes, the database does nothing else, and to
/// delete a letter it reads through its request.
const TOGETHER: usize = 100;

/// A purge that has deleted for so long leaves the rest.
const LONGEST_MS: i64 = 20_000;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurgeRequest {
    /// Which letters.
    pub filter: DeadLetterFilter,
    /// How many there are, as the operator counted.
    pub expected: u32,
    /// Why, in the operator's words.
    pub note: Option<String>,
}

/// What became of the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purged {
    /// So many letters are gone, and so many of those counted are left: they were replayed meanwhile,
    /// or there was no time for them.
    Done {
        /// How many are gone.
        purged: u64,
        /// How many are left.
        remaining: u64,
        /// The entry in the audit log.
        audit_id: AuditId,
    },
    /// As many match as this; nothing was deleted.
    CountChanged(u64),
}

/// Deletes dead letters with all that was asked and told, for `actor`.
///
/// 1. In one transaction the letters are read, and the entry in the audit log is written if they are
///    as many as was counted. Otherwise nothing happens.
/// 2. Those very letters are deleted, a hundred in a transaction, each with its count in the entry.
///    One that was replayed meanwhile stays, also when it is dead again.
///
/// What batches and replays count stays as it is.
///
/// # Errors
/// [`DatabaseError`]: some letters may be gone; the entry says how many. Asked again, the count tells.
pub async fn purge<P: Ports>(
    ports: &P,
    tenant: &TenantId,
    actor: &KeyId,
    request: PurgeRequest,
) -> Result<Purged, DatabaseError> {
    let (clock, store) = (ports.clock(), ports.store());
    let now = clock.now();
    let purge = NewPurge {
        audit_id: AuditId::new(now, ports.entropy()),
        tenant_id: tenant.clone(),
        now,
        actor: actor.to_string(),
        filter: request.filter,
        expected: request.expected,
        note: request.note,
    };
    let ground = repeat(clock, || store.begin_purge(&purge)).await?;
    let matched = ground.matched;
    if !ground.is_entered {
        return Ok(Purged::CountChanged(matched));
    }
    let mut purged = 0;
    for letters in ground.letters.chunks(TOGETHER) {
        purged = repeat(clock, || store.purge_letters(&purge, letters)).await?;
        if clock.now().millis_since(now) > LONGEST_MS {
            break;
        }
    }
    Ok(Purged::Done {
        purged,
        remaining: matched.saturating_sub(purged),
        audit_id: purge.audit_id,
    })
}
