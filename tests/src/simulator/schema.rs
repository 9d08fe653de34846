//! JSON that fits a schema, as far as the schema says in plain words what it wants.

use serde_json::{Map, Value, json};

/// How deep references and nested values are followed.
const DEEPEST: u32 = 16;

/// A value that fits. `text` is what strings say.
pub(crate) fn instance(schema: &Value, text: &str) -> Value {
    Maker { root: schema, text }.value(schema, DEEPEST)
}

struct Maker<'a> {
    root: &'a Value,
    text: &'a str,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, depth: u32) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            return Value::Null;
        };
        if let Some(fixed) = fixed(schema) {
            return fixed;
        }
        if let Some(other) = self.referred(schema) {
            return self.value(other, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => self.string(schema),
            "integer" | "number" => number(schema),
            "boolean" => json!(true),
            _ => Value::Null,
        }
    }

    /// What the schema leaves to another one.
    fn referred<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
            return self.root.pointer(path.strip_prefix('#')?);
        }
        ["anyOf", "oneOf", "allOf"]
            .iter()
            .find_map(|name| schema.get(name)?.as_array()?.first())
    }

    fn object(&self, schema: &Value, depth: u32) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties = properties.into_iter().flatten();
        let fields: Map<String, Value> = properties
            .map(|(name, property)| (name.clone(), self.value(property, depth)))
            .collect();
        Value::Object(fields)
    }

    fn array(&self, schema: &Value, depth: u32) -> Value {
        let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1);
        let item = schema.get("items").unwrap_or(&Value::Null);
        (0..count.min(100))
            .map(|_| self.value(item, depth))
            .collect()
    }

    fn string(&self, schema: &Value) -> Value {
        let limit = |name| {
            let number = schema.get(name).and_then(Value::as_u64)?;
            usize::try_from(number).ok()
        };
        let most = limit("maxLength").unwrap_or(usize::MAX);
        let mut text: String = self.text.chars().take(most).collect();
        let missing = limit("minLength").unwrap_or_default();
        let missing = missing.saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n('.', missing));
        Value::String(text)
    }
}

/// The one value, or the first of those, that the schema allows.
fn fixed(schema: &Value) -> Option<Value> {
    let allowed = || schema.get("enum")?.as_array()?.first();
    schema.get("const").or_else(allowed).cloned()
}

/// The type; the first that is not null where several are allowed.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.is_object() => "string",
        _ => "null",
    }
}

fn number(schema: &Value) -> Value {
    let least = schema.get("minimum").cloned();
    let above = || {
        let bound = schema.get("exclusiveMinimum")?.as_i64()?;
        Some(json!(bound.saturating_add(1)))
    };
    let most = || schema.get("maximum").cloned();
    least.or_else(above).or_else(most).unwrap_or(json!(1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::instance;

    #[test]
    fn every_property_gets_a_value_of_its_type() {
        let schema = json!({
            "type": "object",
            "properties": {
                "title": {"type": "string", "maxLength": 3},
                "difficulty": {"enum": ["easy", "hard"]},
                "count": {"type": "integer", "minimum": 2},
                "tags": {"type": "array", "items": {"type": ["null", "boolean"]}, "minItems": 2},
                "inner": {"$ref": "#/$defs/inner"},
                "either": {"anyOf": [{"type": "number", "maximum": 0}, {"type": "null"}]},
            },
            "$defs": {"inner": {"properties": {"fixed": {"const": 7}}}},
        });
        let expected = json!({
            "title": "tex",
            "difficulty": "easy",
            "count": 2,
            "tags": [true, true],
            "inner": {"fixed": 7},
            "either": 0,
        });
        assert_eq!(instance(&schema, "text"), expected);
    }

    #[test]
    fn schema_that_refers_to_itself_ends() {
        let schema = json!({"properties": {"next": {"$ref": "#"}}});
        assert!(instance(&schema, "x").is_object());
    }
}
