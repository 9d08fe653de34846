//! Fields of each provider's own.

use crate::json::rules::{Ruling, names};
use crate::json::{Fields, Item};
use crate::request::{Target, limits};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Reads `providerOptions`: an object for each provider of the chain. Without a chain, its mistakes
/// are told first.
pub(super) fn read(
    fields: &mut Fields<'_>,
    chain: Option<&[Target]>,
) -> BTreeMap<String, Map<String, Value>> {
    let named = |name: &str| match chain {
        Some(chain) if chain.iter().all(|target| target.provider != name) => {
            Err("must be that of a provider of this job")
        }
        Some(_) | None => Ok(()),
    };
    let options = fields.optional(
        "providerOptions",
        names(limits::OPTIONS, named, |_name, item| one(&item)),
    );
    options.unwrap_or_default()
}

fn one(item: &Item<'_>) -> Ruling<Map<String, Value>> {
    let Value::Object(options) = item.value() else {
        return Err(item.refuse("must be an object"));
    };
    if item.value().to_string().len() > limits::JSON_BYTES {
        let most = limits::JSON_BYTES;
        return Err(item.refuse(format!("must be at most {most} bytes long, as JSON")));
    }
    if !no_nul(item.value()) {
        return Err(item.refuse("must not contain a NUL character"));
    }
    Ok(options.clone())
}

/// Whether no string in it contains the NUL character. Keys cannot: the parser refuses it there.
pub(super) fn no_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.contains('\0'),
        Value::Array(items) => items.iter().all(no_nul),
        Value::Object(entries) => {
            let clean = |(key, value): (&String, &Value)| !key.contains('\0') && no_nul(value);
            entries.iter().all(clean)
        }
    }
}
