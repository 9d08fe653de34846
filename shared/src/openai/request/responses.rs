//! The body of a line for `/v1/responses`.

use super::passing::{self, Passing};
use super::usual::{self, Usual, is_auto, never};
use super::{Draft, content, format, given};
use crate::json::rules::{Ruling, object};
use crate::json::{Fields, Item};
use serde_json::Value;

/// What a model thinks is not kept.
const OF_REASONING: &[Usual] = &[
    ("summary", never, NO_SUMMARY),
    ("generate_summary", never, NO_SUMMARY),
];

const NO_SUMMARY: &str = "must be absent: summaries of reasoning are not kept";

/// Reads what this interface calls by names of its own.
pub(super) fn read(fields: &mut Fields<'_>, draft: &mut Draft, passing: &mut Passing) {
    draft.take(fields, "instructions", "system");
    read_input(fields, draft);
    draft.take(fields, "max_output_tokens", "maxTokens");
    let verbosity = read_text(fields, draft);
    if let Some(verbosity) = verbosity {
        passing.pass(draft, "/text/verbosity", passing::VERBOSITY, verbosity);
    }
    if given(fields, "reasoning").is_some()
        && let Some(Some(effort)) = fields.optional("reasoning", object(effort))
    {
        passing.pass(draft, "/reasoning/effort", passing::EFFORT, effort);
    }
    usual::check(fields, usual::OF_BOTH);
    usual::check(fields, usual::OF_RESPONSES);
    passing.all(fields, draft, passing::SHARED);
    if let Some(tier) = given(fields, "service_tier").filter(|tier| !is_auto(tier)) {
        passing.pass(draft, "/service_tier", passing::SERVICE_TIER, tier);
    }
}

/// One text of the user, or messages.
fn read_input(fields: &mut Fields<'_>, draft: &mut Draft) {
    let names = &mut draft.names;
    let input = fields.required("input", |item: Item<'_>| match item.value() {
        Value::String(text) => Ok(("prompt", Value::from(text.as_str()))),
        Value::Array(_) => Ok(("messages", content::RESPONSES.read(item, names)?)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Err(item.refuse("must be a string or a list of messages"))
        }
    });
    if let Some((ours, input)) = input {
        draft.set(ours, "input", input);
    }
}

/// The form of the answer; what is left to pass on is how much is to be said.
fn read_text<'v>(fields: &mut Fields<'v>, draft: &mut Draft) -> Option<&'v Value> {
    given(fields, "text")?;
    let (form, verbosity) = fields.optional("text", object(text))?;
    if let Some(form) = form {
        draft.set("responseFormat", "text/format", form);
        format::name(&mut draft.names, "/text/format", false);
    }
    verbosity
}

fn text(mut fields: Fields<'_>) -> Ruling<(Option<Value>, Option<&Value>)> {
    let form = match given(&mut fields, "format") {
        Some(_) => fields.optional("format", |item| format::read(item, false)),
        None => None,
    };
    let verbosity = given(&mut fields, "verbosity");
    fields.finish(|| Some((form, verbosity)))
}

fn effort(mut fields: Fields<'_>) -> Ruling<Option<&Value>> {
    usual::check(&mut fields, OF_REASONING);
    let effort = given(&mut fields, "effort");
    fields.finish(|| Some(effort))
}
