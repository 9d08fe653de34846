//! The providers of a deployment, ready to be asked: the configuration with its secrets.

use super::headers::HeaderText;
use super::{Action, Dialect, Failure, Fallback, run_code};
use crate::access::Secret;
use crate::configuration::{Configuration, HeaderSource, ProviderConfiguration, Reached};
use crate::error_code::ErrorCode;
use std::collections::BTreeMap;

/// The providers of a deployment.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    configuration: Configuration,
    problems: Vec<String>,
    settings: BTreeMap<String, Result<ProviderSettings, Misconfigured>>,
}

/// One provider, ready to be asked.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// What is configured.
    pub configuration: ProviderConfiguration,
    /// The key.
    pub api_key: Option<Secret>,
    /// Header fields of the configuration, with their secrets.
    pub headers: Vec<(String, HeaderText)>,
}

/// A setting is missing or wrong; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {rule}")]
pub struct Misconfigured {
    setting: String,
    rule: &'static str,
}

impl Misconfigured {
    pub(crate) fn new(setting: impl Into<String>, rule: &'static str) -> Self {
        Self {
            setting: setting.into(),
            rule,
        }
    }

    /// The name of the setting.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

impl From<Misconfigured> for Failure {
    fn from(reason: Misconfigured) -> Self {
        Self {
            fallback: Fallback::Now,
            ..Self::ours(
                ErrorCode::ProviderMisconfigured,
                Action::DeadLetter,
                reason.to_string(),
            )
        }
    }
}

impl Providers {
    /// The providers of `configuration`, with the secrets that `secret` knows by their names.
    #[must_use]
    pub fn new(configuration: Configuration, secret: impl Fn(&str) -> Option<String>) -> Self {
        let problems = problems(&configuration, &secret);
        let mut settings: BTreeMap<_, _> = configuration
            .providers
            .iter()
            .map(|(name, one)| (name.clone(), ProviderSettings::new(one.clone(), &secret)))
            .collect();
        settings.extend(run_code::settings(&configuration, &secret));
        Self {
            configuration,
            problems,
            settings,
        }
    }

    /// The same where only these bindings are there: a provider behind another one cannot be asked.
    #[must_use]
    pub fn with_bindings(mut self, is_there: impl Fn(&str) -> bool) -> Self {
        for settings in self.settings.values_mut() {
            if let Ok(one) = settings
                && let Reached::Binding(binding) = &one.configuration.reached
                && !is_there(binding)
            {
                let setting = format!("The binding `{binding}` of {}", one.name());
                let missing = Misconfigured::new(setting, "is missing in the Worker");
                self.problems.push(missing.to_string());
                *settings = Err(missing);
            }
        }
        self
    }

    /// What is configured.
    #[must_use]
    pub const fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The provider of this name.
    ///
    /// # Errors
    /// It is not configured, or a setting of it is missing or wrong.
    pub fn get(&self, name: &str) -> Result<&ProviderSettings, Misconfigured> {
        match self.settings.get(name) {
            Some(Ok(settings)) => Ok(settings),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(Misconfigured::new(
                format!("The provider `{name}`"),
                "is not in the configuration any more",
            )),
        }
    }

