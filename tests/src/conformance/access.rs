use super::{START, Tenant};
use redrive_shared::database::Database;
use redrive_shared::ids::KeyId;
use redrive_shared::request::Wanted;
use redrive_shared::store::{NewKey, Store, TenantRow};

fn key(tenant: &Tenant, hash: &str) -> NewKey {
    NewKey {
        hash: hash.to_owned(),
        id: KeyId::new(START, &tenant.entropy),
        tenant_id: tenant.id.clone(),
        name: "laptop".to_owned(),
        start: "rd_live_abcd".to_owned(),
        scopes: "jobs:read jobs:write".to_owned(),
        created_at: START,
        expires_at: Some(START.plus_seconds(60)),
    }
}

pub(super) async fn a_key_of_an_unknown_tenant_is_not_stored<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(41);
    assert_eq!(store.insert_key(&key(&tenant, "aa"), None).await, Ok(false));
    assert_eq!(store.find_key("aa").await, Ok(None));
}

pub(super) async fn a_key_is_found_by_its_hash_and_listed_by_its_tenant<D: Database>(
    store: &Store<D>,
) {
    let (tenant, other) = (Tenant::new(42), Tenant::new(420));
    let wanted = vec![Wanted::any_model("second")];
    for (owner, default_providers) in [(&tenant, wanted.clone()), (&other, Vec::new())] {
        let row = TenantRow {
            default_providers,
            ..TenantRow::new(owner.id.clone(), "acme", START)
        };
        store.insert_tenant(&row, None).await.expect("stored");
    }
    let keys = [key(&tenant, "aa"), key(&tenant, "bb"), key(&other, "cc")];
    for key in &keys {
        assert_eq!(store.insert_key(key, None).await, Ok(true));
    }
    let found = store.find_key("aa").await.expect("runs").expect("found");
    assert_eq!(
        (&found.id, &found.tenant_id, found.hash.as_str()),
        (&keys[0].id, &tenant.id, "aa")
    );
    assert_eq!(
        (found.expires_at, found.revoked_at),
        (keys[0].expires_at, None)
    );
    assert_eq!(found.default_providers, wanted);
    let of_other = store.find_key("cc").await.expect("runs").expect("found");
    assert_eq!(of_other.default_providers, []);
    let listed = store.keys(&tenant.id, None, 10).await.expect("runs");
    assert_eq!(listed.len(), 2);
    let rest = store
        .keys(&tenant.id, Some(&listed[0].id), 10)
        .await
        .expect("runs");
    assert_eq!(rest, listed[1..]);
}

pub(super) async fn a_second_revocation_keeps_the_first_instant<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(43);
    store
        .insert_tenant(&TenantRow::new(tenant.id.clone(), "acme", START), None)
        .await
        .expect("stored");
    let key = key(&tenant, "aa");
    store.insert_key(&key, None).await.expect("stored");
    for seconds in [1, 2] {
        let now = START.plus_seconds(seconds);
        let row = store
            .revoke_key(&key.id, now, None)
            .await
            .expect("runs")
            .expect("known");
        assert_eq!(row.revoked_at, Some(START.plus_seconds(1)));
    }
    let unknown = KeyId::new(START, &tenant.entropy);
    assert_eq!(store.revoke_key(&unknown, START, None).await, Ok(None));
}
