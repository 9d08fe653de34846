//! Whether a schema is one that we can hold an answer to.

use super::pattern::Pattern;
use super::{MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, referred};
use crate::json::pointer;
use serde_json::Value;
use std::collections::BTreeSet;

/// What may stand at `type`.
const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];

/// The drafts of which this is a part; in older ones, words mean something else.
const DRAFTS: [&str; 3] = [
    "json-schema.org/draft/2020-12/schema",
    "json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft-07/schema",
];

/// Whether a schema is valid JSON Schema, and has only what answers are checked by.
///
/// # Errors
/// What is wrong with it, and where, in a sentence that repeats no value of it.
pub fn check_schema(schema: &Value) -> Result<(), String> {
    if schema.to_string().len() > MAX_SCHEMA_BYTES {
        return Err(format!("must be at most {MAX_SCHEMA_BYTES} bytes long"));
    }
    if !schema.is_object() {
        return Err("must be an object".to_owned());
    }
    let mut syntax = Syntax {
        root: schema,
        seen: BTreeSet::new(),
        to_see: Vec::new(),
    };
    syntax.schema(schema, "", 0)?;
    // What a reference leads to need not stand where a schema is expected.
    while let Some(reference) = syntax.to_see.pop() {
        if let Some(target) = referred(schema, reference) {
            let at = reference.trim_start_matches('#');
            syntax.schema(target, at, 0)?;
        }
    }
    Ok(())
}

struct Syntax<'s> {
    root: &'s Value,
    seen: BTreeSet<&'s str>,
    to_see: Vec<&'s str>,
}

type Checked = Result<(), String>;

impl<'s> Syntax<'s> {
    fn schema(&mut self, schema: &'s Value, at: &str, depth: usize) -> Checked {
        if depth > MAX_SCHEMA_DEPTH {
            return Err(format!("must nest at most {MAX_SCHEMA_DEPTH} deep"));
        }
        match schema {
            Value::Bool(_) => Ok(()),
            Value::Object(keywords) => keywords.iter().try_for_each(|(keyword, value)| {
                let at = pointer::join(at, keyword);
                self.keyword(keyword, value, &at, depth)
            }),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                refuse(at, "must be a schema: an object, `true` or `false`")
            }
        }
    }

    fn keyword(&mut self, keyword: &str, value: &'s Value, at: &str, depth: usize) -> Checked {
        match keyword {
            "$schema" => require(
                is_draft(value),
                at,
                "must be the draft 2020-12, 2019-09 or 07",
            ),
            "$id" => require(depth == 0, at, "may only stand at the root"),
            "$ref" => self.reference(value, at),
            "$anchor"
            | "$dynamicAnchor"
            | "$dynamicRef"
            | "$recursiveAnchor"
            | "$recursiveRef"
            | "$vocabulary"
            | "additionalItems"
            | "dependencies"
            | "unevaluatedItems"
            | "unevaluatedProperties" => {
                refuse(at, "is a keyword that answers cannot be checked by")
            }
            "type" => require(
                is_type(value),
                at,
                "must be a type, or a list of different types",
            ),
            "enum" => require(value.is_array(), at, "must be a list"),
            "multipleOf" => {
                let more = value.as_f64().is_some_and(|number| number > 0.0);
                require(more, at, "must be a number above 0")
            }
            "maximum" | "exclusiveMaximum" | "minimum" | "exclusiveMinimum" => {
                require(value.is_number(), at, "must be a number")
            }
            "maxLength" | "minLength" | "maxItems" | "minItems" | "maxContains" | "minContains"
            | "maxProperties" | "minProperties" => {
                require(is_count(value), at, "must be a whole number, not below 0")
            }
            "uniqueItems" => require(value.is_boolean(), at, "must be `true` or `false`"),
            "pattern" => self.pattern(value.as_str(), at),
            "required" => require(is_names(value), at, "must be a list of names"),
            "dependentRequired" => {
                let lists = value
                    .as_object()
                    .is_some_and(|all| all.values().all(is_names));
                require(lists, at, "must be an object of lists of names")
            }
            "items"
            | "contains"
            | "additionalProperties"
            | "propertyNames"
            | "not"
            | "if"
            | "then"
            | "else" => self.schema(value, at, depth + 1),
            "prefixItems" | "allOf" | "anyOf" | "oneOf" => self.list(value, at, depth),
            "properties" | "$defs" | "definitions" | "dependentSchemas" => {
                self.named(value, at, depth, false)
            }
            "patternProperties" => self.named(value, at, depth, true),
            _ => Ok(()),
        }
    }

    fn reference(&mut self, value: &'s Value, at: &str) -> Checked {
        let reference = value.as_str().filter(|text| text.starts_with('#'));
        let Some(reference) = reference else {
            return refuse(at, "must begin with `#`: nothing is fetched");
        };
        if referred(self.root, reference).is_none() {
            return refuse(at, "must lead to a schema within this one");
        }
        if self.seen.insert(reference) {
            self.to_see.push(reference);
        }
        Ok(())
    }

    #[expect(
        clippy::unused_self,
        reason = "reads like its neighbours where it is called"
    )]
    fn pattern(&self, text: Option<&str>, at: &str) -> Checked {
        let can_be_read = text.is_some_and(|text| Pattern::new(text).is_some());
        let rule = "must be a regular expression of moderate size, without look-around, references back, and classes of Unicode";
        require(can_be_read, at, rule)
    }

    fn list(&mut self, value: &'s Value, at: &str, depth: usize) -> Checked {
        let Some(all) = value.as_array().filter(|all| !all.is_empty()) else {
            return refuse(at, "must be a list of schemas, not empty");
        };
        all.iter().enumerate().try_for_each(|(index, one)| {
            let at = pointer::join(at, &index.to_string());
            self.schema(one, &at, depth + 1)
        })
    }

    fn named(&mut self, value: &'s Value, at: &str, depth: usize, patterns: bool) -> Checked {
        let Some(all) = value.as_object() else {
            return refuse(at, "must be an object of schemas");
        };
        all.iter().try_for_each(|(name, one)| {
            let at = pointer::join(at, name);
            if patterns {
                self.pattern(Some(name), &at)?;
            }
            self.schema(one, &at, depth + 1)
        })
    }
}

fn refuse(at: &str, rule: &str) -> Checked {
    if at.is_empty() {
        return Err(rule.to_owned());
    }
    Err(format!("`{at}` {rule}"))
}

fn require(holds: bool, at: &str, rule: &str) -> Checked {
    if holds { Ok(()) } else { refuse(at, rule) }
}

fn is_draft(value: &Value) -> bool {
    value.as_str().is_some_and(|uri| {
        let uri = uri.trim_end_matches('#');
        let rest = uri.split_once("://").map(|(_, rest)| rest);
        rest.is_some_and(|rest| DRAFTS.contains(&rest))
    })
}

fn is_type(value: &Value) -> bool {
    let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value.as_array() {
        Some(several) => {
            let names: BTreeSet<_> = several.iter().filter_map(Value::as_str).collect();
            !several.is_empty() && names.len() == several.len() && several.iter().all(known)
        }
        None => known(value),
    }
}

fn is_count(value: &Value) -> bool {
    value
        .as_f64()
        .is_some_and(|count| count >= 0.0 && count.fract() == 0.0)
}

fn is_names(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|names| names.iter().all(Value::is_string))
}
