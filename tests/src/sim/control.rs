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
    /// The fence of a batch's step: of two at once, both count.
    BatchFence,
    /// The fence of what a batch's step does to jobs.
    BatchJobsFence,
    /// The counting of a batch's jobs when they move.
    BatchCounts,
    /// The sending again of steps whose message was lost.
    OverdueSteps,
    /// The fence of a replay's step: of two at once, both count.
    ReplayFence,
    /// That letters which died after a replay began are not meant.
    ReplayHorizon,
    /// The index that stops a second replay of a tenant.
    OneReplay,
    /// That a purge deletes dead letters only.
    PurgeState,
    /// That a file is kept while its lines are still to become jobs.
    FileInUse,
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

/// Lines that become jobs together.
///
/// A batch has a window of hundreds of jobs, and a simulated one has a few lines, which would all
/// become jobs in one step. So a step reads that so many jobs wait that there is room for three.
fn narrow() -> Vec<Edit> {
    edits! {
        "get_batch.sql": "jobs, queued, " =>
            "jobs, queued + iif(status = 'in_progress' AND jobs < lines, max(50, 1000 / max(1, (\
                SELECT count(*) FROM batches AS active WHERE active.tenant_id = ?1 AND active.due_at_ms IS NOT NULL\
            ))) - 3, 0) AS queued, ",
    }
}

impl Control {
    fn edits(self) -> Vec<Edit> {
        match self {
            Self::None
            | Self::Sweep
            | Self::IdempotencyKey
            | Self::BatchCounts
            | Self::OneReplay => Vec::new(),
            Self::BatchFence => edits! {
                "move_batch.sql": " AND step = ?3" => "",
            },
            Self::BatchJobsFence => edits! {
                "insert_jobs_of_batch.sql": " AND step = ?4" => "",
            },
            Self::OverdueSteps => edits! {
                "sweep_batches.sql": "due_at_ms <= ?2" => "due_at_ms <= ?2 AND 1 = 2",
                "sweep_replays.sql": "due_at_ms <= ?2" => "due_at_ms <= ?2 AND 1 = 2",
            },
            Self::ReplayFence => edits! {
                "insert_replay_items.sql": " AND step = ?3" => "",
                "put_back_letters.sql": " AND step = ?3" => "",
                "move_replay.sql": " AND replays.step = ?3" => "",
            },
            Self::ReplayHorizon => edits! {
                "pick_letters.sql": "completed_at_ms <= ?6" => "(?6 = ?6)",
                "insert_replay_items.sql": "jobs.completed_at_ms <= ?5" => "(?5 = ?5)",
                "put_back_letters.sql": "jobs.completed_at_ms <= ?5" => "(?5 = ?5)",
            },
            Self::PurgeState => edits! {
                "delete_letters.sql": " AND state = 'dead_lettered' AND completed_at_ms <= ?3" => " AND (?3 = ?3)",
            },
            Self::FileInUse => edits! {
                "list_expired_files.sql": "batches.file_id = files.id" => "batches.file_id = ''",
            },
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

    /// The statements this control changes, and the one that every world changes.
    pub(crate) fn rewrites(self) -> Rewrites {
        let leaked = narrow().into_iter().chain(self.edits()).map(|edit| {
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
            Self::BatchCounts => "DROP TRIGGER batch_job_moves".to_owned(),
            Self::OneReplay => "DROP INDEX replays_active".to_owned(),
            Self::None
            | Self::Fence
            | Self::Sweep
            | Self::BatchFence
            | Self::BatchJobsFence
            | Self::OverdueSteps
            | Self::ReplayFence
            | Self::ReplayHorizon
            | Self::PurgeState
            | Self::FileInUse
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
