//! Which secrets a configuration needs.

use super::{Configuration, HeaderSource, ProviderConfiguration, Reached};
use std::collections::BTreeSet;

impl Configuration {
    /// The names of all secrets that it refers to.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<&str> {
        let remote = self.remote_executor.iter();
        self.providers
            .values()
            .flat_map(ProviderConfiguration::secrets)
            .chain(remote.filter_map(|one| one.api_key_secret.as_deref()))
            .collect()
    }

    /// The names of those secrets that are keys; the others are values of header fields.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<&str> {
        let providers = self.providers.values();
        let remote = self.remote_executor.iter();
        providers
            .filter_map(|one| one.api_key_secret.as_deref())
            .chain(remote.filter_map(|one| one.api_key_secret.as_deref()))
            .collect()
    }

    /// The binding of Workers AI that it refers to.
    #[must_use]
    pub fn binding(&self) -> Option<&str> {
        let mut providers = self.providers.values();
        providers.find_map(|one| match &one.reached {
            Reached::Binding(binding) => Some(binding.as_str()),
            Reached::Url { .. } => None,
        })
    }
}

impl ProviderConfiguration {
    /// The names of the secrets that a call of it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.values().filter_map(|source| match source {
            HeaderSource::Text(_) => None,
            HeaderSource::Secret(name) => Some(name.as_str()),
        });
        self.api_key_secret.as_deref().into_iter().chain(headers)
    }

    /// Whether it may be asked for `model`.
    #[must_use]
    pub fn offers(&self, model: &str) -> bool {
        !self.only_these_models || self.models.contains_key(model)
    }
}
