//! One attempt: ask the provider, and decide where the answer leaves the job.

use super::RunSettings;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::error_code::ErrorCode;
use crate::job::ClaimedJob;
use crate::ports::Ports;
use crate::provider::{
    Action, Answer, Failure, HeaderText, ProviderRequest, Transport, Verdict, classify, openai_chat,
};
use crate::request::GenerateInput;
use crate::store::{Answered, Commit, Settlement};
use crate::transition;

/// The most bytes of output that are stored: a row of D1 ends at 2 MB, and holds more than output.
const MAX_OUTPUT_BYTES: usize = 1_900_000;

/// Runs one attempt to its end. Never fails: every way it can end is a settlement.
pub(super) async fn run<P: Ports, T: Transport>(
    ports: &P,
    transport: &T,
    settings: &RunSettings,
    job: &ClaimedJob,
) -> Commit {
    let provider = settings.provider_name();
    let outcome = match ask(ports, transport, settings, job).await {
        Verdict::Answered(answer) => store_form(answer, provider, job),
        Verdict::Failed(failure) => Err(failure),
    };
    let finished_at = ports.clock().now();
    let (settlement, failure) = match outcome {
        Ok(answered) => (Settlement::Succeeded(Box::new(answered)), None),
        Err(failure) => {
            let jitter = ports.entropy().unit();
            let settlement = transition::settle(job, &failure, provider, finished_at, jitter);
            (settlement, Some(failure))
        }
    };
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

async fn ask<P: Ports, T: Transport>(
    ports: &P,
    transport: &T,
    settings: &RunSettings,
    job: &ClaimedJob,
) -> Verdict {
    let Ok(input) = serde_json::from_str::<GenerateInput>(&job.request) else {
        let message = "The consumer cannot read the stored request: it is older than the producer. Deploy it, then replay.";
        return Verdict::Failed(Failure::ours(
            ErrorCode::UnreadableRequest,
            Action::DeadLetter,
            message,
        ));
    };
    let prepared = settings
        .provider
        .provider()
        .and_then(|provider| Ok((provider, openai_chat::request(&settings.provider, &input)?)));
    let (provider, request) = match prepared {
        Ok(prepared) => prepared,
        Err(misconfigured) => return Verdict::Failed(misconfigured.into()),
    };
    let request = named(request, job);
    let reply = transport.send(&request, settings.attempt_timeout).await;
    classify(provider, &reply, ports.clock().now())
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
