//! Whose request it is, once its key is known.

use super::scope::{Scope, Scopes};
use crate::clock::Instant;
use crate::ids::{KeyId, TenantId};
use crate::request::Wanted;
use std::sync::Arc;

/// On whose behalf a request is made, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The tenant whose jobs it may touch: every statement filters by it.
    pub tenant_id: TenantId,
    /// The key it used, for the log.
    pub key_id: KeyId,
    /// What it may do.
    pub scopes: Scopes,
    /// Whom the tenant's jobs ask that name nobody; empty: as the deployment says.
    pub default_providers: Arc<[Wanted]>,
}

impl Principal {
    /// Whether the key was made for `scope`. If not, the answer is 403.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }
}

/// What the database knows of a key, found by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Names the key.
    pub id: KeyId,
    /// Whose key it is.
    pub tenant_id: TenantId,
    /// What it may be used for.
    pub scopes: Scopes,
    /// From this instant on the key is refused; `None` means never.
    pub expires_at: Option<Instant>,
    /// When the key was revoked; `None` means that it was not.
    pub revoked_at: Option<Instant>,
    /// Whom its tenant's jobs ask that name nobody; empty: as the deployment says.
    pub default_providers: Arc<[Wanted]>,
}

/// The key is known and may not be used. For the log only: the client is told the same as for an
/// unknown key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Somebody revoked it.
    #[error("the key was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the key has expired")]
    Expired,
}

impl KeyRecord {
    /// Decides whether the key may be used at `now`. A revocation holds whatever its instant is:
    /// the clocks of two runs may differ, and a revoked key must not live on for that.
    ///
    /// # Errors
    /// [`Denied`]: answer 401, as for an unknown key.
    pub fn check(&self, now: Instant) -> Result<Principal, Denied> {
        if self.revoked_at.is_some() {
            return Err(Denied::Revoked);
        }
        if self.expires_at.is_some_and(|expiry| expiry <= now) {
            return Err(Denied::Expired);
        }
        Ok(Principal {
            tenant_id: self.tenant_id.clone(),
            key_id: self.id.clone(),
            scopes: self.scopes.clone(),
            default_providers: Arc::clone(&self.default_providers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    const NOW: Instant = Instant::from_millis(1_795_258_517_372);

    fn record() -> KeyRecord {
        KeyRecord {
            id: KeyId::new(NOW, &Zeros),
            tenant_id: TenantId::new(NOW, &Zeros),
            scopes: Scopes::new([Scope::JobsRead]).expect("not empty"),
            expires_at: None,
            revoked_at: None,
            default_providers: Arc::from([]),
        }
    }

    #[test]
    fn a_live_key_acts_for_its_tenant_within_its_scopes() {
        let record = record();
        let principal = record.check(NOW).expect("it is live");
        assert_eq!(principal.tenant_id, record.tenant_id);
        assert_eq!(principal.key_id, record.id);
        assert!(principal.may(Scope::JobsRead));
        assert!(!principal.may(Scope::JobsWrite));
    }

    #[test]
    fn a_key_is_refused_from_the_instant_it_expires() {
        let mut record = record();
        record.expires_at = Some(NOW.plus_millis(1));
        assert!(record.check(NOW).is_ok());
        assert_eq!(record.check(NOW.plus_millis(1)), Err(Denied::Expired));
        assert_eq!(record.check(NOW.plus_seconds(60)), Err(Denied::Expired));
    }

    #[test]
    fn a_revoked_key_is_refused_whatever_the_clock_says() {
        let mut record = record();
        record.expires_at = Some(NOW);
        for revoked_at in [NOW.plus_seconds(-60), NOW, NOW.plus_seconds(60)] {
            record.revoked_at = Some(revoked_at);
            assert_eq!(record.check(NOW), Err(Denied::Revoked));
        }
    }
}
