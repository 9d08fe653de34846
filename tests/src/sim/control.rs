//! Negative controls: the same world with one guarantee taken out, to see that its loss is noticed.

use redrive_shared::database::Statement;
use redrive_shared::native::SqliteDatabase;

/// What a world goes without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// Nothing: the product as it is.
    #[default]
    None,
    /// The fence: a commit no longer asks whether its attempt still owns the job.
    Fence,
    /// The sweep: the cron does not run.
    Sweep,
    /// The guard of a result, and the key that would stop a second one.
    UniqueResult,
    /// The guard of a result alone: the key is still there.
    ResultGuard,
    /// The lease: a claim takes jobs that another delivery is running.
    Lease,
    /// The quarantine: a job that was rescued before is claimed together with others.
    Quarantine,
    /// The states from which a job may be cancelled.
    CancelStates,
    /// The state from which a job may be replayed.
    ReplayState,
    /// The sending again of messages that were lost.
    Redispatch,
    /// The index that stops a second job with one idempotency key.
    IdempotencyKey,
    /// The news of open circuits that come with a claim.
    Circuits,
    /// The time for which things are kept: half a day less of it.
    Retention,
}

/// A part of a statement, and what stands there instead.
struct Edit {
    sql: &'static str,
    part: &'static str,
    instead: &'static str,
}

macro_rules! edits {
    ($($file:literal: $part:literal => $instead:literal,)*) => {
        vec![$(Edit {
            sql: include_str!(concat!("../../../shared/sql/", $file)),
            part: $part,
            instead: $instead,
        }),*]
    };
}

/// Statements and what is run instead.
#[derive(Debug, Default)]
pub(crate) struct Rewrites(Vec<(&'static str, &'static str)>);

impl Control {
    fn edits(self) -> Vec<Edit> {
        match self {
            Self::None | Self::Sweep | Self::IdempotencyKey => Vec::new(),
            Self::Fence => edits! {
                "insert_result.sql": " AND state = 'running' AND attempt = ?3" => "",
                "complete_job.sql": " AND state = 'running' AND attempt = ?3" => "",
                "schedule_retry.sql": " AND state = 'running' AND attempt = ?3" => "",
                "fail_job.sql": " AND state = 'running' AND attempt = ?3" => "",
                "dead_letter_job.sql": " AND state = 'running' AND attempt = ?3" => "",
            },
            Self::UniqueResult | Self::ResultGuard => edits! {
                "insert_result.sql": " AND state = 'running' AND attempt = ?3" => "",
            },
            Self::Lease => edits! {
                "claim_jobs.sql": "state = 'running' AND due_at_ms <= ?2" => "state = 'running'",
            },
            Self::Quarantine => edits! {
                "claim_jobs.sql": "(rescues = 0 OR ?7 = 1)" => "(?7 = ?7)",
            },
            Self::CancelStates => edits! {
                "cancel_job.sql": " AND state IN ('queued', 'retry_scheduled', 'running')" => "",
            },
            Self::ReplayState => edits! {
                "insert_audit_of_replay.sql": " AND state = 'dead_lettered'" => "",
                "replay_job.sql": " AND state = 'dead_lettered'" => "",
            },
            Self::Redispatch => edits! {
                "sweep_redispatch.sql": "due_at_ms <= max(?2, ?4)" => "1 = 2",
            },
            Self::Circuits => edits! {
                "list_circuits.sql": "provider > ''" => "provider > '' AND 1 = 2",
            },
            Self::Retention => edits! {
                "delete_outputs.sql": "expires_at_ms <= ?1" => "expires_at_ms <= ?1 + 43200000",
                "delete_payloads.sql": "expires_at_ms <= ?1" => "expires_at_ms <= ?1 + 43200000",
                "delete_results.sql": "expires_at_ms <= ?1" => "expires_at_ms <= ?1 + 43200000",
                "delete_jobs.sql": "expires_at_ms <= ?1" => "expires_at_ms <= ?1 + 43200000",
            },
        }
    }

    /// The statements this control changes.
    pub(crate) fn rewrites(self) -> Rewrites {
        let leaked = self.edits().into_iter().map(|edit| {
            let changed = replace(edit.sql, edit.part, edit.instead);
            // A statement's text is `'static`; these are a handful.
            (edit.sql, &*String::leak(changed))
        });
        Rewrites(leaked.collect())
    }

    /// Changes the tables this control changes.
    ///
    /// # Errors
    /// What `SQLite` says.
    pub(crate) fn prepare(self, database: &SqliteDatabase) -> anyhow::Result<()> {
        let change = match self {
            Self::UniqueResult => without_key(database)?,
            Self::IdempotencyKey => "DROP INDEX jobs_by_idempotency_key".to_owned(),
            Self::None
            | Self::Fence
            | Self::Sweep
            | Self::ResultGuard
            | Self::Lease
            | Self::Quarantine
            | Self::CancelStates
            | Self::ReplayState
            | Self::Redispatch
            | Self::Circuits
            | Self::Retention => return Ok(()),
        };
        database.with_connection(|connection| connection.execute_batch(&change))?;
        Ok(())
    }

    /// Whether the database may refuse a batch in a world without this.
    pub(crate) fn may_refuse(self) -> bool {
        self != Self::None
    }
}

/// The statements that build the table of results anew, without its key.
fn without_key(database: &SqliteDatabase) -> anyhow::Result<String> {
    let schema: String = database.with_connection(|connection| {
        let sql = "SELECT sql FROM sqlite_schema WHERE name = 'task_results'";
        connection.query_row(sql, [], |row| row.get(0))
    })?;
    let keyless = replace(&schema, "PRIMARY KEY (job_id),", "");
    let keyless = replace(&keyless, ", WITHOUT ROWID", "");
    Ok(format!("DROP TABLE task_results; {keyless}"))
}

/// `text` with `instead` for `part`, which must be there: else the control would take nothing out.
fn replace(text: &str, part: &str, instead: &str) -> String {
    assert!(text.contains(part), "{part:?} is no longer in:\n{text}");
    text.replace(part, instead)
}

impl Rewrites {
    /// The statements as they are run in this world.
    pub(crate) fn apply(&self, mut statements: Vec<Statement>) -> Vec<Statement> {
        if self.0.is_empty() {
            return statements;
        }
        for statement in &mut statements {
            let changed = self.0.iter().find(|(sql, _)| *sql == statement.sql);
            if let Some((_, changed)) = changed {
                statement.sql = changed;
            }
        }
        statements
    }
}
