//! What the requests to all providers share: where they go, their header fields, and their body.

use super::headers::HeaderText;
use super::{Destination, Method, Misconfigured, ProviderRequest, ProviderSettings};
use crate::configuration::Reached;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

type Fields = Vec<(Cow<'static, str>, HeaderText)>;

/// How a provider wants the key.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyField {
    /// `authorization: Bearer …`.
    Bearer,
    /// By itself, in the field of this name.
    Named(&'static str),
}

/// A request that has a body.
pub(super) fn post(
    settings: &ProviderSettings,
    to: Destination,
    key: KeyField,
    own: &[(&'static str, &'static str)],
    body: &impl Serialize,
) -> ProviderRequest {
    let mut headers = vec![(
        Cow::Borrowed("content-type"),
        HeaderText::fixed("application/json"),
    )];
    headers.extend(fields(settings, key, own));
    ProviderRequest {
        method: Method::Post,
        to,
        headers: configured(settings, headers),
        // Strings, numbers and lists always have a JSON spelling.
        body: serde_json::to_string(body).unwrap_or_default(),
    }
}

/// A request that has none.
pub(super) fn get(
    settings: &ProviderSettings,
    to: Destination,
    key: KeyField,
    own: &[(&'static str, &'static str)],
) -> ProviderRequest {
    ProviderRequest {
        method: Method::Get,
        to,
        headers: configured(settings, fields(settings, key, own)),
        body: String::new(),
    }
}

fn fields(
    settings: &ProviderSettings,
    key: KeyField,
    own: &[(&'static str, &'static str)],
) -> Fields {
    let mut fields = vec![(
        Cow::Borrowed("accept"),
        HeaderText::fixed("application/json"),
    )];
    let own = own.iter();
    fields.extend(own.map(|(name, value)| (Cow::Borrowed(*name), HeaderText::fixed(value))));
    let (name, value) = match key {
        KeyField::Bearer => ("authorization", settings.bearer()),
        KeyField::Named(name) => {
            let key = settings.api_key.as_ref();
            (name, key.and_then(|key| HeaderText::new(key.reveal()).ok()))
        }
    };
    fields.extend(value.map(|value| (Cow::Borrowed(name), value)));
    fields
}

/// The fields with those of the configuration, which stand instead of ours of the same name.
fn configured(settings: &ProviderSettings, mut fields: Fields) -> Fields {
    for (name, value) in &settings.headers {
        fields.retain(|(ours, _)| !ours.eq_ignore_ascii_case(name));
        fields.push((Cow::Owned(name.to_ascii_lowercase()), value.clone()));
    }
    fields
}

/// The URL of `path` under the provider's base URL.
///
/// A base URL that holds the beginning of `path` already, as `…/v1` of `/v1/messages`, or all of it,
/// is not given it twice.
///
/// # Errors
/// The provider is reached by a binding, and this protocol knows none.
pub(super) fn url(settings: &ProviderSettings, path: &str) -> Result<String, Misconfigured> {
    match &settings.configuration.reached {
        Reached::Url { base_url, .. } => Ok(joined(base_url, path)),
        Reached::Binding(_) => {
            let setting = format!("providers.{}.binding", settings.name());
            Err(Misconfigured::new(setting, "is only for Workers AI"))
        }
    }
}

/// `base` followed by what it does not hold yet of `path`, which begins with a slash.
pub(super) fn joined(base: &str, path: &str) -> String {
    let base = base.trim().trim_end_matches('/');
    let authority = base.find("://").map_or(0, |index| index + 3);
    let authority_end = base
        .get(authority..)
        .and_then(|rest| rest.find('/'))
        .map_or(base.len(), |index| authority + index);
    let base_path = base.get(authority_end..).unwrap_or_default();
    let ends = path.match_indices('/').map(|(index, _)| index);
    let ends = ends.chain(std::iter::once(path.len()));
    let held = ends
        .filter(|end| {
            path.get(..*end)
                .is_some_and(|start| base_path.ends_with(start))
        })
        .max()
        .unwrap_or(0);
    format!("{base}{}", path.get(held..).unwrap_or_default())
}

/// Whether a model's name can be a piece of a path: a provider's server, or the runtime, would
/// resolve `..` to another of its interfaces, and send it the key.
pub(super) fn fits_path(model: &str) -> bool {
    model.split('/').all(|segment| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment.bytes().all(|byte| {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'.' | b'_' | b':' | b'@' | b'+' | b'-')
            })
    })
}

/// The options that go to the provider as they are: those whose names are not ours to set.
///
/// `reserved` are JSON pointers into the options; of an option that is an object, one field may be
/// ours and the others not.
pub(super) fn options(
    settings: &ProviderSettings,
    given: &std::collections::BTreeMap<String, Map<String, Value>>,
    reserved: &[&str],
) -> Map<String, Value> {
    let mut options = given.get(settings.name()).cloned().unwrap_or_default();
    for pointer in reserved {
        let mut segments = pointer.split('/').skip(1);
        match (segments.next(), segments.next()) {
            (Some(name), None) => {
                options.remove(name);
            }
            (Some(name), Some(field)) => {
                if let Some(Value::Object(fields)) = options.get_mut(name) {
                    fields.remove(field);
                }
            }
            (None, _) => {}
        }
    }
    options
}

/// The object among `options` of this name, with `field` set in it; nothing is left of it there.
/// `None` when there is no such object and no field to set.
pub(super) fn with_field(
    options: &mut Map<String, Value>,
    name: &str,
    field: &str,
    value: Option<Value>,
) -> Option<Value> {
    match (options.remove(name), value) {
        (Some(Value::Object(mut fields)), Some(value)) => {
            fields.insert(field.to_owned(), value);
            Some(Value::Object(fields))
        }
        (_, Some(value)) => Some(Value::Object(Map::from_iter([(field.to_owned(), value)]))),
        (given, None) => given,
    }
}

#[cfg(test)]
mod tests;
