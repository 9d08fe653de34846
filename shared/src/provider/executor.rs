//! Our own executors: Workers that run one language each, called by a service binding.

use super::classify::Reading;
use super::headers::HeaderText;
use super::{
    Answer, Destination, FinishReason, MAX_REPLY_BYTES, Method, ProviderReply, ProviderRequest,
    TransportError, lenient,
};
use crate::execute::{Language, Program, RunInput, Runs, numbers};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;
use std::time::Duration;

const PATH: &str = "/run";

/// The most memory an executor gives a run: it shares the isolate's 128 MB with the interpreter.
const MAX_MEMORY_BYTES: u64 = 67_108_864;

/// The longest an executor runs for one request, in milliseconds.
const MAX_TOTAL_MS: u128 = 300_000;

/// How much longer than its limit a run may take: where the clock stands still while code runs, what
/// it does is counted instead, and the slowest that was measured took twice the time it was charged
/// for. See `docs/executor.md`.
const SLOWEST: u32 = 2;

/// The most values a reply may hold. A single run's value has at most 64 KiB, so a reply of one
/// run always has fewer; in Wasm this many take some 10 MB.
const MOST_VALUES: usize = 150_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    language: &'static str,
    source_code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_name: Option<&'a str>,
    runs: &'a [RunInput<'a>],
    limits: Limits,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    time_ms: u32,
    memory_bytes: u64,
    total_time_ms: u64,
}

/// The request that runs some of a program's runs, in `total` together. The first one is begun in
/// any case, with the time that there is; each further one only while there is time for it, however
/// long it takes: else a program that never ends would look like an executor that does not answer.
pub(super) fn request(
    language: Language,
    program: &Program<'_>,
    runs: Range<usize>,
    total: Duration,
) -> ProviderRequest {
    let time = total.min(Duration::from_millis(program.limits.time_ms.into()));
    let begin = total.saturating_sub(time * SLOWEST);
    let begin_ms = begin.as_millis().clamp(1, MAX_TOTAL_MS);
    let body = Body {
        language: language.as_str(),
        source_code: program.source_code,
        function_name: program.function_name,
        runs: program.runs.get(runs).unwrap_or_default(),
        limits: Limits {
            time_ms: u32::try_from(time.as_millis().max(1)).unwrap_or(u32::MAX),
            // A job may have been submitted while a remote executor ran the language.
            memory_bytes: program.limits.memory_bytes().min(MAX_MEMORY_BYTES),
            total_time_ms: u64::try_from(begin_ms).unwrap_or(u64::MAX),
        },
    };
    ProviderRequest {
        method: Method::Post,
        to: Destination::Service {
            binding: language.binding(),
            path: PATH,
        },
        headers: vec![("content-type".into(), HeaderText::fixed("application/json"))],
        // Strings, numbers and JSON always have a JSON spelling.
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}

/// The JSON of a reply; `None` when it is not JSON, or more than can be read.
pub(super) fn json(body: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(body).ok()?;
    lenient::json_of(numbers::quoted(text).as_bytes(), MOST_VALUES)
}

/// Reads the JSON of a reply whose status is a success.
pub(super) fn answer(body: &Value) -> Reading {
    let Ok(mut runs) = Runs::deserialize(body) else {
        return Reading::NoMessage;
    };
    for run in &mut runs.runs {
        if run
            .value
            .take_if(|value| numbers::is_too_deep(value))
            .is_some()
        {
            run.value_truncated = true;
        }
    }
    reading(&runs)
}

/// The runs as an answer: its text is their JSON.
pub(super) fn reading(runs: &Runs) -> Reading {
    let answer = Answer {
        // Runs are strings, numbers and JSON.
        text: serde_json::to_string(runs).unwrap_or_default(),
        finish_reason: FinishReason::Stop,
        ..Answer::default()
    };
    Reading::Answer(answer, Vec::new())
}

/// Whether a reply is more than can be read, so that fewer runs have to be asked for at a time.
pub(super) fn is_too_much(reply: &Result<ProviderReply, TransportError>) -> bool {
    match reply {
        Ok(reply) => {
            reply.body.len() > MAX_REPLY_BYTES || !lenient::holds_at_most(&reply.body, MOST_VALUES)
        }
        Err(TransportError::BodyTooLarge) => true,
        Err(
            TransportError::Timeout | TransportError::Unreachable | TransportError::BodyInterrupted,
        ) => false,
    }
}

#[cfg(test)]
mod tests;
