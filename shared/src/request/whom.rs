//! Whom a job asks: from what a request, a tenant or a replay names to a chain of providers, each
//! with its model.

use super::{Target, limits, read_model};
use crate::configuration::{Configuration, ProviderConfiguration};
use crate::json::rules::{Ruling, array, object, text};
use crate::json::{FieldError, Fields, Item};
use serde::{Deserialize, Serialize};

/// What a request is read against.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The deployment's configuration.
    pub configuration: &'a Configuration,
    /// The tenant's own defaults; empty: those of the configuration hold.
    pub default_providers: &'a [Wanted],
}

/// One provider of a chain as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Wanted {
    /// The provider by its name in the configuration.
    #[schema(min_length = 1, max_length = 32, example = "openai")]
    pub provider: String,
    /// The model by the provider's name for it; absent: the provider's default model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9._:/@+-]+$",
        example = "gpt-4o-mini"
    )]
    pub model: Option<String>,
}

impl Wanted {
    /// A provider, with whatever its default model is.
    #[must_use]
    pub fn any_model(provider: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            model: None,
        }
    }
}

/// Whom a request names. `providers` excludes the other two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whom {
    /// The model to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The provider to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The providers to ask, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Wanted>,
}

impl Whom {
    /// Reads `model`, `provider` and `providers`, without asking whether they exist.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        let model = fields.optional("model", read_model);
        let provider = fields.optional("provider", text(limits::PROVIDER_BYTES));
        let providers = fields.optional("providers", read_list);
        if fields.has("providers") {
            for name in ["model", "provider"] {
                if fields.has(name) {
                    fields.refuse(name, "must be absent when `providers` is given");
                }
            }
        }
        Self {
            model: model.map(str::to_owned),
            provider: provider.map(str::to_owned),
            providers: providers.unwrap_or_default(),
        }
    }

    /// Whether it names nobody, and no model.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        self.model.is_none() && self.provider.is_none() && self.providers.is_empty()
    }

    /// The chain: `providers`; or else `provider`; or else, for `model` alone, the provider of the
    /// default chain that knows it, or its first; or else the default chain.
    ///
    /// # Errors
    /// Every violation, with pointers into the request.
    pub fn chain(&self, known: &Known<'_>) -> Result<Vec<Target>, Vec<FieldError>> {
        if !self.providers.is_empty() {
            return self.listed(known);
        }
        let provider = match (&self.provider, &self.model) {
            (Some(provider), _) => provider.clone(),
            (None, Some(model)) => known.provider_of(model)?,
            (None, None) => return known.default_chain(),
        };
        let place = Place {
            provider: "/provider".to_owned(),
            model: "/model".to_owned(),
        };
        let target = known.target(&provider, self.model.as_deref(), &place)?;
        Ok(vec![target])
    }

    fn listed(&self, known: &Known<'_>) -> Result<Vec<Target>, Vec<FieldError>> {
        let (mut chain, mut errors) = (Vec::new(), Vec::new());
        for (index, one) in self.providers.iter().enumerate() {
            let at = format!("/providers/{index}");
            let place = Place {
                provider: format!("{at}/provider"),
                model: format!("{at}/model"),
            };
            match known.target(&one.provider, one.model.as_deref(), &place) {
                Ok(target) if chain.contains(&target) => {
                    errors.push(error(&at, "must not be in the list twice"));
                }
                Ok(target) => chain.push(target),
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() {
            Ok(chain)
        } else {
            Err(errors)
        }
    }
}

/// A list of `{provider, model?}`, as requests and tenants give it.
///
/// # Errors
/// Every violation, with a pointer to it.
pub fn read_list(item: Item<'_>) -> Ruling<Vec<Wanted>> {
    array(limits::CHAIN, object(read_wanted))(item)
}

fn read_wanted(mut fields: Fields<'_>) -> Ruling<Wanted> {
    let provider = fields.required("provider", text(limits::PROVIDER_BYTES));
    let model = fields.optional("model", read_model);
    fields.finish(|| {
        Some(Wanted {
            provider: provider?.to_owned(),
            model: model.map(str::to_owned),
        })
    })
}

/// Where provider and model stand in a request.
struct Place {
    provider: String,
    model: String,
}

impl Known<'_> {
    /// The chain of a job that names nobody.
    ///
    /// A provider that has left the configuration since the tenant named it is passed over; with
    /// none left the job is refused, because the deployment's own default may be one that the
    /// tenant's data must not reach.
    ///
    /// # Errors
    /// There is no default.
    pub fn default_chain(&self) -> Result<Vec<Target>, Vec<FieldError>> {
        if self.default_providers.is_empty() {
            let chain = self.configuration.default_providers.clone();
            if chain.is_empty() {
                let detail = "is required: this deployment has no default providers";
                return Err(vec![error("/providers", detail)]);
            }
            return Ok(chain);
        }
        let mut chain = Vec::new();
        for one in self.default_providers {
            let Some(provider) = self.configuration.providers.get(&one.provider) else {
                continue;
            };
            let model = one.model.as_ref().or(provider.default_model.as_ref());
            let target = model.map(|model| Target::new(&one.provider, model));
            let target = target.filter(|target| provider.offers(&target.model));
            chain.extend(target.filter(|target| !chain.contains(target)));
        }
        if chain.is_empty() {
            let detail =
                "is required: none of the tenant's default providers can be asked any more";
            return Err(vec![error("/providers", detail)]);
        }
        Ok(chain)
    }

    /// The provider that a model alone means.
    fn provider_of(&self, model: &str) -> Result<String, Vec<FieldError>> {
        let chain = self.default_chain()?;
        let knows = |target: &&Target| {
            let provider = self.configuration.providers.get(&target.provider);
            target.model == model || provider.is_some_and(|provider| provider.lists(model))
        };
        let found = chain.iter().find(knows).or(chain.first());
        Ok(found
            .map(|target| target.provider.clone())
            .unwrap_or_default())
    }

    fn target(
        &self,
        provider: &str,
        model: Option<&str>,
        place: &Place,
    ) -> Result<Target, Vec<FieldError>> {
        let Some(found) = self.configuration.providers.get(provider) else {
            return Err(vec![error(&place.provider, self.names())]);
        };
        let Some(model) = model.or(found.default_model.as_deref()) else {
            let detail = format!("is required: the provider `{provider}` has no default model");
            return Err(vec![error(&place.model, detail)]);
        };
        if !found.offers(model) {
            return Err(vec![error(&place.model, found.models_as_rule())]);
        }
        Ok(Target::new(provider, model))
    }

    /// Checks the list that a tenant is to have for its default; nothing of it is changed.
    ///
    /// # Errors
    /// Every violation, with pointers that begin with `/defaultProviders`.
    pub fn check_default(&self, wanted: &[Wanted]) -> Result<(), Vec<FieldError>> {
        let whom = Whom {
            providers: wanted.to_vec(),
            ..Whom::default()
        };
        match whom.listed(self) {
            Ok(_chain) => Ok(()),
            Err(mut errors) => {
                for error in &mut errors {
                    error.pointer = error.pointer.replacen("/providers", "/defaultProviders", 1);
                }
                Err(errors)
            }
        }
    }

    /// What a provider's name must be.
    fn names(&self) -> String {
        let names = self.configuration.providers.keys();
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [] => "must be absent: this deployment has no provider".to_owned(),
            [only] => format!("must be {only}"),
            several => format!("must be one of {}", several.join(", ")),
        }
    }
}

impl ProviderConfiguration {
    /// Whether something is said about this model.
    fn lists(&self, model: &str) -> bool {
        self.models.contains_key(model) || self.default_model.as_deref() == Some(model)
    }

    /// What a model must be that only listed ones may be.
    fn models_as_rule(&self) -> String {
        const SHOWN: usize = 20;
        let mut names: Vec<String> = self
            .models
            .keys()
            .take(SHOWN)
            .map(|name| format!("`{name}`"))
            .collect();
        if self.models.len() > SHOWN {
            names.push("… (see /api/v1/providers)".to_owned());
        }
        let names = names.join(", ");
        format!("must be one of the models of `{}`: {names}", self.name)
    }
}

fn error(pointer: &str, detail: impl Into<String>) -> FieldError {
    FieldError {
        pointer: pointer.to_owned(),
        detail: detail.into(),
    }
}

#[cfg(test)]
mod tests;
