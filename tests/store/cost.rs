//! What a job writes to D1, in rows of tables and indexes: D1 charges for each.

use std::num::NonZeroU32;

use redrive_shared::database::{Database, Statement};
use redrive_shared::idempotency::{Idempotency, IdempotencyKey};
use redrive_shared::ids::DeliveryId;
use redrive_shared::native::SeededEntropy;
use redrive_shared::store::{Permit, PermitLimits, Store};
use redrive_tests::http_database::HttpDatabase;
use redrive_tests::scale::{Crowd, START, commit};
use serde_json::json;

use super::suite;

/// Jobs that end together.
const TOGETHER: usize = 10;

/// Holds jobs and permits to what they may write.
pub(crate) async fn check(database: &HttpDatabase) {
    jobs_alone(database).await;
    jobs_together(database).await;
    permits(database).await;
}

/// A job that succeeds at once writes 8 rows, one of them its usage, and one more with an idempotency
/// key. In the end retention writes 3 to delete its payload, and 2 to delete the rest: entries of
/// indexes that go with their row are not counted.
async fn jobs_alone(database: &HttpDatabase) {
    let key = IdempotencyKey::parse(b"a-key").expect("a key");
    let once = Idempotency::of_body(key, &json!({"prompt": "hello"}));
    for (key, answered) in [(None, 8), (Some(once), 9)] {
        suite::empty(database).await;
        let store = Store::new(database);
        let crowd = Crowd::fill(&store, NonZeroU32::MIN).await;
        // The crowd's dead letter would be deleted along.
        let alone = Statement::new("DELETE FROM jobs", vec![]);
        let done = database.batch(vec![alone]).await;
        done.expect("the rows are deleted");
        let job = crowd.job();
        let before = database.rows_written();
        match &key {
            None => store.insert_job(&job).await.expect("the job is stored"),
            Some(once) => {
                let holder = store.insert_job_once(&job, once).await;
                assert_eq!(holder.expect("the job is stored").id, job.id);
            }
        }
        let delivery = DeliveryId::new(START, &SeededEntropy::new(1));
        let claimed = crowd.claim(&store, &delivery, &[job]).await;
        let commits: Vec<_> = claimed.iter().map(commit).collect();
        let held = store.commit(&commits).await.expect("the commit runs");
        assert_eq!(held.iter().flatten().count(), 1);
        assert_eq!(database.rows_written() - before, answered);

        let before = database.rows_written();
        for days in [8, 31] {
            let now = START.plus_seconds(days * 86_400);
            store.delete_expired(now, 10).await.expect("the step runs");
        }
        let left = store.job(&crowd.job().tenant_id, &commits[0].job_id).await;
        assert_eq!(left, Ok(None));
        assert_eq!(database.rows_written() - before, 5);
    }
}

/// The usage of jobs that end together is one row.
async fn jobs_together(database: &HttpDatabase) {
    suite::empty(database).await;
    let store = Store::new(database);
    let crowd = Crowd::fill(&store, NonZeroU32::MIN).await;
    let before = database.rows_written();
    let jobs: Vec<_> = (0..TOGETHER).map(|_| crowd.job()).collect();
    for job in &jobs {
        store.insert_job(job).await.expect("the job is stored");
    }
    let delivery = DeliveryId::new(START, &SeededEntropy::new(1));
    let claimed = crowd.claim(&store, &delivery, &jobs).await;
    let commits: Vec<_> = claimed.iter().map(commit).collect();
    let held = store.commit(&commits).await.expect("the commit runs");
    assert_eq!(held.iter().flatten().count(), TOGETHER);
    assert_eq!(database.rows_written() - before, 7 * 10 + 1);
    let before = database.rows_written();
    let again = store.commit(&commits).await.expect("the commit runs");
    assert_eq!(again.iter().flatten().count(), 0);
    assert_eq!(database.rows_written(), before, "a repeat writes nothing");
}

/// A call to a provider with limits writes a row for each of them, and one to give its slot back;
/// one that has to wait writes none.
async fn permits(database: &HttpDatabase) {
    suite::empty(database).await;
    let store = Store::new(database);
    for (concurrency, calls_per_minute, taken, given_back) in [
        (Some(1), None, 1, 1),
        (None, Some(1), 1, 0),
        (Some(1), Some(1), 2, 1),
    ] {
        let limits = PermitLimits {
            concurrency,
            calls_per_minute,
        };
        let provider = format!("{concurrency:?}-{calls_per_minute:?}");
        let take = async |holder: &str| {
            let before = database.rows_written();
            let until = START.plus_seconds(60);
            let permit = store.take_permit(&provider, limits, holder, START, until);
            let permit = permit.await.expect("asks");
            (permit == Permit::Granted, database.rows_written() - before)
        };
        assert_eq!(take("one").await, (true, taken));
        assert_eq!(take("two").await, (false, 0));
        let before = database.rows_written();
        let given = store.give_back_slot(&provider, "one").await;
        given.expect("the slot is given back");
        assert_eq!(database.rows_written() - before, given_back);
    }
}
