use super::{START, Tenant, change, commit, count, dead};
use redrive_shared::clock::Instant;
use redrive_shared::database::{Database, DatabaseError, Statement};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::AttemptOutcome;
use redrive_shared::store::Store;

pub(super) async fn text_and_large_numbers_come_back_as_they_were<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(51);
    let mut job = tenant.job(Instant::from_millis(9_000_000_000_001));
    job.metadata = [
        ("__proto__", "\u{202e}é\u{200b}👩‍👩‍👧'; DROP TABLE jobs;--"),
        ("b", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    job.model = Some("\"quoted\" \\ model".to_owned());
    store.insert_job(&job).await.expect("stored");
    let read = tenant.read(store, &job.id).await;
    assert_eq!(read.created_at, job.created_at);
    assert_eq!(read.deadline_at, Instant::from_millis(9_000_003_600_001));
    assert_eq!(read.metadata, job.metadata);
    assert_eq!(read.model, job.model);
}

pub(super) async fn a_megabyte_of_request_is_kept<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(52);
    let mut job = tenant.job(START);
    job.request = format!("\"{}\"", "é".repeat(512 * 1024));
    store.insert_job(&job).await.expect("stored");
    let claimed = tenant.claim(store, &job.id, START).await.expect("claimed");
    assert!(
        claimed.request == job.request,
        "the request came back changed"
    );
}

pub(super) async fn a_failing_statement_undoes_its_whole_batch<D: Database>(store: &Store<D>) {
    let insert = "INSERT INTO tenants (id, name, created_at_ms) VALUES (?1, 'a', 1)";
    let batch = vec![
        Statement::new(insert, vec!["ten_once".into()]),
        Statement::new(insert, vec!["ten_once".into()]),
    ];
    let result = store.database().batch(batch).await;
    assert!(matches!(result, Err(DatabaseError::Other(_))), "{result:?}");
    assert_eq!(
        count(store, "SELECT count(*) AS n FROM tenants", vec![]).await,
        0
    );
}

pub(super) async fn each_statement_counts_its_own_changes<D: Database>(store: &Store<D>) {
    let insert =
        "INSERT INTO tenants (id, name, created_at_ms) VALUES ('ten_a', 'a', 1), ('ten_b', 'b', 1)";
    let batch = [
        (insert, 2, 0),
        ("SELECT id FROM tenants", 0, 2),
        ("UPDATE tenants SET name = 'c' WHERE id = 'ten_c'", 0, 0),
        (
            "UPDATE tenants SET name = 'c' WHERE id = 'ten_b' RETURNING id",
            1,
            1,
        ),
        ("SELECT id FROM tenants WHERE name = 'c'", 0, 1),
        ("DELETE FROM tenants", 2, 0),
    ];
    let statements = batch.map(|(sql, ..)| Statement::new(sql, vec![]));
    let results = store
        .database()
        .batch(statements.into())
        .await
        .expect("runs");
    let counted: Vec<_> = results
        .iter()
        .map(|result| (result.changes, result.rows.len()))
        .collect();
    assert_eq!(counted, batch.map(|(_, changes, rows)| (changes, rows)));
}

pub(super) async fn what_a_later_version_wrote_is_read_as_unknown<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(54);
    let claimed = tenant.running(store).await;
    store
        .commit(&[commit(&claimed, dead(ErrorCode::ProviderAuth))])
        .await
        .expect("committed");
    change(
        store,
        r"UPDATE jobs SET error_code = 'gone_quantum',
           error = json_set(error, '$.cause', 'gone_quantum', '$.weight', 3),
           attempts = json_set(attempts, '$[0].outcome', 'entangled', '$[0].code', 'gone_quantum', '$[0].weight', 3)",
        vec![],
    )
    .await;
    let record = tenant.read(store, &claimed.id).await;
    assert_eq!(record.error_code, Some(ErrorCode::Unknown));
    assert_eq!(record.error.expect("told").cause, Some(ErrorCode::Unknown));
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Unknown);
    assert_eq!(record.attempts[0].code, Some(ErrorCode::Unknown));
}

