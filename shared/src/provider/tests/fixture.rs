//! The fixtures: what a provider sends, and what is to be made of it.

use super::words::{action, backoff, budget, fallback};
use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::provider::{
    Answer, Api, Dialect, Failure, FinishReason, Provider, ProviderReply, Quirks, Row,
    TransportError, Usage, Verdict, classify,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// Saturday, 21 November 2026, 10:55:17 UTC.
pub(super) const NOW: Instant = Instant::from_millis(1_795_258_517_000);

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fixture {
    #[serde(skip)]
    pub(super) name: String,
    pub(super) about: String,
    provider: String,
    #[serde(default)]
    api: String,
    #[serde(default)]
    quirks: FixtureQuirks,
    transport: Option<String>,
    reply: Option<Reply>,
    pub(super) expected: Expected,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct FixtureQuirks {
    loading: Vec<String>,
    billing_codes: Vec<String>,
    forbidden_means_context: bool,
    retry_empty: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    body_text: Option<String>,
    body_bytes: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Expected {
    Failure(ExpectedFailure),
    Answer(ExpectedAnswer),
    Pending(ExpectedPending),
    Paused(ExpectedPaused),
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectedPending {
    response_id: String,
    poll_after_ms: u128,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectedPaused {
    content: Value,
    answer: ExpectedAnswer,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectedFailure {
    row: Option<u8>,
    code: ErrorCode,
    action: String,
    fallback: String,
    budget: String,
    backoff: String,
    hint_ms: Option<u128>,
    max_retries_of_kind: Option<u8>,
    possibly_billed: bool,
    inside_success: bool,
    retry_refused: bool,
    partial_text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExpectedAnswer {
    text: String,
    finish_reason: FinishReason,
    raw_finish_reason: Option<String>,
    stop_category: Option<String>,
    truncated: bool,
    warnings: Vec<String>,
    usage: Option<Usage>,
    model: Option<String>,
    provider_request_id: Option<String>,
}

impl Fixture {
    pub(super) fn all() -> Vec<Self> {
        static ALL: LazyLock<Vec<Fixture>> = LazyLock::new(Fixture::read_all);
        ALL.clone()
    }

    fn read_all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/providers");
        let mut fixtures: Vec<Self> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                let fixture: Self =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                Self { name, ..fixture }
            })
            .collect();
        fixtures.sort_by(|one, other| one.name.cmp(&other.name));
        fixtures
    }

    pub(super) fn named(name: &str) -> Self {
        let mut fixtures = Self::all().into_iter();
        fixtures.find(|fixture| fixture.name == name).unwrap()
    }

    /// The row in the file's name; `None` for answers that no row marks.
    pub(super) fn row(&self) -> Option<Row> {
        match self.name.split_once('-').unwrap().0 {
            "ok" => None,
            number => Some(Row::new(number.parse().unwrap())),
        }
    }

    pub(super) fn provider(&self) -> Provider {
        let known = Provider::ALL.into_iter();
        let mut known = known.filter(|provider| provider.as_str() == self.provider);
        known
            .next()
            .unwrap_or_else(|| panic!("{}: no provider {}", self.name, self.provider))
    }

    pub(super) fn quirks(&self) -> Quirks {
        Quirks {
            loading: self.quirks.loading.clone(),
            billing_codes: self.quirks.billing_codes.clone(),
            forbidden_means_context: self.quirks.forbidden_means_context,
            retry_empty: self.quirks.retry_empty,
        }
    }

    fn api(&self) -> Api {
        match self.api.as_str() {
            "" | "chat" => Api::Chat,
            "responses" => Api::Responses,
            other => panic!("{}: no interface {other}", self.name),
        }
    }

    /// What is made of the reply.
    pub(super) fn verdict(&self) -> Verdict {
        let quirks = self.quirks();
        let dialect = Dialect {
            provider: self.provider(),
            api: self.api(),
            quirks: &quirks,
        };
        classify(&dialect, &self.outcome(), NOW)
    }

    pub(super) fn outcome(&self) -> Result<ProviderReply, TransportError> {
        match (&self.transport, &self.reply) {
            (Some(error), None) => Err(match error.as_str() {
                "timeout" => TransportError::Timeout,
                "unreachable" => TransportError::Unreachable,
                "body_interrupted" => TransportError::BodyInterrupted,
                "body_too_large" => TransportError::BodyTooLarge,
                other => panic!("{}: no transport error {other}", self.name),
            }),
            (None, Some(reply)) => Ok(ProviderReply {
                status: reply.status,
                headers: reply.headers.clone().into_iter().collect(),
                body: reply.bytes(),
            }),
            _ => panic!("{}: either `transport` or `reply`", self.name),
        }
    }

    /// Puts `text` in the place of the error's message; `false` when the reply has none.
    pub(super) fn replace_message(&mut self, text: &str) -> bool {
        let body = self.reply.as_mut().and_then(|reply| reply.body.as_mut());
        body.is_some_and(|body| replace_message(body, text))
    }
}

fn replace_message(value: &mut Value, text: &str) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |done, (key, value)| {
            let said = value.is_string();
            if said && ["message", "msg", "detail", "error"].contains(&key.as_str()) {
                *value = Value::String(text.to_owned());
            }
            done | said | replace_message(value, text)
        }),
        Value::Array(list) => list
            .iter_mut()
            .fold(false, |done, value| done | replace_message(value, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

impl Reply {
    fn bytes(&self) -> Vec<u8> {
        match (&self.body, &self.body_text, &self.body_bytes) {
            (Some(json), None, None) => json.to_string().into_bytes(),
            (None, Some(text), None) => text.clone().into_bytes(),
            (None, None, Some(bytes)) => bytes.clone(),
            _ => panic!("one of `body`, `bodyText` and `bodyBytes`"),
        }
    }
}

/// What a verdict says, in the words of the fixtures.
pub(super) fn seen(verdict: &Verdict) -> Expected {
    match verdict {
        Verdict::Failed(failure) => Expected::Failure(seen_failure(failure)),
        Verdict::Answered(answer) => Expected::Answer(seen_answer(answer)),
        Verdict::Pending(pending) => Expected::Pending(ExpectedPending {
            response_id: pending.response_id.clone(),
            poll_after_ms: pending.poll_after.as_millis(),
        }),
        Verdict::Paused(paused) => Expected::Paused(ExpectedPaused {
            content: paused.content.clone(),
            answer: seen_answer(&paused.answer),
        }),
    }
}

fn seen_answer(answer: &Answer) -> ExpectedAnswer {
    let warnings = answer.warnings.iter();
    ExpectedAnswer {
        text: answer.text.clone(),
        finish_reason: answer.finish_reason,
        raw_finish_reason: answer.raw_finish_reason.clone(),
        stop_category: answer.stop_category.clone(),
        truncated: answer.truncated,
        warnings: warnings.map(|warning| (*warning).to_owned()).collect(),
        usage: answer.usage,
        model: answer.model.clone(),
        provider_request_id: answer.provider_request_id.clone(),
    }
}

fn seen_failure(failure: &Failure) -> ExpectedFailure {
    ExpectedFailure {
        row: failure.row.map(Row::number),
        code: failure.code,
        action: action(failure.action).to_owned(),
        fallback: fallback(failure.fallback),
        budget: budget(failure.budget).to_owned(),
        backoff: backoff(failure.backoff),
        hint_ms: failure.hint.map(|hint| hint.as_millis()),
        max_retries_of_kind: failure.max_retries_of_kind,
        possibly_billed: failure.possibly_billed,
        inside_success: failure.inside_success,
        retry_refused: failure.retry_refused,
        partial_text: failure.partial.as_ref().map(|partial| partial.text.clone()),
    }
}

/// The rows that had a part in a verdict.
pub(super) fn rows_proven(verdict: &Verdict) -> Vec<Row> {
    match verdict {
        Verdict::Failed(failure) => [
            failure.row,
            failure.inside_success.then(|| Row::new(5)),
            failure.retry_refused.then(|| Row::new(0)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Verdict::Pending(_) => vec![Row::new(16)],
        Verdict::Paused(_) => vec![Row::new(11)],
        Verdict::Answered(answer) => [
            (!answer.warnings.is_empty()).then(|| Row::new(7)),
            answer.truncated.then(|| truncating_row(answer)),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

/// The row by which an answer is marked as truncated.
fn truncating_row(answer: &Answer) -> Row {
    match answer.raw_finish_reason.as_deref() {
        Some("model_context_window_exceeded") => Row::new(12),
        Some(_) | None => Row::new(10),
    }
}
