use redrive_shared::database::Database;
use redrive_shared::ids::{DeliveryId, JobId};
use redrive_shared::job::{AttemptOutcome, AttemptRecord, ClaimedJob, Kind};
use redrive_shared::message::JobMessage;
use redrive_shared::provider::Usage;
use redrive_shared::store::{Answered, ClaimTerms, Commit, NewJob, Settlement, Store};
use std::collections::BTreeMap;

use super::crowd::{Crowd, DEADLINE_SECONDS, LEASED_UNTIL, START};

impl Crowd {
    /// A new job beside the crowd.
    #[must_use]
    pub fn job(&self) -> NewJob {
        NewJob {
            tenant_id: self.tenant.clone(),
            id: JobId::new(START, &self.entropy),
            kind: Kind::Generate,
            max_attempts: 5,
            created_at: START,
            deadline_seconds: DEADLINE_SECONDS,
            model: None,
            ref_type: None,
            ref_id: None,
            metadata: BTreeMap::new(),
            request: r#"{"messages":[{"role":"user","content":"hello"}]}"#.to_owned(),
        }
    }

    /// Claims jobs that are due, as a delivery does.
    ///
    /// # Panics
    /// When the claim does not run.
    pub async fn claim<D: Database>(
        &self,
        store: &Store<D>,
        delivery: &DeliveryId,
        jobs: &[NewJob],
    ) -> Vec<ClaimedJob> {
        let messages = jobs.iter().map(|job| JobMessage {
            tenant_id: job.tenant_id.clone(),
            job_id: job.id.clone(),
        });
        let messages: Vec<JobMessage> = messages.collect();
        let terms = ClaimTerms {
            delivery,
            now: START,
            lease_until: LEASED_UNTIL,
            rescued_too: false,
        };
        let claims = store.claim(&messages, &terms).await;
        claims.expect("the claim runs").claimed
    }
}

/// What an answer counts.
const USAGE: Usage = Usage {
    input_tokens: Some(20),
    output_tokens: Some(7),
    total_tokens: Some(27),
    cached_tokens: Some(0),
    reasoning_tokens: Some(0),
};

/// What that costs, in micro-dollars.
const COST: u64 = 7;

/// The commit of an attempt that was answered after 200 ms.
#[must_use]
pub fn commit(job: &ClaimedJob) -> Commit {
    let finished_at = job.started_at.plus_millis(200);
    Commit {
        tenant_id: job.tenant_id.clone(),
        job_id: job.id.clone(),
        attempt: job.attempt,
        attempts: vec![AttemptRecord {
            attempt: job.attempt,
            started_at_ms: job.started_at,
            finished_at_ms: finished_at,
            outcome: AttemptOutcome::Succeeded,
            code: None,
            provider: Some("openai".to_owned()),
            model: Some("sim-ok".to_owned()),
            called: true,
            provider_status: None,
            row: None,
            possibly_billed: false,
            usage: Some(USAGE),
            cost_micro_usd: Some(COST),
            pending: None,
            fallbacks: vec![],
        }],
        finished_at,
        lease_until: job.lease_until,
        settlement: Settlement::Succeeded(Box::new(Answered {
            output: "It lets one answer through.".to_owned(),
            finish_reason: "stop",
            raw_finish_reason: Some("end_turn".to_owned()),
            stop_category: None,
            truncated: false,
            warnings: vec![],
            usage: Some(USAGE),
            cost_micro_usd: Some(COST),
            provider: "openai".to_owned(),
            model: "sim-ok".to_owned(),
            provider_request_id: None,
        })),
    }
}
