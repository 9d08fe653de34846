//! One attempt: ask the provider, and decide where the answer leaves the job.

use super::Run;
use crate::circuit::gate::{Gate, Pass};
use crate::circuit::{CircuitKey, CircuitState, Opening, Report, patience};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::error_code::ErrorCode;
use crate::job::ClaimedJob;
use crate::ports::Ports;
use crate::provider::{
    Action, Answer, Budget, Failure, HeaderText, Provider, ProviderRequest, Transport, Verdict,
    classify, openai_chat,
};
use crate::request::GenerateInput;
use crate::store::{Answered, Commit, Settlement};
use crate::transition;

/// The most bytes of output that are stored: a row of D1 ends at 2 MB, and holds more than output.
const MAX_OUTPUT_BYTES: usize = 1_900_000;

/// Runs one attempt to its end. Never fails: every way it can end is a settlement.
pub(super) async fn run<P: Ports, T: Transport>(run: &Run<'_, P, T>, job: &ClaimedJob) -> Commit {
    let provider = run.settings.provider_name();
    let (settlement, failure) = match ask(run, job).await {
        Asked::Verdict(Verdict::Answered(answer)) => match store_form(answer, provider, job) {
            Ok(answered) => (Settlement::Succeeded(Box::new(answered)), None),
            Err(failure) => settle(run, job, failure),
        },
        Asked::Verdict(Verdict::Failed(failure)) => settle(run, job, failure),
        Asked::Nobody(circuit, state, opening) => put_off(run, job, &circuit, state, &opening),
    };
    let finished_at = run.ports.clock().now();
    let record = transition::record(job, &settlement, finished_at, provider, failure.as_ref());
    Commit {
        tenant_id: job.tenant_id.clone(),
        job_id: job.id.clone(),
        attempt: job.attempt,
        attempts: transition::history(job, record),
        finished_at,
        lease_until: job.lease_until,
        settlement,
    }
}

/// What came of asking.
enum Asked {
    /// The provider was asked, or no request could be made.
    Verdict(Verdict),
    /// The circuit is not closed, so nobody was.
    Nobody(CircuitKey, CircuitState, Opening),
}

fn settle<P: Ports, T>(
    run: &Run<'_, P, T>,
    job: &ClaimedJob,
    failure: Failure,
) -> (Settlement, Option<Failure>) {
    let (now, jitter) = (run.ports.clock().now(), run.ports.entropy().unit());
    let provider = run.settings.provider_name();
    let settlement = transition::settle(job, &failure, provider, now, jitter);
    (settlement, Some(failure))
}

/// The job comes again when the circuit may be closed; that costs it nothing.
fn put_off<P: Ports, T>(
    run: &Run<'_, P, T>,
    job: &ClaimedJob,
    circuit: &CircuitKey,
    state: CircuitState,
    opening: &Opening,
) -> (Settlement, Option<Failure>) {
    let (now, unit) = (run.ports.clock().now(), run.ports.entropy().unit());
    let due_at = patience::come_again(state, opening, now, job.deadline_at, unit);
    let end = match state {
        CircuitState::Open => format!("until {}", opening.until.to_rfc3339()),
        CircuitState::HalfOpen => "and being probed".to_owned(),
    };
    let message = format!(
        "The provider was not asked: the circuit of {} for the model {} is open since {} {end}, because of {}.",
        circuit.provider,
        circuit.model,
        opening.opened_at.to_rfc3339(),
        opening.code.as_str()
    );
    let failure = Failure {
        budget: Budget::Throttle,
        ..Failure::ours(opening.code, Action::Retry, message)
    };
    let settlement = transition::defer(job, &failure, run.settings.provider_name(), due_at);
    (settlement, Some(failure))
}

async fn ask<P: Ports, T: Transport>(run: &Run<'_, P, T>, job: &ClaimedJob) -> Asked {
    let (provider, request) = match prepare(run, job) {
        Ok(prepared) => prepared,
        Err(failure) => return Asked::Verdict(Verdict::Failed(failure)),
    };
    let key = run.scope.key(job.model.as_deref());
    let gate = Gate {
        ports: run.ports,
        memory: run.circuits,
        key: &key,
    };
    let ticket = match gate.enter(run.settings.attempt_timeout).await {
        Pass::Call(ticket) => ticket,
        Pass::Wait(state, opening) => return Asked::Nobody(key, state, opening),
    };
    let reply = run
        .transport
        .send(&request, run.settings.attempt_timeout)
        .await;
    let verdict = classify(provider, &reply, run.ports.clock().now());
    gate.leave(&ticket, Report::of(&verdict)).await;
    Asked::Verdict(verdict)
}

fn prepare<P: Ports, T>(
    run: &Run<'_, P, T>,
    job: &ClaimedJob,
) -> Result<(Provider, ProviderRequest), Failure> {
    let input = serde_json::from_str::<GenerateInput>(&job.request).map_err(|_unreadable| {
        let message = "The consumer cannot read the stored request: it is older than the producer. Deploy it, then replay.";
        Failure::ours(ErrorCode::UnreadableRequest, Action::DeadLetter, message)
    })?;
    let settings = &run.settings.provider;
    let provider = settings.provider()?;
    let request = openai_chat::request(settings, &input)?;
    Ok((provider, named(request, job)))
}

/// The request with the job's name on it, for the logs of a gateway between us and the provider.
fn named(mut request: ProviderRequest, job: &ClaimedJob) -> ProviderRequest {
    let fields = [
        ("x-redrive-job", job.id.to_string()),
        ("x-redrive-attempt", job.attempt.to_string()),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderText::new(&value) {
            request.headers.push((name, value));
        }
    }
    request
}

/// The answer as it is stored, or why it cannot be.
fn store_form(
    answer: Answer,
    provider: &'static str,
    job: &ClaimedJob,
) -> Result<Answered, Failure> {
    // Text columns hold no NUL; the replacement is longer, so it comes before the measure.
    let output = answer.text.replace('\0', "\u{fffd}");
    if output.len() > MAX_OUTPUT_BYTES {
        let message = format!(
            "The answer has {} bytes, and at most {MAX_OUTPUT_BYTES} can be stored; ask for fewer tokens.",
            output.len()
        );
        return Err(Failure::ours(
            ErrorCode::OutputTooLarge,
            Action::Fail,
            &message,
        ));
    }
    Ok(Answered {
        output,
        finish_reason: answer.finish_reason.as_str(),
        truncated: answer.truncated,
        warnings: answer.warnings,
        usage: answer.usage,
        provider,
        model: answer
            .model
            .or_else(|| job.model.clone())
            .unwrap_or_default(),
        provider_request_id: answer.provider_request_id,
    })
}
