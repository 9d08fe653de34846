//! OpenAI's models at Microsoft: other URLs and another field for the key; the bodies are OpenAI's.
//!
//! With an `api_version`, the classic interface: `{base}/openai/deployments/{deployment}/…` with the
//! version as a query. Without one, the v1 interface: `{base}/openai/v1/…`. The model is the name of
//! the deployment either way.

use super::outgoing::{self, KeyField, joined};
use super::{
    Api, Destination, Misconfigured, ProviderRequest, ProviderSettings, openai_chat,
    openai_responses,
};
use crate::configuration::Reached;
use crate::request::GenerateInput;

/// A token of Entra goes into a header field `authorization` of the configuration instead.
const KEY: KeyField = KeyField::Named("api-key");

/// Where `gateway.ai.cloudflare.com` has Azure: its path names resource and deployment only.
const GATEWAY: &str = "/azure-openai/";

/// The HTTP request that asks `input`.
///
/// # Errors
/// A setting is missing or wrong, so that no request can be made.
pub(super) fn request(
    settings: &ProviderSettings,
    model: &str,
    input: &GenerateInput,
) -> Result<ProviderRequest, Misconfigured> {
    let (base_url, version) = base(settings)?;
    let to = |path: &str| Destination::Url(versioned(joined(base_url, path), version));
    Ok(match settings.configuration.api {
        Api::Chat => {
            let to = to(&chat_path(base_url, version, model));
            let body = openai_chat::body(settings, model, input);
            outgoing::post(settings, to, KEY, &[], &body)
        }
        Api::Responses => {
            let to = to(&format!("{}/responses", prefix(base_url, version)));
            let body = openai_responses::body(settings, model, input);
            outgoing::post(settings, to, KEY, &[], &body)
        }
    })
}

/// The HTTP request that asks what came of a response.
///
/// # Errors
/// A setting is missing or wrong, so that no request can be made.
pub(super) fn poll(
    settings: &ProviderSettings,
    response_id: &str,
) -> Result<ProviderRequest, Misconfigured> {
    let (base_url, version) = base(settings)?;
    let responses = joined(
        base_url,
        &format!("{}/responses", prefix(base_url, version)),
    );
    let to = Destination::Url(versioned(format!("{responses}/{response_id}"), version));
    Ok(outgoing::get(settings, to, KEY, &[]))
}

fn base(settings: &ProviderSettings) -> Result<(&str, Option<&str>), Misconfigured> {
    match &settings.configuration.reached {
        Reached::Url {
            base_url,
            api_version,
            ..
        } => {
            let version = api_version.as_deref();
            if version.is_none_or(is_version) {
                return Ok((base_url, version));
            }
            let setting = format!("providers.{}.api_version", settings.name());
            Err(Misconfigured::new(
                setting,
                "must be a date, as in `2024-10-21`",
            ))
        }
        Reached::Binding(_) => {
            let setting = format!("providers.{}.binding", settings.name());
            Err(Misconfigured::new(setting, "is only for Workers AI"))
        }
    }
}

/// Dates, some with `-preview` behind them.
fn is_version(version: &str) -> bool {
    !version.is_empty()
        && version
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn prefix(base_url: &str, version: Option<&str>) -> &'static str {
    match version {
        Some(_) if base_url.contains(GATEWAY) => "",
        Some(_) => "/openai",
        None => "/openai/v1",
    }
}

fn chat_path(base_url: &str, version: Option<&str>, model: &str) -> String {
    let prefix = prefix(base_url, version);
    match version {
        // The base URL may name the deployment already.
        Some(_) if base_url.contains("/openai/deployments/") => "/chat/completions".to_owned(),
        Some(_) if prefix.is_empty() => format!("/{model}/chat/completions"),
        Some(_) => format!("{prefix}/deployments/{model}/chat/completions"),
        None => format!("{prefix}/chat/completions"),
    }
}

fn versioned(url: String, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{url}?api-version={version}"),
        None => url,
    }
}

#[cfg(test)]
mod tests;
