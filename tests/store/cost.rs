//! What a job writes to D1, in rows of tables and indexes: D1 charges for each.

use std::num::NonZeroU32;

use redrive_shared::database::{Database, Statement};
use redrive_shared::idempotency::{Idempotency, IdempotencyKey};
use redrive_shared::ids::DeliveryId;
use redrive_shared::native::SeededEntropy;
use redrive_shared::store::Store;
use redrive_tests::http_database::HttpDatabase;
use redrive_tests::scale::{Crowd, START, commit};
use serde_json::json;

use super::suite;

/// Holds a job that succeeds at once to what it may write: 7 rows, and one more with an idempotency
/// key. In the end retention writes 3 to delete its payload, and 2 to delete the rest: entries of
/// indexes that go with their row are not counted.
pub(crate) async fn check(database: &HttpDatabase) {
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
