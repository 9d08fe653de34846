//! A line of a batch: what it asks for, or what is wrong with it.

use crate::configuration::Configuration;
use crate::job::Kind;
use crate::json::rules::{choice, label};
use crate::json::{self, FieldError, Fields};
use crate::request::{ExecuteRequest, ExecuteTestsRequest, GenerateRequest, Known, Submission};
use crate::submit::JobRequest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ops::RangeInclusive;
use utoipa::ToSchema;

/// Length of a `customId`, in bytes.
pub const CUSTOM_ID_BYTES: RangeInclusive<usize> = 1..=256;

/// The most field errors that one line tells.
const FIELD_ERRORS: usize = 10;

/// The fields that a query may give for all lines.
pub const DEFAULT_FIELDS: &[&str] = &[
    "kind",
    "provider",
    "model",
    "system",
    "maxTokens",
    "temperature",
    "language",
    "maxAttempts",
    "deadlineSeconds",
    "refType",
    "refId",
];

/// Fields of which one excludes the others: where a line has one, no default stands for another.
const EXCLUSIVE: [&[&str]; 2] = [&["provider", "providers"], &["prompt", "messages"]];

/// What a line asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct LineJob {
    /// The client's own name for it.
    pub custom_id: Option<String>,
    /// What is to be done.
    pub kind: Kind,
    /// The model asked for, or the language of a program.
    pub model: Option<String>,
    /// What else is said about the job.
    pub submission: Submission,
    /// What the consumer reads, as JSON.
    pub request: String,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineError {
    /// The line's number in the upload, from 1, blank lines counted; in an array, the element's.
    pub line: u32,
    /// The client's own name for it, where that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub custom_id: Option<String>,
    /// Which rule it breaks.
    pub code: LineErrorCode,
    /// What is wrong, in a sentence.
    pub detail: String,
    /// Each field that is wrong, the first 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// Which rule a line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineErrorCode {
    /// It is not strict JSON.
    InvalidJson,
    /// It is not a request that could be submitted by itself.
    InvalidRequest,
    /// Its `customId` is that of an earlier line.
    DuplicateCustomId,
    /// It is longer than 1 MiB.
    LineTooLong,
    /// It is not UTF-8.
    NotUtf8,
}

impl LineErrorCode {
    /// The code as it is shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidRequest => "invalid_request",
            Self::DuplicateCustomId => "duplicate_custom_id",
            Self::LineTooLong => "line_too_long",
            Self::NotUtf8 => "not_utf8",
        }
    }
}

/// Reads the lines of a batch of our own shape.
#[derive(Clone, Copy, Debug)]
pub struct LineReader<'a> {
    /// Whom lines may ask.
    pub known: Known<'a>,
    /// Fields of every line that does not have them.
    pub defaults: &'a Map<String, Value>,
}

impl LineReader<'_> {
    /// Reads the line with this number.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, line: u32, text: &[u8]) -> Result<LineJob, Box<LineError>> {
        let failed = |custom_id: Option<&str>, code, detail: String, errors| {
            Box::new(LineError {
                line,
                custom_id: custom_id.map(str::to_owned),
                code,
                detail,
                errors,
            })
        };
        let value = json::parse(text).map_err(|error| {
            let detail = error.to_string().replace("the body", "the line");
            let detail = detail.replace("line 1, column", "column");
            failed(None, LineErrorCode::InvalidJson, detail, Vec::new())
        })?;
        let Value::Object(mut own) = value else {
            let detail = "the line must be a JSON object".to_owned();
            return Err(failed(
                None,
                LineErrorCode::InvalidRequest,
                detail,
                Vec::new(),
            ));
        };
        // Where the line failed before, as the file of errors says.
        own.remove("error");
        let (head, errors) = Head::take(&mut own, self.defaults);
        let custom_id = head.custom_id.as_deref();
        let wrong = |mut errors: Vec<FieldError>| {
            errors.truncate(FIELD_ERRORS);
            let detail = match errors.first() {
                Some(first) => first.to_string(),
                None => "is not a request".to_owned(),
            };
            failed(custom_id, LineErrorCode::InvalidRequest, detail, errors)
        };
        if !errors.is_empty() {
            return Err(wrong(errors));
        }
        with_defaults(&mut own, self.defaults);
        let read = judge(head.kind, &Value::Object(own), &self.known).map_err(wrong)?;
        Ok(LineJob {
            custom_id: head.custom_id,
            ..read
        })
    }
}

/// What a line says beside its request.
struct Head {
    custom_id: Option<String>,
    kind: Kind,
}

impl Head {
    fn take(
        own: &mut Map<String, Value>,
        defaults: &Map<String, Value>,
    ) -> (Self, Vec<FieldError>) {
        let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind));
        let mut beside = Map::new();
        for name in ["customId", "kind"] {
            if let Some(value) = own.remove(name) {
                beside.insert(name.to_owned(), value);
            }
        }
        if let (false, Some(kind)) = (beside.contains_key("kind"), defaults.get("kind")) {
            beside.insert("kind".to_owned(), kind.clone());
        }
        let beside = Value::Object(beside);
        let mut fields = Fields::of(&beside);
        let custom_id = fields.optional("customId", label(CUSTOM_ID_BYTES));
        let kind = fields.optional("kind", choice(&kinds));
        let head = Self {
            custom_id: custom_id.map(str::to_owned),
            kind: kind.unwrap_or(Kind::Generate),
        };
        let errors = fields.finish(|| Some(())).err().unwrap_or_default();
        (head, errors)
    }
}

