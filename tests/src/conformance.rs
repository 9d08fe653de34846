//! What every database below the store must do, as one list of cases run over each of them.
//!
//! A case gets a store on a database with the migrations applied and no rows, and panics when the
//! database does otherwise.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a case is an assertion: it ends by panicking"
)]

mod access;
mod claiming;
mod committing;
mod listing;
mod sweeping;
mod values;

use redrive_shared::clock::Instant;
use redrive_shared::database::{Database, Statement, Value};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::{JobId, TenantId};
use redrive_shared::job::{
    AttemptOutcome, AttemptRecord, ClaimedJob, ErrorDetail, JobRecord, Kind,
};
use redrive_shared::message::JobMessage;
use redrive_shared::native::SeededEntropy;
use redrive_shared::store::{Answered, Commit, NewJob, Settlement, Store};
use std::collections::BTreeMap;

/// The instant at which every case begins.
pub const START: Instant = Instant::from_millis(1_795_000_000_000);

/// How long the cases lease jobs, in seconds.
const LEASE_SECONDS: i64 = 180;

macro_rules! cases {
    ($($module:ident::$case:ident,)*) => {
        /// The names of all cases.
        pub const CASES: &[&str] = &[$(stringify!($case)),*];

        /// Runs one case by its name.
        ///
        /// # Panics
        /// When the database does not do what the case's name says, or there is no such case.
        pub async fn run<D: Database>(case: &str, store: &Store<D>) {
            match case {
                $(stringify!($case) => $module::$case(store).await,)*
                _ => panic!("no case is named {case}"),
            }
        }
    };
}

cases! {
    access::a_key_of_an_unknown_tenant_is_not_stored,
    access::a_key_is_found_by_its_hash_and_listed_by_its_tenant,
    access::a_second_revocation_keeps_the_first_instant,
    claiming::a_new_job_is_queued_and_due_at_once,
    claiming::repeating_a_submission_changes_nothing,
    claiming::a_claim_takes_due_jobs_and_numbers_the_attempt,
    claiming::a_leased_job_is_not_claimed_again,
    claiming::a_job_is_not_claimed_before_it_is_due,
    claiming::a_job_is_not_claimed_after_its_deadline,
    claiming::a_message_of_another_tenant_claims_nothing,
    claiming::a_job_whose_lease_ran_out_is_rescued_by_the_next_claim,
    claiming::a_job_is_not_rescued_more_often_than_allowed,
    committing::an_answer_is_stored_with_its_job,
    committing::a_stale_attempt_cannot_complete_its_job,
    committing::a_repeated_commit_changes_nothing,
    committing::a_failure_and_a_deferral_are_counted_apart,
    committing::an_unsuccessful_end_keeps_its_reason,
    committing::a_batch_of_commits_judges_each_by_its_own_fence,
    committing::the_largest_delivery_is_claimed_and_committed_at_once,
    committing::a_cancelled_job_takes_no_answer,
    committing::a_terminal_job_is_not_cancelled,
    listing::jobs_are_listed_newest_first_and_by_page,
    listing::jobs_are_listed_by_state_kind_and_reference,
    listing::jobs_are_listed_by_the_time_of_their_submission,
    listing::another_tenant_sees_nothing,
    sweeping::an_expired_lease_is_queued_again,
    sweeping::the_last_rescue_ends_as_poison,
    sweeping::a_passed_deadline_ends_the_wait,
    sweeping::a_missing_message_is_sent_again_after_the_grace,
    sweeping::a_second_sweep_finds_nothing,
    sweeping::a_sweep_is_bounded,
    values::text_and_large_numbers_come_back_as_they_were,
    values::a_megabyte_of_request_is_kept,
    values::a_failing_statement_undoes_its_whole_batch,
    values::each_statement_counts_its_own_changes,
    values::an_unknown_state_is_refused,
    values::an_undecodable_message_is_recorded_once,
}

/// A tenant of the case's own, with the ids of its jobs.
struct Tenant {
    id: TenantId,
    entropy: SeededEntropy,
}

impl Tenant {
    fn new(seed: u64) -> Self {
        let entropy = SeededEntropy::new(seed);
        Self {
            id: TenantId::new(START, &entropy),
            entropy,
        }
    }

    fn job(&self, created_at: Instant) -> NewJob {
        NewJob {
            tenant_id: self.id.clone(),
            id: JobId::new(created_at, &self.entropy),
            kind: Kind::Generate,
            max_attempts: 5,
            created_at,
            deadline_at: created_at.plus_seconds(3_600),
            model: Some("sim-ok".to_owned()),
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            request: r#"{"messages":[{"role":"user","content":"hello"}]}"#.to_owned(),
        }
    }

    async fn submit<D: Database>(&self, store: &Store<D>) -> JobId {
        let job = self.job(START);
        store.insert_job(&job).await.expect("the job is stored");
        job.id
    }

    fn message(&self, job: &JobId) -> JobMessage {
        JobMessage {
            tenant_id: self.id.clone(),
            job_id: job.clone(),
        }
    }

    async fn claim<D: Database>(
        &self,
        store: &Store<D>,
        job: &JobId,
        now: Instant,
    ) -> Option<ClaimedJob> {
        let lease_until = now.plus_seconds(LEASE_SECONDS);
        let claims = store
            .claim(&[self.message(job)], now, lease_until)
            .await
            .expect("the claim runs");
        claims.claimed.into_iter().next()
    }

    async fn read<D: Database>(&self, store: &Store<D>, job: &JobId) -> JobRecord {
        store
            .job(&self.id, job)
            .await
            .expect("the job can be read")
            .expect("the job exists")
    }
}

fn commit(job: &ClaimedJob, settlement: Settlement) -> Commit {
    let record = AttemptRecord {
        attempt: job.attempt,
        started_at_ms: job.started_at,
        finished_at_ms: job.started_at.plus_millis(250),
        outcome: AttemptOutcome::Failed,
        code: None,
        provider: Some("openai".to_owned()),
        provider_status: None,
        row: None,
        possibly_billed: false,
    };
    let mut attempts = job.attempts.clone();
    attempts.push(record);
    Commit {
        tenant_id: job.tenant_id.clone(),
        job_id: job.id.clone(),
        attempt: job.attempt,
        attempts,
        finished_at: job.started_at.plus_millis(250),
        settlement,
    }
}

fn answered(output: &str) -> Settlement {
    Settlement::Succeeded(Box::new(Answered {
        output: output.to_owned(),
        finish_reason: "stop",
        truncated: false,
        warnings: vec![],
        input_tokens: Some(3),
        output_tokens: None,
        total_tokens: Some(9),
        provider: "openai",
        model: "sim-ok-2026".to_owned(),
        provider_request_id: None,
    }))
}

fn error(message: &str) -> ErrorDetail {
    ErrorDetail {
        message: message.to_owned(),
        retryable: true,
        provider: Some("openai".to_owned()),
        provider_status: Some(503),
        excerpt: Some("busy".to_owned()),
    }
}

fn retry_at(due_at: Instant, counts_as_failure: bool) -> Settlement {
    let error = error("busy");
    Settlement::RetryScheduled {
        due_at,
        counts_as_failure,
        code: ErrorCode::ProviderUnavailable,
        error,
    }
}

async fn count<D: Database>(store: &Store<D>, sql: &'static str, parameters: Vec<Value>) -> i64 {
    let results = store
        .database()
        .batch(vec![Statement::new(sql, parameters)])
        .await
        .expect("the count runs");
    results[0].rows[0]["n"].as_i64().expect("a number")
}
