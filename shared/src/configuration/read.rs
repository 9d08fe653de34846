//! Reads a configuration and names every mistake in it.

mod executor;
mod model;
mod names;
mod provider;
mod reached;

use super::{Configuration, ProviderConfiguration, Reached};
use crate::json::rules::{Ruling, array, checked, names as named, object, text};
use crate::json::{FieldError, Fields, Item};
use crate::request::{Target, Wanted, limits, read_model};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most providers of a deployment.
const PROVIDERS: usize = 64;

impl Configuration {
    /// Reads what `providers.toml` says, as JSON.
    ///
    /// # Errors
    /// Every mistake, with a pointer to it, unknown keys among them.
    pub fn read(value: &Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::of(value);
        // One that cannot be read keeps nobody from judging the others.
        let each = |item| Ok(read_wanted(item));
        let wanted = fields.optional("default_providers", array(limits::CHAIN, each));
        let providers = fields
            .optional(
                "providers",
                named(PROVIDERS, names::provider, provider::read),
            )
            .unwrap_or_default();
        let executor = fields.optional("executor", object(executor::read_own));
        let remote_executor = fields.optional("remote_executor", object(executor::read));
        let is_named = |name: &str| {
            let providers = value.get("providers");
            providers.is_some_and(|providers| providers.get(name).is_some())
        };
        let wanted = wanted.unwrap_or_default();
        let default_providers = default_chain(&mut fields, &wanted, &providers, is_named);
        refuse_two_bindings(&mut fields, &providers);
        fields.finish(|| {
            Some(Self {
                default_providers,
                providers,
                executor: executor.unwrap_or_default(),
                remote_executor,
            })
        })
    }
}

/// A provider by its name, or `{ provider = "…", model = "…" }`.
fn read_wanted(item: Item<'_>) -> Ruling<Wanted> {
    if item.is_string() {
        let provider = checked(text(1..=32), |name| names::provider(name).map(|()| name))(item)?;
        return Ok(Wanted::any_model(provider));
    }
    object(|mut fields: Fields<'_>| {
        let provider = fields.required(
            "provider",
            checked(text(1..=32), |name| names::provider(name).map(|()| name)),
        );
        let model = fields.optional("model", read_model);
        fields.finish(|| {
            Some(Wanted {
                provider: provider?.to_owned(),
                model: model.map(str::to_owned),
            })
        })
    })(item)
}

/// The default chain, each provider with its model.
fn default_chain(
    fields: &mut Fields<'_>,
    wanted: &[Ruling<Wanted>],
    providers: &BTreeMap<String, ProviderConfiguration>,
    is_named: impl Fn(&str) -> bool,
) -> Vec<Target> {
    let mut chain: Vec<Target> = Vec::new();
    for (index, one) in wanted.iter().enumerate() {
        let at = format!("/default_providers/{index}");
        let earlier = wanted.get(..index).unwrap_or_default();
        let one = match one {
            Ok(one) => one,
            Err(errors) => {
                for error in errors {
                    fields.refuse_at(&error.pointer, error.detail.clone());
                }
                continue;
            }
        };
        let Some(provider) = providers.get(&one.provider) else {
            // Of a provider that could not be read its own mistakes are told.
            if !is_named(&one.provider) {
                fields.refuse_at(&at, "names no provider of this file");
            } else if earlier.iter().flatten().any(|other| other == one) {
                fields.refuse_at(&at, "is in the list already");
            }
            continue;
        };
        let Some(model) = one.model.as_ref().or(provider.default_model.as_ref()) else {
            let detail = "must name a model: its provider has no `default_model`";
            fields.refuse_at(&at, detail);
            continue;
        };
        if !provider.offers(model) {
            let detail = "names a model that its provider has not, and it has `only_these_models`";
            fields.refuse_at(&at, detail);
        }
        let target = Target::new(&one.provider, model);
        if chain.contains(&target) {
            fields.refuse_at(&at, "is in the list already");
        } else {
            chain.push(target);
        }
    }
    chain
}

/// A Worker has one binding of Workers AI at most.
fn refuse_two_bindings(
    fields: &mut Fields<'_>,
    providers: &BTreeMap<String, ProviderConfiguration>,
) {
    let bindings = providers.values().filter_map(|one| match &one.reached {
        Reached::Binding(binding) => Some((&one.name, binding)),
        Reached::Url { .. } => None,
    });
    let mut first: Option<&String> = None;
    for (name, binding) in bindings {
        if *first.get_or_insert(binding) != binding {
            let detail = "must be the same for all: a Worker has one binding of Workers AI";
            fields.refuse_at(&format!("/providers/{name}/binding"), detail);
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
