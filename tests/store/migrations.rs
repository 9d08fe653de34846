//! The migrations: the list of the native store is the folder, and rows live through them.

use std::collections::BTreeMap;
use std::fs;

use redrive_shared::job::JobState;
use redrive_shared::native::MIGRATIONS;
use rusqlite::types::Value;
use rusqlite::{Connection, params};
use xtask::checkout;

#[test]
fn the_native_store_has_the_migrations_of_the_folder_in_their_order() {
    let folder = fs::read_dir(checkout::path("migrations")).expect("the folder can be read");
    let files: BTreeMap<String, String> = folder
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path).expect("a migration is text");
            (name.into_owned(), text)
        })
        .collect();
    let listed: Vec<(String, String)> = MIGRATIONS
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let in_order: Vec<(String, String)> = files.into_iter().collect();
    assert_eq!(listed, in_order);
}

const START: i64 = 1_795_000_000_000;

/// A row for each state, as the first version left them: `?1` id, `?2` state, `?3` due, `?4`
/// completed, `?5` error code.
const INSERT: &str = r#"
INSERT INTO jobs (
  tenant_id, id, kind, state, attempt, failures, deferrals, rescues, dispatches, max_attempts, created_at_ms,
  deadline_at_ms, due_at_ms, started_at_ms, completed_at_ms, model, error_code, error, ref_type, ref_id, metadata,
  attempts, request
)
VALUES (
  'ten_1', ?1, 'generate', ?2, 4, 1, 1, 1, 2, 5, 1795000000000,
  1795003600000, ?3, 1795000000500, ?4, 'gpt-4o', ?5, iif(?5 IS NULL, NULL, '{"message":"no","retryable":true}'), 'order', '42',
  '{"a":"b"}', '[{"attempt":1,"startedAtMs":1,"finishedAtMs":2,"outcome":"failed"}]', '{"prompt":"é"}'
)"#;

/// The rows of a table, by column.
fn rows(connection: &Connection, sql: &str) -> Vec<BTreeMap<String, Value>> {
    let mut statement = connection.prepare(sql).expect("the statement is right");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let columns = names.iter().enumerate();
        columns
            .map(|(index, name)| Ok((name.clone(), row.get(index)?)))
            .collect()
    });
    let rows: rusqlite::Result<_> = rows.expect("the statement runs").collect();
    rows.expect("the rows can be read")
}

/// A database of the first version, with a job in every state.
fn of_the_first_version() -> Connection {
    let connection = Connection::open_in_memory().expect("there is memory");
    connection.execute_batch(MIGRATIONS[0].1).expect("migrates");
    let tenant = "INSERT INTO tenants (id, name, created_at_ms) VALUES ('ten_1', 'acme', 1)";
    connection.execute(tenant, []).expect("stored");
    for state in JobState::ALL {
        let error = match state {
            JobState::Queued | JobState::Running | JobState::Succeeded | JobState::Cancelled => {
                None
            }
            JobState::RetryScheduled | JobState::Failed => Some("provider_error"),
            JobState::DeadLettered => Some("provider_auth"),
        };
        let (due, completed) = if state.is_terminal() {
            (None, Some(START + 900))
        } else {
            (Some(START + 600), None)
        };
        let values = params![
            format!("job_{}", state.as_str()),
            state.as_str(),
            due,
            completed,
            error
        ];
        connection.execute(INSERT, values).expect("stored");
    }
    let result = "INSERT INTO task_results VALUES \
        ('job_succeeded', 'ten_1', 4, 'four', 'stop', 0, '[]', 1, 2, 3, 'openai', 'gpt-4o', NULL, 1795000000900)";
    connection.execute(result, []).expect("stored");
    connection
}

#[test]
fn jobs_of_every_state_move_over_unharmed() {
    const JOBS: &str = "SELECT * FROM jobs ORDER BY id";
    const RESULTS: &str = "SELECT * FROM task_results";
    let connection = of_the_first_version();
    let (jobs, results) = (rows(&connection, JOBS), rows(&connection, RESULTS));
    connection.execute_batch(MIGRATIONS[1].1).expect("migrates");
    assert_eq!(rows(&connection, RESULTS), results);
    let moved = rows(&connection, JOBS);
    assert_eq!(moved.len(), JobState::ALL.len());
    for (before, after) in jobs.iter().zip(&moved) {
        for (column, value) in before {
            assert_eq!(after.get(column), Some(value), "{column} of {before:?}");
        }
        assert_eq!(after["deadline_seconds"], Value::Integer(3_600));
        for column in ["replays", "dropped_answers"] {
            assert_eq!(after[column], Value::Text("[]".to_owned()));
        }
        for column in ["claimed_by", "idempotency_key", "request_hash"] {
            assert_eq!(after[column], Value::Null);
        }
        let is_terminal = before["completed_at_ms"] != Value::Null;
        let week_later = Value::Integer(START + 900 + 604_800_000);
        let expires = if is_terminal { week_later } else { Value::Null };
        assert_eq!(after["expires_at_ms"], expires);
        let is_dead = before["state"] == Value::Text("dead_lettered".to_owned());
        let fingerprint = Value::Text("provider_auth:-:-:gpt-4o:-".to_owned());
        let fingerprint = if is_dead { fingerprint } else { Value::Null };
        assert_eq!(after["fingerprint"], fingerprint);
    }
    let whole = &rows(&connection, "PRAGMA integrity_check")[0];
    assert_eq!(whole["integrity_check"], Value::Text("ok".to_owned()));
    let tenant = &rows(&connection, "SELECT * FROM tenants")[0];
    let kept = ["payload_retention_seconds", "retention_seconds"].map(|name| tenant[name].clone());
    assert_eq!(kept, [604_800, 2_592_000].map(Value::Integer));
}

#[test]
fn what_answers_used_is_not_known_of_rows_that_are_older_than_its_columns() {
    const RESULTS: &str = "SELECT * FROM task_results";
    let connection = of_the_first_version();
    connection.execute_batch(MIGRATIONS[1].1).expect("migrates");
    let before = rows(&connection, RESULTS).remove(0);
    let jobs = rows(&connection, "SELECT * FROM jobs");
    connection.execute_batch(MIGRATIONS[2].1).expect("migrates");
    assert_eq!(rows(&connection, "SELECT * FROM jobs"), jobs);
    let after = rows(&connection, RESULTS).remove(0);
    for (column, value) in &after {
        assert_eq!(
            before.get(column).unwrap_or(&Value::Null),
            value,
            "{column}"
        );
    }
    assert_eq!(after.len(), before.len() + 3);
    let tenant = &rows(&connection, "SELECT * FROM tenants")[0];
    assert_eq!(tenant["default_providers"], Value::Null);
    let wrong = "UPDATE tenants SET default_providers = 'openai'";
    assert!(connection.execute(wrong, []).is_err(), "it is not JSON");
}
