//! The form the answer is to have.

use super::options::no_nul;
use crate::json::rules::{Ruling, checked, choice, object, text};
use crate::json::{Fields, Item};
use crate::provider::check_schema;
use crate::request::{ResponseFormat, limits};
use serde_json::Value;

/// What a schema is called that has no name.
const NAME: &str = "answer";

/// Reads `"text"`, `"json"` or `{"type": "jsonSchema", "name"?, "schema"}`.
pub(super) fn read(item: Item<'_>) -> Ruling<ResponseFormat> {
    if item.is_object() {
        return object(read_schema)(item);
    }
    let is_json = choice(&[("text", false), ("json", true)])(item.clone()).map_err(|_rule| {
        item.refuse("must be `text`, `json`, or an object of the type `jsonSchema`")
    })?;
    Ok(if is_json {
        ResponseFormat::Json
    } else {
        ResponseFormat::Text
    })
}

fn read_schema(mut fields: Fields<'_>) -> Ruling<ResponseFormat> {
    fields.required("type", choice(&[("jsonSchema", ())]));
    let name = fields.optional(
        "name",
        checked(text(limits::SCHEMA_NAME_BYTES), schema_name),
    );
    let schema = fields.required("schema", |item| schema(&item));
    fields.finish(|| {
        Some(ResponseFormat::JsonSchema {
            name: name.unwrap_or(NAME).to_owned(),
            schema: schema?.clone(),
        })
    })
}

/// A name as `OpenAI` takes it.
fn schema_name(name: &str) -> Result<&str, &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.bytes().all(allowed) {
        Ok(name)
    } else {
        Err("may hold only letters and digits of ASCII and the characters -_")
    }
}

fn schema<'v>(item: &Item<'v>) -> Ruling<&'v Value> {
    if !item.is_object() {
        return Err(item.refuse("must be a JSON Schema: an object"));
    }
    let value = item.value();
    if value.to_string().len() > limits::JSON_BYTES {
        let most = limits::JSON_BYTES;
        return Err(item.refuse(format!("must be at most {most} bytes long, as JSON")));
    }
    if !no_nul(value) {
        return Err(item.refuse("must not contain a NUL character"));
    }
    check_schema(value).map_err(|rule| item.refuse(rule))?;
    Ok(value)
}