pub(super) async fn a_row_that_no_transition_leaves_is_refused<D: Database>(store: &Store<D>) {
    let tenant = Tenant::new(53);
    tenant.submit(store).await;
    for sql in [
        "UPDATE jobs SET state = 'finished'",
        "UPDATE jobs SET kind = 'guess'",
        "UPDATE jobs SET state = 'succeeded'",
        "UPDATE jobs SET attempt = 'one'",
        "UPDATE jobs SET attempt = -1",
        "UPDATE jobs SET max_attempts = 21",
        // More attempts counted than there were.
        "UPDATE jobs SET failures = 1",
        "UPDATE jobs SET attempt = 2, failures = 1, deferrals = 1, rescues = 1",
        "UPDATE jobs SET attempt = 2, failures = 3, deferrals = -1",
        // A job that is still owed does not expire, and keeps its request.
        "UPDATE jobs SET expires_at_ms = 1",
        "UPDATE jobs SET request = NULL",
        // An end says when it was, when it expires, and why.
        "UPDATE jobs SET state = 'cancelled', due_at_ms = NULL, completed_at_ms = 1",
        "UPDATE jobs SET state = 'cancelled', due_at_ms = NULL, expires_at_ms = 1",
        "UPDATE jobs SET state = 'failed', due_at_ms = NULL, completed_at_ms = 1, expires_at_ms = 1",
        "UPDATE jobs SET state = 'dead_lettered', due_at_ms = NULL, completed_at_ms = 1, expires_at_ms = 1, \
         error_code = 'poison'",
        "UPDATE jobs SET error = 'text'",
        "UPDATE jobs SET replays = '['",
        "UPDATE jobs SET dropped_answers = ''",
        "UPDATE jobs SET idempotency_key = 'k'",
        "INSERT INTO tenants (id, name, created_at_ms, payload_retention_seconds) VALUES ('t', 't', 1, 86399)",
        "INSERT INTO tenants (id, name, created_at_ms, retention_seconds) VALUES ('t', 't', 1, 604799)",
        "INSERT INTO tenants (id, name, created_at_ms, default_providers) VALUES ('t', 't', 1, 'openai')",
        // What is used is used on a day, by calls that were made.
        "INSERT INTO usage_daily VALUES ('2026-1-1', 't', 'p', 'm', 1, 0, NULL, NULL, NULL, NULL, NULL, 0, 0)",
        "INSERT INTO usage_daily VALUES ('2026-11-21', 't', 'p', 'm', 1, 2, NULL, NULL, NULL, NULL, NULL, 0, 0)",
        "INSERT INTO usage_daily VALUES ('2026-11-21', 't', 'p', 'm', 1, 0, NULL, NULL, NULL, NULL, NULL, 2, 0)",
        "INSERT INTO usage_daily VALUES ('2026-11-21', 't', 'p', 'm', 1, 0, NULL, NULL, NULL, NULL, NULL, 0, -1)",
        "INSERT INTO usage_daily VALUES ('2026-11-21', 't', 'p', 'm', 1, 0, 0.5, NULL, NULL, NULL, NULL, 0, 0)",
        "INSERT INTO provider_minutes VALUES ('p', 1, 0, 'h')",
    ] {
        let result = store
            .database()
            .batch(vec![Statement::new(sql, vec![])])
            .await;
        assert!(
            matches!(result, Err(DatabaseError::Other(_))),
            "{sql}: {result:?}"
        );
    }
}

pub(super) async fn an_undecodable_message_is_recorded_once<D: Database>(store: &Store<D>) {
    let body = "\u{0}x".repeat(5_000);
    for _ in 0..2 {
        store
            .record_undecodable("m1", "redrive-jobs", "not JSON", &body, START)
            .await
            .expect("recorded");
    }
    let kept = "SELECT count(*) AS n FROM undecodable_messages WHERE length(excerpt) = 2048";
    assert_eq!(count(store, kept, vec![]).await, 1);
}