/// What is wrong with fields that are meant for all lines, as far as that can be told without one.
#[must_use]
pub fn check_defaults(defaults: &Map<String, Value>, known: &Known<'_>) -> Vec<FieldError> {
    let (head, mut errors) = Head::take(&mut Map::new(), defaults);
    if defaults.contains_key("customId") {
        errors.push(FieldError {
            pointer: "/customId".to_owned(),
            detail: "must be the line's own".to_owned(),
        });
    }
    let mut probe = Map::new();
    with_defaults(&mut probe, defaults);
    // Is told already.
    probe.remove("customId");
    let judged = judge(head.kind, &Value::Object(probe), known);
    // What a line is still to bring is no fault of theirs.
    let named = |error: &FieldError| {
        let mut segments = error.pointer.split('/').skip(1);
        segments
            .next()
            .is_some_and(|name| defaults.contains_key(name))
    };
    errors.extend(judged.err().unwrap_or_default().into_iter().filter(named));
    errors.truncate(FIELD_ERRORS);
    errors
}

/// Puts the defaults in for the fields that a line does not have. A line that names a provider takes
/// no model from the defaults, which is another provider's.
fn with_defaults(own: &mut Map<String, Value>, defaults: &Map<String, Value>) {
    let names_provider = own.contains_key("provider") || own.contains_key("providers");
    for (name, value) in defaults {
        let excluded = EXCLUSIVE.iter().any(|group| {
            group.contains(&name.as_str()) && group.iter().any(|other| own.contains_key(*other))
        });
        let foreign =
            names_provider && name == "model" || own.contains_key("model") && name == "providers";
        if name != "kind" && !excluded && !foreign && !own.contains_key(name) {
            own.insert(name.clone(), value.clone());
        }
    }
}

/// Judges a request as the route of its kind does.
fn judge(kind: Kind, value: &Value, known: &Known<'_>) -> Result<LineJob, Vec<FieldError>> {
    let configuration: &Configuration = known.configuration;
    match kind {
        Kind::Generate => job_of(&GenerateRequest::read(value, known)?),
        Kind::Execute => job_of(&ExecuteRequest::read(value, configuration)?),
        Kind::ExecuteTests => job_of(&ExecuteTestsRequest::read(value, configuration)?),
    }
}

/// A request that passed every rule, as a job of a batch.
///
/// # Errors
/// It has no JSON form.
pub(crate) fn job_of<R: JobRequest>(request: &R) -> Result<LineJob, Vec<FieldError>> {
    let stored = request.stored().map_err(|error| {
        vec![FieldError {
            pointer: String::new(),
            detail: error.to_string(),
        }]
    })?;
    Ok(LineJob {
        custom_id: None,
        kind: R::KIND,
        model: request.model().map(str::to_owned),
        submission: request.submission().clone(),
        request: stored,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::{Configuration, ProviderConfiguration};
    use crate::provider::Provider;
    use serde_json::json;

    fn read(defaults: &Value, line: &Value) -> Result<LineJob, Box<LineError>> {
        let provider = ProviderConfiguration::new("openai", Provider::OpenAi, "https://x.test");
        let configuration = Configuration::single(provider);
        let reader = LineReader {
            known: Known {
                configuration: &configuration,
                default_providers: &[],
            },
            defaults: defaults.as_object().expect("an object"),
        };
        reader.read(7, line.to_string().as_bytes())
    }

    #[test]
    fn a_line_wins_over_the_defaults() {
        let defaults = json!({"provider": "openai", "model": "m", "maxTokens": 5, "prompt": "p"});
        let job = read(&defaults, &json!({"customId": "a", "maxTokens": 9})).expect("right");
        assert_eq!(job.custom_id.as_deref(), Some("a"));
        assert_eq!(job.model.as_deref(), Some("m"));
        let request: Value = serde_json::from_str(&job.request).expect("JSON");
        assert_eq!(request["max_tokens"], 9);
        assert_eq!(request["messages"][0]["content"], "p");
        let messages = json!({"messages": [{"role": "user", "content": "own"}], "model": "other"});
        let job = read(&defaults, &messages).expect("right");
        assert_eq!(job.model.as_deref(), Some("other"));
        let request: Value = serde_json::from_str(&job.request).expect("JSON");
        assert_eq!(request["messages"][0]["content"], "own");
    }

    #[test]
    fn a_line_of_the_file_of_errors_is_read_as_it_was() {
        let line = json!({"prompt": "p", "model": "m", "provider": "openai", "error": {"code": "provider_auth"}});
        assert!(read(&json!({}), &line).is_ok());
    }

    #[test]
    fn what_is_wrong_is_told_with_the_line_and_its_name() {
        let wrong = read(&json!({}), &json!({"customId": "a", "prompt": 7, "x": 1}));
        let wrong = wrong.expect_err("wrong");
        assert_eq!((wrong.line, wrong.custom_id.as_deref()), (7, Some("a")));
        assert_eq!(wrong.code, LineErrorCode::InvalidRequest);
        let pointers: Vec<&str> = wrong
            .errors
            .iter()
            .map(|error| error.pointer.as_str())
            .collect();
        assert!(
            pointers.contains(&"/prompt") && pointers.contains(&"/x"),
            "{pointers:?}"
        );
        let wrong = read(&json!({}), &json!([1])).expect_err("no object");
        assert_eq!(wrong.detail, "the line must be a JSON object");
        let wrong = read(
            &json!({}),
            &json!({"customId": "", "kind": "x", "prompt": "p"}),
        );
        assert_eq!(wrong.expect_err("wrong").errors.len(), 2);
    }
}
