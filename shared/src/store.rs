//! The store: every transition of a job as one conditional statement.
//!
//! [`Store`] has one method a transition and knows the statements of `sql/`; what runs them is a
//! [`Database`].
//! Zero rows changed is an answer, not an error: somebody else owns the job.

mod access;
mod auditing;
mod batch_files;
mod batch_results;
mod batches;
mod circuits;
mod commit;
mod dead_letters;
mod dropping;
mod file_lists;
mod files;
mod permits;
mod purging;
mod reading;
mod replaying;
mod replays;
mod retaining;
mod submitting;
mod sweeping;
mod tenants;
mod usage;

pub use access::{KeyRow, NewKey};
pub use auditing::{AuditFilter, AuditRecord};
pub use batch_files::{BatchFiles, WrittenChunk};
pub use batch_results::{BatchFilter, BatchPart, Completion};
pub use batches::{
    BatchCounts, BatchGround, BatchJob, BatchJobs, BatchMove, BatchRecord, BatchStatus, NewBatch,
    Place, Sample,
};
pub(crate) use circuits::CIRCUITS_LIMIT;
pub use circuits::Probed;
pub use commit::{Answered, Commit, Settlement};
pub use dead_letters::{DeadLetterGroup, DeadLetterGroups, DeadLetterRecord, GROUPS};
pub use file_lists::FileFilter;
pub use files::{Chunk, ExpiredFile, FileRecord, FileState, NewChunk, NewFile, Purpose};
pub use permits::{Permit, PermitLimits};
pub use purging::{NewPurge, PURGED_LETTERS, PurgeGround};
pub use reading::{JobFilter, PAGE_LIMIT};
pub use replaying::{Asked, NewReplay, ReplayStanding};
pub use replays::{
    Candidate, LettersOfModel, NewReplays, PutBack, ReplayControl, ReplayItem, ReplayMove,
    ReplayOutcomes, ReplayPreview, ReplayRow, ReplayStatus, ReplaysStanding, SampleStanding,
    SampleTerms,
};
pub use retaining::{Deleted, EXPIRED_FILES};
pub use submitting::{KeyHolder, NewJob};
pub use sweeping::{Needed, SweepLimits, Swept, SweptJob};
pub use tenants::{
    PAYLOAD_RETENTION_SECONDS, RETENTION_SECONDS, TenantChange, TenantChanged, TenantRow,
};
pub use usage::{USAGE_ROWS, UsageGroups};

use crate::audit::{Action, Deed};
use crate::circuit::CircuitRecord;
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, StatementResult, Value};
use crate::ids::{DeliveryId, JobId, TenantId};
use crate::job::{ClaimedJob, JobRecord, JobStanding};
use crate::message::JobMessage;
use serde_json::json;

/// How early, in milliseconds, a job may start before it is due: queue delays are whole seconds,
/// and the clocks of two machines differ a little.
pub(crate) const EARLY_MS: i64 = 1_000;

/// Rescues after which a job whose lease runs out again is dead-lettered as poison.
pub const MAX_RESCUES: u32 = 2;

/// How a delivery claims.
#[derive(Clone, Copy, Debug)]
pub struct ClaimTerms<'a> {
    /// The delivery: what it claimed before, it is given again.
    pub delivery: &'a DeliveryId,
    /// When the claim is made.
    pub now: Instant,
    /// When the leases run out.
    pub lease_until: Instant,
    /// Whether jobs that were rescued before are taken as well. They run alone, so that one that
    /// takes down its run takes no other along.
    pub rescued_too: bool,
}

/// What a delivery's claim got.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// Jobs that are now this delivery's, until their leases run out.
    pub claimed: Vec<ClaimedJob>,
    /// Why rows could not be read by this version of the code. Nobody runs those jobs: their leases
    /// run out, and the sweep ends them as poison.
    pub unreadable: Vec<DatabaseError>,
    /// Where every job of the delivery stands now, the claimed ones as well; unknown ones are absent.
    pub standings: Vec<JobStanding>,
    /// The circuits that are not closed.
    pub circuits: Vec<CircuitRecord>,
}

impl Claims {
    /// Whether the message's job is now this delivery's.
    #[must_use]
    pub fn got(&self, message: &JobMessage) -> bool {
        self.claimed
            .iter()
            .any(|job| job.id == message.job_id && job.tenant_id == message.tenant_id)
    }

    /// Where the message's job stands; `None`: there is no such job.
    #[must_use]
    pub fn standing(&self, message: &JobMessage) -> Option<&JobStanding> {
        self.standings
            .iter()
            .find(|job| job.id == message.job_id && job.tenant_id == message.tenant_id)
    }
}

/// The store over a database.
#[derive(Clone, Copy, Debug)]
pub struct Store<D> {
    database: D,
}

/// The jobs of messages as the JSON array of pairs that statements take.
fn pairs(messages: &[JobMessage]) -> Result<String, DatabaseError> {
    let pairs: Vec<[&str; 2]> = messages
        .iter()
        .map(|message| [message.tenant_id.as_str(), message.job_id.as_str()])
        .collect();
    serde_json::to_string(&pairs).map_err(|error| DatabaseError::Corrupt(error.to_string()))
}

/// Takes the results of a batch one after the other.
struct Results(std::vec::IntoIter<StatementResult>);

