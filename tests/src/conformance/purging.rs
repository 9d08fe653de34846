use super::{START, Tenant, change, count, letter, query};
use redrive_shared::clock::Instant;
use redrive_shared::database::Database;
use redrive_shared::dead_letter::filter::DeadLetterFilter;
use redrive_shared::ids::{AuditId, JobId};
use redrive_shared::store::{NewPurge, Store};

const NOW: Instant = START.plus_seconds(600);
const JOBS: &str = "SELECT count(*) AS n FROM jobs";
const ENTRIES: &str = "SELECT count(*) AS n FROM audit_log WHERE action = 'dead_letters.purge'";

fn purge(tenant: &Tenant, expected: u32) -> NewPurge {
    NewPurge {
        audit_id: AuditId::new(NOW, &tenant.entropy),
        tenant_id: tenant.id.clone(),
        now: NOW,
        actor: "key".to_owned(),
        filter: DeadLetterFilter::default(),
        expected,
        note: None,
    }
}

pub(super) async fn a_purge_is_entered_when_the_count_holds<D: Database>(store: &Store<D>) {
    let (tenant, stranger) = (Tenant::new(201), Tenant::new(2010));
    let mut made: Vec<JobId> = Vec::new();
    for _ in 0..3 {
        made.push(letter(store, &tenant).await.id);
    }
    made.sort_unstable();
    letter(store, &stranger).await;
    tenant.submit(store).await;
    for expected in [2, 4] {
        let ground = store
            .begin_purge(&purge(&tenant, expected))
            .await
            .expect("runs");
        assert_eq!((ground.matched, ground.is_entered), (3, false));
    }
    assert_eq!(count(store, ENTRIES, vec![]).await, 0);
    let wanted = purge(&tenant, 3);
    for _ in 0..2 {
        let mut ground = store.begin_purge(&wanted).await.expect("runs");
        ground.letters.sort_unstable();
        assert_eq!(
            (ground.matched, ground.is_entered, &ground.letters),
            (3, true, &made)
        );
    }
    assert_eq!(count(store, ENTRIES, vec![]).await, 1);
}

pub(super) async fn a_purge_deletes_the_very_letters_that_were_counted<D: Database>(
    store: &Store<D>,
) {
    let tenant = Tenant::new(202);
    let mut made: Vec<JobId> = Vec::new();
    for _ in 0..4 {
        made.push(letter(store, &tenant).await.id);
    }
    let purge = purge(&tenant, 4);
    store.begin_purge(&purge).await.expect("runs");
    let alone = super::replaying::replay(&tenant, &made[2], NOW);
    store.replay(&alone).await.expect("runs");
    let died_again = "UPDATE jobs SET completed_at_ms = ?2 WHERE id = ?1";
    let later = vec![made[3].as_str().into(), NOW.plus_millis(1).into()];
    change(store, died_again, later).await;
    for _ in 0..2 {
        let purged = store.purge_letters(&purge, &made[..1]).await;
        assert_eq!(purged, Ok(1), "a repeat counts nothing twice");
    }
    assert_eq!(store.purge_letters(&purge, &made).await, Ok(2));
    assert_eq!(count(store, JOBS, vec![]).await, 2);
    let kept = query(store, "SELECT id FROM jobs", vec![]).await;
    let kept: Vec<_> = kept.iter().map(|row| row["id"].clone()).collect();
    assert!(
        made[2..]
            .iter()
            .all(|job| kept.contains(&job.as_str().into()))
    );
}
