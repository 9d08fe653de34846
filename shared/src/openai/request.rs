//! The body of a line: from the vendor's request to the body of ours.

mod chat;
mod content;
mod format;
mod passing;
mod responses;
mod usual;

use super::endpoint::Endpoint;
use super::names::Names;
use crate::json::Fields;
use crate::json::rules::Ruling;
use crate::request::Known;
use passing::Passing;
use serde_json::{Map, Value};

/// A `generate` request in the making, with where its parts come from.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The body of a `generate` request.
    pub(super) request: Map<String, Value>,
    /// What its parts are called in the vendor's request.
    pub(super) names: Names,
}

/// Both interfaces call these alike, and mean by them what we do.
const SAME: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("metadata", "metadata"),
];

/// Nobody's answer differs for these: they say who asks, and what the vendor keeps of it. Nothing is
/// ever kept there on our behalf.
const HARMLESS: &[&str] = &["user", "store", "parallel_tool_calls"];

impl Draft {
    /// Reads the body of a line.
    ///
    /// # Errors
    /// Every parameter that is malformed, or asks for what cannot be done here. What the fields of
    /// the `generate` request may hold is not judged.
    pub(super) fn read(
        mut fields: Fields<'_>,
        endpoint: Endpoint,
        known: &Known<'_>,
    ) -> Ruling<Self> {
        let mut draft = Self::default();
        let model = fields.required("model", |item| {
            let model = item.value().as_str().filter(|model| !model.is_empty());
            model.ok_or_else(|| item.refuse("must be the name of a model"))
        });
        if let Some(model) = model {
            draft.set("model", "model", model);
        }
        for (theirs, ours) in SAME {
            draft.take(&mut fields, theirs, ours);
        }
        fields.ignore(HARMLESS);
        // A model that declines has answered: its refusal is an answer's field.
        draft.set("onRefusal", "", "succeed");
        let mut passing = Passing::to(model, known);
        match endpoint {
            Endpoint::ChatCompletions => chat::read(&mut fields, &mut draft, &mut passing),
            Endpoint::Responses => responses::read(&mut fields, &mut draft, &mut passing),
        }
        passing.end(&mut fields, &mut draft);
        fields.finish(|| Some(draft))
    }

    /// Sets a field of ours, which comes from the vendor's parameter at `theirs`.
    fn set(&mut self, ours: &str, theirs: &str, value: impl Into<Value>) {
        self.request.insert(ours.to_owned(), value.into());
        self.names.add(format!("/{ours}"), format!("/{theirs}"));
    }

    /// Takes a parameter as it is; `null` is none.
    fn take(&mut self, fields: &mut Fields<'_>, theirs: &'static str, ours: &str) {
        if let Some(value) = given(fields, theirs) {
            self.set(ours, theirs, value.clone());
        }
    }
}

/// The value of a parameter; `null` is none.
fn given<'v>(fields: &mut Fields<'v>, name: &'static str) -> Option<&'v Value> {
    let value = fields.optional(name, |item| Ok(item.value()));
    value.filter(|value| !value.is_null())
}
