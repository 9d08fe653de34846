use super::{model, reached};
use crate::configuration::{ModelConfiguration, ProviderConfiguration};
use crate::json::rules::{Ruling, array, boolean, choice, integer, label, names as named, object};
use crate::json::{Fields, Item};
use crate::provider::{Api, Provider, Quirks};
use crate::request::read_model;
use std::collections::BTreeMap;

/// The kinds that a configuration may name: those that ask a model.
const KINDS: &[(&str, Provider)] = &[
    ("openai", Provider::OpenAi),
    ("azure_openai", Provider::AzureOpenAi),
    ("anthropic", Provider::Anthropic),
    ("workers_ai", Provider::WorkersAi),
    ("openai_compatible", Provider::Compatible),
];

const APIS: &[(&str, Api)] = &[("chat", Api::Chat), ("responses", Api::Responses)];

/// The most models of a provider that something is said about.
const MODELS: usize = 256;

/// Reads one provider.
pub(super) fn read(name: &str, item: Item<'_>) -> Ruling<ProviderConfiguration> {
    object(|fields: Fields<'_>| read_fields(name, fields))(item)
}

fn read_fields(name: &str, mut fields: Fields<'_>) -> Ruling<ProviderConfiguration> {
    let kind = fields.required("kind", choice(KINDS));
    let api = read_api(&mut fields, kind);
    let reached = reached::read(&mut fields, kind, api);
    let default_model = fields.optional("default_model", read_model);
    let model = |_name: &str, item| object(model::read)(item);
    let models = fields.optional("models", named(MODELS, model::name, model));
    let only_these_models = fields.optional("only_these_models", boolean());
    check_models(
        &mut fields,
        default_model,
        models.as_ref(),
        only_these_models,
    );
    let concurrency = fields.optional("concurrency", integer(1..=10_000_u32));
    let calls_per_minute = fields.optional("calls_per_minute", integer(1..=1_000_000_u32));
    let quirks = fields.optional("quirks", object(read_quirks));
    fields.finish(|| {
        Some(ProviderConfiguration {
            name: name.to_owned(),
            kind: kind?,
            api,
            reached: reached.reached?,
            api_key_secret: reached.api_key_secret,
            headers: reached.headers,
            default_model: default_model.map(str::to_owned),
            models: models.unwrap_or_default(),
            only_these_models: only_these_models.unwrap_or_default(),
            concurrency,
            calls_per_minute,
            quirks: quirks.unwrap_or_default(),
        })
    })
}

fn read_api(fields: &mut Fields<'_>, kind: Option<Provider>) -> Api {
    let api = fields.optional("api", choice(APIS)).unwrap_or_default();
    let has_one = matches!(kind, Some(Provider::Anthropic | Provider::WorkersAi));
    if has_one && api == Api::Responses {
        fields.refuse("api", "must be absent: this kind has one interface only");
    }
    api
}

/// With `only_these_models`, there are models, and the default is one of them.
fn check_models(
    fields: &mut Fields<'_>,
    default: Option<&str>,
    models: Option<&BTreeMap<String, ModelConfiguration>>,
    only_these: Option<bool>,
) {
    if only_these != Some(true) {
        return;
    }
    match (models, default) {
        (None, _) if !fields.has("models") => {
            fields.refuse("models", "is required with `only_these_models`");
        }
        (Some(models), Some(default)) if !models.contains_key(default) => {
            let detail = "must be one of `models`, because of `only_these_models`";
            fields.refuse("default_model", detail);
        }
        _ => {}
    }
}

fn read_quirks(mut fields: Fields<'_>) -> Ruling<Quirks> {
    let texts = |item| array(1..=16, label(1..=200))(item);
    let loading = fields.optional("loading", texts);
    let billing_codes = fields.optional("billing_codes", texts);
    let forbidden_means_context = fields.optional("forbidden_means_context", boolean());
    let retry_empty = fields.optional("retry_empty", boolean());
    let owned = |texts: Option<Vec<&str>>| {
        let texts = texts.unwrap_or_default();
        texts.into_iter().map(str::to_owned).collect()
    };
    fields.finish(|| {
        Some(Quirks {
            loading: owned(loading),
            billing_codes: owned(billing_codes),
            forbidden_means_context: forbidden_means_context.unwrap_or_default(),
            retry_empty: retry_empty.unwrap_or_default(),
        })
    })
}
