use super::{START, Tenant, letter};
use redrive_shared::audit::{Action, Actor, Deed};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::ids::{AuditId, KeyId};
use redrive_shared::store::{AuditFilter, AuditRecord, NewKey, Store, TenantChange, TenantRow};

const NOW: Instant = START.plus_seconds(600);

fn deed(tenant: &Tenant, second: i64) -> Deed {
    let now = NOW.plus_seconds(second);
    Deed::new(now, &tenant.entropy, Actor::Operator)
}

async fn entries<D: Database>(
    store: &Store<D>,
    tenant: &Tenant,
    filter: &AuditFilter,
) -> Vec<AuditRecord> {
    let read = store.audit(&tenant.id, filter, None, 10).await;
    read.expect("reads")
}

pub(super) async fn what_changes_something_is_entered_once<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(191);
    let every = AuditFilter::default();
    let row = TenantRow::new(tenant.id.clone(), "acme", NOW);
    let key = NewKey {
        hash: "aa".to_owned(),
        id: KeyId::new(NOW, &tenant.entropy),
        tenant_id: tenant.id.clone(),
        name: "a key".to_owned(),
        start: "rd_live_aa".to_owned(),
        scopes: "admin".to_owned(),
        created_at: NOW,
        expires_at: None,
    };
    let orphan = store.insert_key(&key, Some(&deed(&tenant, 0))).await;
    assert_eq!(orphan, Ok(false));
    assert!(entries(store, &tenant, &every).await.is_empty());
    let made = deed(&tenant, 1);
    for _ in 0..2 {
        store
            .insert_tenant(&row, Some(&made))
            .await
            .expect("stored");
    }
    let keyed = deed(&tenant, 2);
    assert_eq!(store.insert_key(&key, Some(&keyed)).await, Ok(true));
    for second in [3, 4] {
        let deed = deed(&tenant, second);
        let revoked = store.revoke_key(&key.id, deed.at, Some(&deed)).await;
        let revoked = revoked.expect("runs").expect("there is such a key");
        assert_eq!(revoked.revoked_at, Some(NOW.plus_seconds(3)));
    }
    let change = TenantChange {
        retention_seconds: Some(7_776_000),
        ..TenantChange::default()
    };
    let changed = store
        .change_tenant(&tenant.id, &change, Some(&deed(&tenant, 5)))
        .await;
    changed.expect("runs");
    let shorter = TenantChange {
        retention_seconds: Some(86_400),
        ..TenantChange::default()
    };
    let refused = store
        .change_tenant(&tenant.id, &shorter, Some(&deed(&tenant, 6)))
        .await;
    refused.expect("runs");
    let job = tenant.submit(store).await;
    let over = letter(store, &tenant).await.id;
    for (second, job) in [(7, &job), (8, &job), (9, &over)] {
        let deed = deed(&tenant, second);
        store
            .cancel(&tenant.id, job, deed.at, Some(&deed))
            .await
            .expect("runs");
    }
    let told = entries(store, &tenant, &every).await;
    let told: Vec<_> = told
        .iter()
        .map(|entry| (entry.action, entry.at, entry.subject.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Action::JobCancel, NOW.plus_seconds(7), job.as_str()),
            (
                Action::TenantChange,
                NOW.plus_seconds(5),
                tenant.id.as_str()
            ),
            (Action::KeyRevoke, NOW.plus_seconds(3), key.id.as_str()),
            (Action::KeyCreate, NOW.plus_seconds(2), key.id.as_str()),
            (
                Action::TenantCreate,
                NOW.plus_seconds(1),
                tenant.id.as_str()
            ),
        ]
    );
}

pub(super) async fn entries_are_read_by_filter_and_page<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(192), Tenant::new(1920));
    let mut deeds: Vec<AuditId> = Vec::new();
    let mut jobs = Vec::new();
    for second in 0..3 {
        let (job, deed) = (tenant.submit(store).await, deed(&tenant, second));
        store
            .cancel(&tenant.id, &job, deed.at, Some(&deed))
            .await
            .expect("runs");
        deeds.insert(0, deed.audit_id);
        jobs.insert(0, job);
    }
    let foreign = stranger.submit(store).await;
    let deed = deed(&stranger, 0);
    store
        .cancel(&stranger.id, &foreign, deed.at, Some(&deed))
        .await
        .expect("runs");
    let ids = |entries: Vec<AuditRecord>| -> Vec<AuditId> {
        entries.into_iter().map(|entry| entry.id).collect()
    };
    let any = AuditFilter::default;
    #[rustfmt::skip]
    let cases = [
        (any(), &deeds[..]),
        (AuditFilter { action: Some(Action::JobCancel), ..any() }, &deeds[..]),
        (AuditFilter { action: Some(Action::Replay), ..any() }, &[]),
        (AuditFilter { actor: Some("operator".to_owned()), ..any() }, &deeds[..]),
        (AuditFilter { actor: Some("system".to_owned()), ..any() }, &[]),
        (AuditFilter { subject: Some(jobs[1].to_string()), ..any() }, &deeds[1..2]),
        (AuditFilter { from: Some(NOW.plus_seconds(1)), ..any() }, &deeds[..2]),
        (AuditFilter { before: Some(NOW.plus_seconds(1)), ..any() }, &deeds[2..]),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            ids(entries(store, &tenant, &filter).await),
            expected,
            "{filter:?}"
        );
    }
    let page = store.audit(&tenant.id, &any(), Some(&deeds[0]), 1).await;
    assert_eq!(ids(page.expect("reads")), deeds[1..2]);
}