impl Results {
    fn next(&mut self) -> Result<StatementResult, DatabaseError> {
        self.0.next().ok_or_else(|| {
            DatabaseError::Corrupt("the database answered fewer results than statements".to_owned())
        })
    }
}

impl<D: Database> Store<D> {
    /// A store over `database`.
    pub const fn new(database: D) -> Self {
        Self { database }
    }

    /// The database below, for the counters it keeps.
    pub const fn database(&self) -> &D {
        &self.database
    }

    async fn batch(&self, statements: Vec<Statement>) -> Result<Results, DatabaseError> {
        Ok(Results(self.database.batch(statements).await?.into_iter()))
    }

    async fn run(
        &self,
        sql: &'static str,
        parameters: Vec<Value>,
    ) -> Result<StatementResult, DatabaseError> {
        self.batch(vec![Statement::new(sql, parameters)])
            .await?
            .next()
    }

    /// Claim: takes every job of `messages` that may run now, on the given terms.
    ///
    /// One round trip and three statements, whatever the number of messages.
    ///
    /// # Errors
    /// [`DatabaseError`]: some jobs may be leased. Repeating with the same token gives them; when
    /// nobody repeats, their leases run out and they are rescued.
    pub async fn claim(
        &self,
        messages: &[JobMessage],
        terms: &ClaimTerms<'_>,
    ) -> Result<Claims, DatabaseError> {
        let ids = pairs(messages)?;
        let claim = vec![
            ids.as_str().into(),
            terms.now.into(),
            terms.now.plus_millis(EARLY_MS).into(),
            terms.lease_until.into(),
            MAX_RESCUES.into(),
            terms.delivery.as_str().into(),
            terms.rescued_too.into(),
        ];
        let mut results = self
            .batch(vec![
                Statement::new(include_str!("../sql/claim_jobs.sql"), claim),
                Statement::new(
                    include_str!("../sql/look_up_jobs.sql"),
                    vec![ids.as_str().into()],
                ),
                circuits::all(),
            ])
            .await?;
        let mut claims = Claims::default();
        for row in results.next()?.decode_each() {
            match row {
                Ok(job) => claims.claimed.push(job),
                Err(error) => claims.unreadable.push(error),
            }
        }
        for row in results.next()?.decode_each() {
            match row {
                Ok(standing) => claims.standings.push(standing),
                Err(error) => claims.unreadable.push(error),
            }
        }
        // A row that cannot be read is taken for a closed circuit: the job goes on.
        claims.circuits = results
            .next()?
            .decode_each()
            .filter_map(Result::ok)
            .collect();
        Ok(claims)
    }

    /// Where the jobs of `messages` stand; unknown ones are absent. Reads only.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn look_up(
        &self,
        messages: &[JobMessage],
    ) -> Result<Vec<JobStanding>, DatabaseError> {
        let parameters = vec![pairs(messages)?.into()];
        self.run(include_str!("../sql/look_up_jobs.sql"), parameters)
            .await?
            .decode()
    }

    /// Deadline: the jobs of `messages` that still wait after theirs are `dead_lettered`. Answers
    /// those that this call ended.
    ///
    /// # Errors
    /// [`DatabaseError`]: do not acknowledge the messages. Repeating is safe.
    pub async fn expire(
        &self,
        messages: &[JobMessage],
        now: Instant,
    ) -> Result<Vec<SweptJob>, DatabaseError> {
        let parameters = vec![
            pairs(messages)?.into(),
            now.into(),
            sweeping::past_deadline(),
        ];
        self.run(include_str!("../sql/expire_jobs.sql"), parameters)
            .await?
            .decode()
    }

    /// Cancel: whatever is not terminal is `cancelled`, with an entry in the audit log where somebody
    /// is named. Answers the job when this call did it.
    ///
    /// # Errors
    /// [`DatabaseError`]. Repeating is safe.
    pub async fn cancel(
        &self,
        tenant: &TenantId,
        job: &JobId,
        now: Instant,
        deed: Option<&Deed>,
    ) -> Result<Option<JobRecord>, DatabaseError> {
        let parameters = vec![tenant.as_str().into(), job.as_str().into(), now.into()];
        let cancel = Statement::new(include_str!("../sql/cancel_job.sql"), parameters);
        let entry = deed.map(|deed| deed.entry(tenant, Action::JobCancel, job, json!({})));
        let entry = entry.as_ref().map(auditing::enter);
        let mut results = self
            .batch([cancel].into_iter().chain(entry).collect())
            .await?;
        Ok(results.next()?.decode()?.into_iter().next())
    }

    /// Keeps a queue message that could not be read. The excerpt is cut to 2,048 characters, without NUL.
    ///
    /// # Errors
    /// [`DatabaseError`]: do not acknowledge the message.
    pub async fn record_undecodable(
        &self,
        message_id: &str,
        queue: &str,
        reason: &str,
        body: &str,
        now: Instant,
    ) -> Result<(), DatabaseError> {
        const EXCERPT_CHARACTERS: usize = 2_048;
        let excerpt: String = body
            .chars()
            .filter(|character| *character != '\0')
            .take(EXCERPT_CHARACTERS)
            .collect();
        let parameters = vec![
            message_id.into(),
            queue.into(),
            reason.into(),
            excerpt.into(),
            now.into(),
        ];
        self.run(
            include_str!("../sql/insert_undecodable_message.sql"),
            parameters,
        )
        .await?;
        Ok(())
    }
}
