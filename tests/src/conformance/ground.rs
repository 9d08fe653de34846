//! What the cases stand on: tenants, jobs, and what attempts come to.

use super::{COST, DEADLINE_SECONDS, LEASE_SECONDS, MODEL, START, USAGE};
use redrive_shared::clock::Instant;
use redrive_shared::database::{Database, Row, Statement, Value};
use redrive_shared::error_code::ErrorCode;
use redrive_shared::fingerprint;
use redrive_shared::ids::{DeliveryId, JobId, TenantId};
use redrive_shared::job::{AttemptRecord, ClaimedJob, ErrorDetail, JobRecord, Kind};
use redrive_shared::message::JobMessage;
use redrive_shared::native::SeededEntropy;
use redrive_shared::queue::Lane;
use redrive_shared::store::{
    Answered, ClaimTerms, Claims, Commit, Needed, NewJob, Settlement, Store,
};
use redrive_shared::transition;
use std::collections::BTreeMap;

/// A tenant of the case's own, with the ids of its jobs.
pub(super) struct Tenant {
    pub(super) id: TenantId,
    pub(super) entropy: SeededEntropy,
}

impl Tenant {
    pub(super) fn new(seed: u64) -> Self {
        let entropy = SeededEntropy::new(seed);
        Self {
            id: TenantId::new(START, &entropy),
            entropy,
        }
    }

    pub(super) fn job(&self, created_at: Instant) -> NewJob {
        NewJob {
            tenant_id: self.id.clone(),
            id: JobId::new(created_at, &self.entropy),
            kind: Kind::Generate,
            max_attempts: 5,
            created_at,
            deadline_seconds: DEADLINE_SECONDS,
            model: Some(MODEL.to_owned()),
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            request: r#"{"messages":[{"role":"user","content":"hello"}]}"#.to_owned(),
        }
    }

    pub(super) async fn submit<D: Database>(&self, store: &Store<D>) -> JobId {
        let job = self.job(START);
        store.insert_job(&job).await.expect("the job is stored");
        job.id
    }

    /// What the sweep needs for a job that was submitted by itself.
    pub(super) fn needed(&self, job: &JobId) -> Needed {
        Needed {
            lane: Lane::Single,
            message: self.message(job),
        }
    }

    pub(super) fn message(&self, job: &JobId) -> JobMessage {
        JobMessage {
            tenant_id: self.id.clone(),
            job_id: job.clone(),
        }
    }

    /// A delivery of its own.
    pub(super) fn delivery(&self) -> DeliveryId {
        DeliveryId::new(START, &self.entropy)
    }

    /// Claims these jobs for a delivery, those that were rescued before as well or not.
    pub(super) async fn claim_all<D: Database>(
        &self,
        store: &Store<D>,
        jobs: &[&JobId],
        (delivery, now, rescued_too): (&DeliveryId, Instant, bool),
    ) -> Claims {
        let messages: Vec<JobMessage> = jobs.iter().map(|job| self.message(job)).collect();
        let terms = ClaimTerms {
            delivery,
            now,
            lease_until: now.plus_seconds(LEASE_SECONDS),
            rescued_too,
        };
        store
            .claim(&messages, &terms)
            .await
            .expect("the claim runs")
    }

    /// Claims a job by itself, for a delivery of its own.
    pub(super) async fn claim<D: Database>(
        &self,
        store: &Store<D>,
        job: &JobId,
        now: Instant,
    ) -> Option<ClaimedJob> {
        let delivery = self.delivery();
        let claims = self.claim_all(store, &[job], (&delivery, now, true)).await;
        claims.claimed.into_iter().next()
    }

    /// Submits a job and claims it.
    pub(super) async fn running<D: Database>(&self, store: &Store<D>) -> ClaimedJob {
        let job = self.submit(store).await;
        self.claim(store, &job, START).await.expect("claimed")
    }

    pub(super) async fn read<D: Database>(&self, store: &Store<D>, job: &JobId) -> JobRecord {
        store
            .job(&self.id, job)
            .await
            .expect("the job can be read")
            .expect("the job exists")
    }
}