    /// What keeps providers from being asked, one sentence each: every secret that is missing or
    /// cannot be sent, and every binding that is missing.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }
}

fn problems(configuration: &Configuration, secret: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let providers = configuration.providers.values();
    let mut problems: Vec<String> = providers
        .filter_map(|one| host_of_configured(one).err())
        .map(|wrong| wrong.to_string())
        .collect();
    let keys = configuration.keys();
    for name in configuration.secrets() {
        let read = if keys.contains(name) {
            key(name, &secret)
        } else {
            sendable(name, &secret)
        };
        problems.extend(read.err().map(|wrong| wrong.to_string()));
    }
    problems
}

fn host_of_configured(configuration: &ProviderConfiguration) -> Result<(), Misconfigured> {
    let Reached::Url { base_url, .. } = &configuration.reached else {
        return Ok(());
    };
    let setting = || format!("providers.{}.base_url", configuration.name);
    host_of(base_url)
        .map(|_host| ())
        .map_err(|rule| Misconfigured::new(setting(), rule))
}

/// A secret that can be the value of a header field. One set from a file tends to end in a line end.
fn sendable(name: &str, secret: impl Fn(&str) -> Option<String>) -> Result<String, Misconfigured> {
    let secret = secret(name).map(|secret| secret.trim().to_owned());
    let secret = secret.filter(|secret| !secret.is_empty());
    let secret = secret.ok_or_else(|| Misconfigured::new(name, "is not set"))?;
    if HeaderText::new(&secret).is_err() {
        let rule = "must consist of visible ASCII characters";
        return Err(Misconfigured::new(name, rule));
    }
    Ok(secret)
}

/// A key, which has no space in it.
fn key(name: &str, secret: impl Fn(&str) -> Option<String>) -> Result<String, Misconfigured> {
    let key = sendable(name, secret)?;
    if key.contains(' ') {
        let rule = "must consist of visible ASCII characters";
        return Err(Misconfigured::new(name, rule));
    }
    Ok(key)
}

impl ProviderSettings {
    /// The settings of one provider.
    ///
    /// # Errors
    /// A secret is missing or cannot be sent, or the base URL is none that we would call.
    pub fn new(
        configuration: ProviderConfiguration,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Misconfigured> {
        host_of_configured(&configuration)?;
        let api_key = configuration.api_key_secret.as_deref();
        let api_key = api_key.map(|name| key(name, &secret));
        let mut headers = Vec::with_capacity(configuration.headers.len());
        for (name, source) in &configuration.headers {
            let value = match source {
                HeaderSource::Text(text) => text.clone(),
                HeaderSource::Secret(name) => sendable(name, &secret)?,
            };
            let value = HeaderText::new(value).map_err(|_invalid| {
                let setting = format!("providers.{}.headers.{name}", configuration.name);
                Misconfigured::new(setting, "must consist of visible ASCII characters")
            })?;
            headers.push((name.clone(), value));
        }
        Ok(Self {
            api_key: api_key.transpose()?.map(Secret::new),
            headers,
            configuration,
        })
    }

    /// The name by which jobs, results and logs call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.configuration.name
    }

    /// How its replies are read.
    #[must_use]
    pub const fn dialect(&self) -> Dialect<'_> {
        Dialect {
            provider: self.configuration.kind,
            api: self.configuration.api,
            quirks: &self.configuration.quirks,
        }
    }

    /// `authorization: Bearer …`, when there is a key.
    pub(crate) fn bearer(&self) -> Option<HeaderText> {
        let key = self.api_key.as_ref()?;
        HeaderText::new(format!("Bearer {}", key.reveal())).ok()
    }
}

/// The host of a base URL, which is refused when it is not plainly `http(s)://host[:port][/path]`.
///
/// A user name and password would end up in logs, a query or fragment would swallow the path that
/// is appended, and a backslash is read as a slash by some parsers and not by others.
pub(crate) fn host_of(base_url: &str) -> Result<&str, &'static str> {
    let base_url = base_url.trim();
    if base_url.is_empty() {
        return Err("is not set");
    }
    let (scheme, rest) = base_url
        .split_once("://")
        .ok_or("must begin with `https://` or `http://`")?;
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err("must begin with `https://` or `http://`");
    }
    if rest.contains(['?', '#']) {
        return Err("must have no query and no fragment");
    }
    if rest.contains('\\') || !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must consist of visible ASCII characters without `\\`");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Err("must hold no user name or password; use a secret");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| !matches!(port.parse::<u16>(), Ok(1..))) {
        return Err("must have a port between 1 and 65535");
    }
    if is_host(host) {
        Ok(host)
    } else {
        Err("must name a host")
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets; whether it exists is found out later.
fn is_host(host: &str) -> bool {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
