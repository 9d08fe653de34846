//! One attempt: follow the chain of providers, and write down where that leaves the job.

use super::Run;
use super::chain::Chain;
use super::ended::Ended;
use super::plan::Plan;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::job::{AttemptRecord, ClaimedJob};
use crate::ports::Ports;
use crate::provider::{Row, Transport};
use crate::store::Commit;
use crate::transition;

/// Runs one attempt to its end. Never fails: every way it can end is a settlement.
pub(super) async fn run<P: Ports, T: Transport>(run: &Run<'_, P, T>, job: &ClaimedJob) -> Commit {
    let ended = match Plan::of(job, &run.settings.providers) {
        Ok(plan) => {
            let plan = &plan;
            Chain { run, job, plan }.follow().await
        }
        Err(failure) => {
            let (now, jitter) = (run.ports.clock().now(), run.ports.entropy().unit());
            let settlement = transition::settle(job, &failure, None, 0, now, jitter);
            Ended::of(settlement, None, failure)
        }
    };
    let finished_at = run.ports.clock().now();
    let failure = ended.failure.as_ref();
    let record = AttemptRecord {
        attempt: job.attempt,
        started_at_ms: job.started_at,
        finished_at_ms: finished_at,
        outcome: transition::outcome(&ended.settlement),
        code: failure.map(|failure| failure.code),
        provider: ended.target.as_ref().map(|target| target.provider.clone()),
        model: ended.target.map(|target| target.model),
        called: ended.called,
        provider_status: failure.and_then(|failure| failure.provider_status),
        row: failure.and_then(|failure| failure.row).map(Row::number),
        possibly_billed: failure.is_some_and(|failure| failure.possibly_billed),
        usage: ended.usage,
        cost_micro_usd: ended.cost,
        pending: ended.pending,
        fallbacks: ended.fallbacks,
    };
    Commit {
        tenant_id: job.tenant_id.clone(),
        job_id: job.id.clone(),
        attempt: job.attempt,
        attempts: transition::history(job, record),
        finished_at,
        lease_until: job.lease_until,
        settlement: ended.settlement,
    }
}
