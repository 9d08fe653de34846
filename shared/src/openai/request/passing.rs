//! Parameters that only the vendor's own interfaces have: passed on to a provider that speaks one of
//! them, and refused where the job's provider does not.

use super::{Draft, given};
use crate::json::Fields;
use crate::provider::{Api, Provider};
use crate::request::{Known, Target, Whom};
use serde_json::{Map, Value};

/// A parameter, and where it lies in chat completions and in responses; `None`: nowhere.
#[derive(Clone, Copy)]
pub(super) struct Passed {
    chat: Option<&'static [&'static str]>,
    responses: Option<&'static [&'static str]>,
}

/// How hard a model thinks.
pub(super) const EFFORT: Passed = Passed {
    chat: Some(&["reasoning_effort"]),
    responses: Some(&["reasoning", "effort"]),
};

/// How much a model says.
pub(super) const VERBOSITY: Passed = Passed {
    chat: Some(&["verbosity"]),
    responses: Some(&["text", "verbosity"]),
};

/// Parameters of both interfaces by the same name.
pub(super) const SHARED: &[(&str, Passed)] = &[
    ("prompt_cache_key", both(&["prompt_cache_key"])),
    ("prompt_cache_retention", both(&["prompt_cache_retention"])),
    ("safety_identifier", both(&["safety_identifier"])),
];

/// With which priority and price the vendor answers.
pub(super) const SERVICE_TIER: Passed = both(&["service_tier"]);

/// Parameters of chat completions alone.
pub(super) const OF_CHAT: &[(&str, Passed)] = &[
    ("frequency_penalty", chat(&["frequency_penalty"])),
    ("presence_penalty", chat(&["presence_penalty"])),
    ("logit_bias", chat(&["logit_bias"])),
];

const fn both(place: &'static [&'static str]) -> Passed {
    Passed {
        chat: Some(place),
        responses: Some(place),
    }
}

const fn chat(place: &'static [&'static str]) -> Passed {
    Passed {
        chat: Some(place),
        responses: None,
    }
}

/// What is passed on, and to whom.
pub(super) struct Passing {
    /// The providers of the job, each with the interface that is spoken with it; `None`: another
    /// vendor's.
    targets: Vec<(String, Option<Api>)>,
    refused: Vec<(String, String)>,
    options: Map<String, Value>,
}

impl Passing {
    /// To whoever serves `model`. When nobody does, that is told by others, and nothing is passed.
    pub(super) fn to(model: Option<&str>, known: &Known<'_>) -> Self {
        let whom = Whom {
            model: model.map(str::to_owned),
            ..Whom::default()
        };
        let chain = whom.chain(known).unwrap_or_default();
        Self {
            targets: chain.iter().map(|target| spoken(target, known)).collect(),
            refused: Vec::new(),
            options: Map::new(),
        }
    }

    /// Passes on the parameters that are given of a list.
    pub(super) fn all(
        &mut self,
        fields: &mut Fields<'_>,
        draft: &mut Draft,
        list: &[(&'static str, Passed)],
    ) {
        for (name, passed) in list {
            if let Some(value) = given(fields, name) {
                self.pass(draft, &format!("/{name}"), *passed, value);
            }
        }
    }

    /// Passes on the value of the parameter at `theirs`.
    pub(super) fn pass(&mut self, draft: &mut Draft, theirs: &str, passed: Passed, value: &Value) {
        for (provider, api) in &self.targets {
            let place = match api {
                Some(Api::Chat) => passed.chat,
                Some(Api::Responses) => passed.responses,
                None => None,
            };
            let Some(place) = place else {
                let detail = format!("must be absent: the provider `{provider}` has no such field");
                self.refused.push((theirs.to_owned(), detail));
                continue;
            };
            let options = self.options.entry(provider).or_insert_with(object);
            insert(options, place, value);
            let pointer = format!("/providerOptions/{provider}/{}", place.join("/"));
            draft.names.add(pointer, theirs);
        }
    }

    /// Tells what could not be passed, and sets the rest.
    pub(super) fn end(self, fields: &mut Fields<'_>, draft: &mut Draft) {
        for (pointer, detail) in self.refused {
            fields.refuse_at(&pointer, detail);
        }
        if !self.options.is_empty() {
            draft
                .request
                .insert("providerOptions".to_owned(), self.options.into());
        }
    }
}

fn spoken(target: &Target, known: &Known<'_>) -> (String, Option<Api>) {
    let provider = known.configuration.providers.get(&target.provider);
    let api = provider.and_then(|provider| match provider.kind {
        Provider::OpenAi | Provider::AzureOpenAi | Provider::Compatible => Some(provider.api),
        Provider::Anthropic | Provider::WorkersAi | Provider::Executor | Provider::Piston => None,
    });
    (target.provider.clone(), api)
}

fn object() -> Value {
    Value::Object(Map::new())
}

fn insert(options: &mut Value, place: &[&str], value: &Value) {
    let (Some(options), Some((first, rest))) = (options.as_object_mut(), place.split_first())
    else {
        return;
    };
    if rest.is_empty() {
        options.insert((*first).to_owned(), value.clone());
    } else {
        insert(options.entry(*first).or_insert_with(object), rest, value);
    }
}
