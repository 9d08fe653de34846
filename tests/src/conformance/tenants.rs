use super::{START, Tenant};
use redrive_shared::database::Database;
use redrive_shared::request::Wanted;
use redrive_shared::store::{Store, TenantChange, TenantChanged, TenantRow};

const DAY: u32 = 86_400;

pub(super) async fn a_tenant_keeps_jobs_as_long_as_it_says<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(131);
    assert_eq!(store.tenant(&tenant.id).await, Ok(None));
    let row = TenantRow::new(tenant.id.clone(), "acme", START);
    for _ in 0..2 {
        store.insert_tenant(&row, None).await.expect("stored");
    }
    assert_eq!(store.tenant(&tenant.id).await, Ok(Some(row.clone())));
    let times = (row.payload_retention_seconds, row.retention_seconds);
    assert_eq!(times, (7 * DAY, 30 * DAY));
    let wanted = vec![Wanted::any_model("second")];
    let change = TenantChange {
        payload_retention_seconds: Some(DAY),
        default_providers: Some(wanted.clone()),
        ..TenantChange::default()
    };
    let expected = TenantRow {
        payload_retention_seconds: DAY,
        default_providers: wanted,
        ..row
    };
    for _ in 0..2 {
        let changed = store.change_tenant(&tenant.id, &change, None).await;
        assert_eq!(changed, Ok(TenantChanged::Done(expected.clone())));
    }
    assert_eq!(store.tenant(&tenant.id).await, Ok(Some(expected.clone())));
    let reset = TenantChange {
        default_providers: Some(Vec::new()),
        ..TenantChange::default()
    };
    let expected = TenantRow {
        default_providers: Vec::new(),
        ..expected
    };
    let changed = store.change_tenant(&tenant.id, &reset, None).await;
    assert_eq!(changed, Ok(TenantChanged::Done(expected)));
}

pub(super) async fn payloads_never_outlive_their_jobs<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(132);
    let row = TenantRow::new(tenant.id.clone(), "acme", START);
    store.insert_tenant(&row, None).await.expect("stored");
    let longer = TenantChange {
        payload_retention_seconds: Some(31 * DAY),
        ..TenantChange::default()
    };
    let shorter = TenantChange {
        name: Some("acme again".to_owned()),
        retention_seconds: Some(6 * DAY),
        ..TenantChange::default()
    };
    for change in [&longer, &shorter] {
        let refused = store.change_tenant(&tenant.id, change, None).await;
        assert_eq!(refused, Ok(TenantChanged::PayloadOutlivesJob(row.clone())));
    }
    let unknown = Tenant::new(1320).id;
    let changed = store.change_tenant(&unknown, &longer, None).await;
    assert_eq!(changed, Ok(TenantChanged::Unknown));
}
