//! Which JSON Schemas a provider holds a model to by itself. It refuses others, with a 400 that would
//! end the job; so those are sent as a wish, or in words, and the answer is checked here anyway.

use super::Provider;
use serde_json::Value;

/// How deep schemas are looked at: OpenAI takes ten levels of nesting.
const MAX_DEPTH: usize = 10;

/// What a provider's own subset of JSON Schema has.
struct Subset {
    /// Every property is required.
    all_required: bool,
    /// References within the schema.
    references: bool,
    /// Lists of types.
    type_lists: bool,
    /// Keywords that are taken whatever their value.
    keywords: &'static [&'static str],
}

const OPENAI: Subset = Subset {
    all_required: true,
    references: true,
    type_lists: true,
    keywords: &[
        "pattern",
        "format",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minItems",
        "maxItems",
    ],
};

/// Azure takes no bounds: <https://learn.microsoft.com/azure/ai-services/openai/how-to/structured-outputs>.
const AZURE: Subset = Subset {
    keywords: &[],
    ..OPENAI
};

const ANTHROPIC: Subset = Subset {
    all_required: false,
    references: false,
    type_lists: false,
    keywords: &[],
};

/// Whether OpenAI, or who follows it, takes the schema with `strict`:
/// <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>.
pub(super) fn openai(kind: Provider, schema: &Value) -> bool {
    let subset = if kind == Provider::AzureOpenAi {
        &AZURE
    } else {
        &OPENAI
    };
    let is_object = schema.get("type").and_then(Value::as_str) == Some("object");
    is_object && schema.get("anyOf").is_none() && subset.takes(schema, 0)
}

/// Whether Anthropic takes the schema as the format of the output:
/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>.
pub(super) fn anthropic(schema: &Value) -> bool {
    ANTHROPIC.takes(schema, 0)
}

impl Subset {
    fn takes(&self, schema: &Value, depth: usize) -> bool {
        let Some(fields) = schema.as_object().filter(|_| depth <= MAX_DEPTH) else {
            return false;
        };
        let known = fields
            .iter()
            .all(|(keyword, value)| match keyword.as_str() {
                "type" | "enum" | "const" | "title" | "description" | "required" => true,
                "additionalProperties" => value == &Value::Bool(false),
                "properties" => self.takes_each(value, depth),
                "$defs" | "definitions" => self.references && self.takes_each(value, depth),
                "$ref" => self.references && value.as_str().is_some_and(|to| to.starts_with('#')),
                "items" => self.takes(value, depth + 1),
                "anyOf" => value
                    .as_array()
                    .is_some_and(|all| all.iter().all(|one| self.takes(one, depth + 1))),
                other => self.keywords.contains(&other),
            });
        known && self.says_what(schema) && self.is_closed(schema)
    }

    fn takes_each(&self, schemas: &Value, depth: usize) -> bool {
        schemas
            .as_object()
            .is_some_and(|all| all.values().all(|one| self.takes(one, depth + 1)))
    }

    /// It is no schema of anything, and a list says of what.
    fn says_what(&self, schema: &Value) -> bool {
        let has = |keyword: &str| schema.get(keyword).is_some();
        let of = |kind: &str| match schema.get("type") {
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            one => one.is_some_and(|one| one == kind),
        };
        let is_list = schema.get("type").is_some_and(Value::is_array);
        ["type", "enum", "const", "anyOf", "$ref"]
            .into_iter()
            .any(has)
            && (self.type_lists || !is_list)
            && (has("items") || !of("array"))
    }

    /// An object says that it has no other properties, and, for some, that it has all of them.
    fn is_closed(&self, schema: &Value) -> bool {
        let is_object = match schema.get("type") {
            Some(Value::String(one)) => one == "object",
            Some(Value::Array(several)) => several.iter().any(|one| one == "object"),
            Some(_) => return false,
            None => schema.get("properties").is_some(),
        };
        if !is_object {
            return true;
        }
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|one| one.as_str() == Some(name)))
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let all = properties.is_none_or(|all| all.keys().all(|name| is_required(name)));
        schema.get("additionalProperties") == Some(&Value::Bool(false))
            && (all || !self.all_required)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn closed() -> Value {
        json!({
            "type": "object",
            "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
            "required": ["name", "tags"],
            "additionalProperties": false,
        })
    }

    #[test]
    fn a_closed_object_is_taken_by_all() {
        assert!(openai(Provider::OpenAi, &closed()));
        assert!(openai(Provider::AzureOpenAi, &closed()));
        assert!(anthropic(&closed()));
    }

    #[test]
    fn an_open_object_is_taken_by_none() {
        let mut open = closed();
        open["additionalProperties"] = json!(true);
        let mut nested = closed();
        nested["properties"]["name"] = json!({"type": ["object", "null"], "properties": {}});
        for schema in [
            open,
            nested,
            json!(true),
            json!({"type": "object"}),
            json!({"type": 1}),
            json!({}),
            json!({"type": "array"}),
        ] {
            assert!(!openai(Provider::OpenAi, &schema), "{schema}");
            assert!(!anthropic(&schema), "{schema}");
        }
    }

    #[test]
    fn optional_properties_are_for_anthropic_only() {
        let mut schema = closed();
        schema["required"] = json!(["name"]);
        assert!(!openai(Provider::OpenAi, &schema));
        assert!(anthropic(&schema));
    }

    #[test]
    fn bounds_are_for_openai_only() {
        let mut schema = closed();
        schema["properties"]["name"] = json!({"type": "integer", "minimum": 1});
        assert!(openai(Provider::OpenAi, &schema));
        assert!(!openai(Provider::AzureOpenAi, &schema));
        assert!(!anthropic(&schema));
    }

    #[test]
    fn references_and_roots_that_are_no_object_differ() {
        let mut schema = closed();
        schema["$defs"] = json!({"a": {"type": "string"}});
        schema["properties"]["name"] = json!({"$ref": "#/$defs/a"});
        assert!(openai(Provider::OpenAi, &schema));
        assert!(!anthropic(&schema));
        let list = json!({"type": "array", "items": closed()});
        assert!(!openai(Provider::OpenAi, &list));
        assert!(anthropic(&list));
    }

    #[test]
    fn what_nests_too_deep_is_taken_by_none() {
        let deep = (0..20).fold(
            json!({"type": "string"}),
            |inner, _| json!({"type": "array", "items": inner}),
        );
        assert!(!anthropic(&deep));
    }
}