pub(super) fn commit(job: &ClaimedJob, settlement: Settlement) -> Commit {
    let answered = match &settlement {
        Settlement::Succeeded(answered) => Some(answered),
        Settlement::RetryScheduled { .. }
        | Settlement::Failed { .. }
        | Settlement::DeadLettered { .. } => None,
    };
    let record = AttemptRecord {
        attempt: job.attempt,
        started_at_ms: job.started_at,
        finished_at_ms: job.started_at.plus_millis(250),
        outcome: transition::outcome(&settlement),
        code: None,
        provider: Some("openai".to_owned()),
        model: Some(MODEL.to_owned()),
        called: true,
        provider_status: None,
        row: answered.is_none().then_some(23),
        possibly_billed: false,
        usage: answered.and_then(|answered| answered.usage),
        cost_micro_usd: answered.and_then(|answered| answered.cost_micro_usd),
        pending: None,
        fallbacks: vec![],
    };
    let mut attempts = job.attempts.clone();
    attempts.push(record);
    Commit {
        tenant_id: job.tenant_id.clone(),
        job_id: job.id.clone(),
        attempt: job.attempt,
        attempts,
        finished_at: job.started_at.plus_millis(250),
        lease_until: job.lease_until,
        settlement,
    }
}

pub(super) fn answered(output: &str) -> Settlement {
    Settlement::Succeeded(Box::new(Answered {
        output: output.to_owned(),
        finish_reason: "stop",
        raw_finish_reason: Some("end_turn".to_owned()),
        stop_category: None,
        truncated: false,
        warnings: vec![],
        usage: Some(USAGE),
        cost_micro_usd: Some(COST),
        provider: "openai".to_owned(),
        model: "sim-ok-2026".to_owned(),
        provider_request_id: None,
    }))
}

pub(super) fn error(message: &str) -> ErrorDetail {
    ErrorDetail {
        provider: Some("openai".to_owned()),
        provider_status: Some(503),
        provider_request_id: Some("req_1".to_owned()),
        row: Some(23),
        excerpt: Some("busy".to_owned()),
        partial_output: Some("Once upon".to_owned()),
        ..ErrorDetail::ours(message, true)
    }
}

/// `dead_lettered` by an attempt that failed.
pub(super) fn dead(code: ErrorCode) -> Settlement {
    let error = error("an operator is asked for");
    Settlement::DeadLettered {
        counts_as_failure: true,
        code,
        fingerprint: fingerprint::of(code, &error, Some(MODEL)),
        error,
    }
}

/// A job of the tenant's that died 250 ms after [`START`].
pub(super) async fn letter<D: Database>(store: &Store<D>, tenant: &Tenant) -> JobRecord {
    let claimed = tenant.running(store).await;
    let held = store
        .commit(&[commit(&claimed, dead(ErrorCode::ProviderAuth))])
        .await
        .expect("committed");
    held[0].clone().expect("the fence held")
}

pub(super) fn retry_at(due_at: Instant, counts_as_failure: bool) -> Settlement {
    let error = error("busy");
    Settlement::RetryScheduled {
        due_at,
        counts_as_failure,
        code: ErrorCode::ProviderUnavailable,
        error,
    }
}

/// Runs a statement that is not one of the store's.
pub(super) async fn query<D: Database>(
    store: &Store<D>,
    sql: &'static str,
    parameters: Vec<Value>,
) -> Vec<Row> {
    let results = store
        .database()
        .batch(vec![Statement::new(sql, parameters)])
        .await
        .expect("the statement runs");
    results.into_iter().flat_map(|result| result.rows).collect()
}

/// Changes rows past the store.
pub(super) async fn change<D: Database>(
    store: &Store<D>,
    sql: &'static str,
    parameters: Vec<Value>,
) {
    query(store, sql, parameters).await;
}

pub(super) async fn count<D: Database>(
    store: &Store<D>,
    sql: &'static str,
    parameters: Vec<Value>,
) -> i64 {
    let rows = query(store, sql, parameters).await;
    rows[0]["n"].as_i64().expect("a number")
}

/// When retention turns to the job, if ever.
pub(super) async fn expires_at<D: Database>(store: &Store<D>, job: &JobId) -> Option<Instant> {
    let sql = "SELECT expires_at_ms FROM jobs WHERE id = ?1";
    let rows = query(store, sql, vec![job.as_str().into()]).await;
    rows[0]["expires_at_ms"].as_i64().map(Instant::from_millis)
}
