//! What a keyword says of one value, and what it may take to find out.

use crate::provider::schema::number::{compare, is_integer, is_multiple};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// What holding a value to a keyword may take, besides what is counted on the way: its parts are
/// looked at, or for each part of the rule, whether they are there.
pub(super) fn cost(rule: &Value, value: &Value) -> usize {
    let parts = |value: &Value| match value {
        Value::String(text) => text.len() / 64,
        Value::Array(all) => all.len() / 8,
        Value::Object(all) => all.len() / 8,
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    1 + parts(rule) + parts(value)
}

/// What a rule that has names says of those that are there.
pub(super) fn present<'s>(
    rule: &'s Value,
    fields: &Map<String, Value>,
) -> impl Iterator<Item = (&'s String, &'s Value)> {
    let all = rule.as_object().into_iter().flatten();
    all.filter(|(name, _)| fields.contains_key(*name))
}

pub(super) fn is_of(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match (name.as_str().unwrap_or_default(), value) {
        ("integer", Value::Number(number)) => is_integer(number),
        ("null", Value::Null)
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("string", Value::String(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => true,
        _ => false,
    };
    rule.as_array()
        .map_or_else(|| is(rule), |several| several.iter().any(is))
}

pub(super) fn number_fits(keyword: &str, rule: &Value, value: &Value) -> bool {
    let (Value::Number(value), Value::Number(rule)) = (value, rule) else {
        return true;
    };
    match keyword {
        "maximum" => compare(value, rule) != Ordering::Greater,
        "exclusiveMaximum" => compare(value, rule) == Ordering::Less,
        "minimum" => compare(value, rule) != Ordering::Less,
        "exclusiveMinimum" => compare(value, rule) == Ordering::Greater,
        "multipleOf" => is_multiple(value, rule),
        _ => true,
    }
}

pub(super) fn at_most(count: usize, rule: &Value) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    rule.as_number()
        .is_none_or(|most| compare(&count.into(), most) != Ordering::Greater)
}

pub(super) fn at_least(count: usize, rule: &Value) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    rule.as_number()
        .is_none_or(|least| compare(&count.into(), least) != Ordering::Less)
}
