use crate::problem::{Problem, Violation};
use crate::query::Query;
use http::request::Parts;
use redrive_shared::batch::line::{self, DEFAULT_FIELDS};
use redrive_shared::json;
use redrive_shared::json::FieldError;
use redrive_shared::json::rules::{choice, label};
use redrive_shared::request::Known;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// Carries fields for every line that does not have them.
const DEFAULTS: &str = "redrive-defaults";

/// Length of a batch's name, in bytes.
const NAME_BYTES: RangeInclusive<usize> = 1..=200;

/// What is said of a batch beside its lines.
pub(super) struct Asked {
    pub(super) skips_invalid: bool,
    pub(super) name: Option<String>,
    pub(super) defaults: Map<String, Value>,
}

/// Reads the query, and the header with more defaults than a query can hold; of a field that both
/// have, the query's counts.
///
/// # Errors
/// 400 when the header is no JSON; 422 with every parameter or default that is wrong.
pub(super) fn read(parts: &Parts, known: &Known<'_>) -> Result<Asked, Problem> {
    let mut defaults = header(parts)?;
    let query = Query::of(&parts.uri)?;
    let (skips_invalid, name, given) = query.read(|mut fields| {
        let on_error = fields.optional("onError", choice(&[("reject", false), ("skip", true)]));
        let name = fields
            .optional("name", label(NAME_BYTES))
            .map(str::to_owned);
        let mut given = Map::new();
        for field in DEFAULT_FIELDS {
            if let Some(text) = fields.optional(field, label(1..=65_536)) {
                given.insert((*field).to_owned(), value(field, text));
            }
        }
        fields.finish(|| Some((on_error.unwrap_or(false), name, given)))
    })?;
    let from_query: Vec<String> = given.keys().cloned().collect();
    defaults.extend(given);
    let errors = line::check_defaults(&defaults, known);
    if errors.is_empty() {
        return Ok(Asked {
            skips_invalid,
            name,
            defaults,
        });
    }
    let violation = |error: FieldError| {
        let name = error.pointer.trim_start_matches('/').to_owned();
        if from_query.contains(&name) {
            Violation::parameter(&name, &error.detail)
        } else {
            Violation::parameter(&format!("Redrive-Defaults: {name}"), &error.detail)
        }
    };
    Err(Problem::invalid(errors.into_iter().map(violation)))
}

/// A parameter as the value of its field: those that are numbers are written as such.
fn value(field: &str, text: &str) -> Value {
    let is_number = ["maxTokens", "temperature", "maxAttempts", "deadlineSeconds"].contains(&field);
    let number = is_number.then(|| serde_json::from_str::<serde_json::Number>(text).ok());
    number
        .flatten()
        .map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn header(parts: &Parts) -> Result<Map<String, Value>, Problem> {
    let Some(text) = parts.headers.get(DEFAULTS) else {
        return Ok(Map::new());
    };
    let value = json::parse(text.as_bytes()).map_err(|error| {
        let why = error.to_string().replace("the body", "it");
        let detail = format!("must be a JSON object: {why}");
        Problem::invalid_parameter("Redrive-Defaults", &detail)
    })?;
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            let detail = "must be a JSON object: fields of a line";
            Err(Problem::invalid_parameter("Redrive-Defaults", detail))
        }
    }
}
