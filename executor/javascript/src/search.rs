//! `indexOf` and `split` of strings, for programs that take their input apart.
//!
//! Boa 0.22 searches from the start of the string each time, however far the search has come, so
//! that splitting a long input into its lines takes minutes. These search from where they are.

use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsArgs as _, JsObject, JsResult, JsStr, JsString, JsValue};

use crate::methods::replace;
use crate::pressure;

/// Puts both in the place of Boa's, which still answer the unusual calls.
pub(crate) fn register(context: &mut Context) -> JsResult<()> {
    replace("String.prototype", "indexOf", 1, index_of, context)?;
    replace("String.prototype", "split", 2, split, context)
}

fn index_of(
    this: &JsValue,
    arguments: &[JsValue],
    original: &JsObject,
    context: &mut Context,
) -> JsResult<JsValue> {
    let from = arguments.get_or_undefined(1);
    let from = if from.is_undefined() {
        Some(0)
    } else {
        position(from)
    };
    let (Some(text), Some(wanted), Some(from)) = (
        this.as_string(),
        arguments.get_or_undefined(0).as_string(),
        from,
    ) else {
        return original.call(this, arguments, context);
    };
    let found = find(text.as_str(), wanted.as_str(), from.min(text.len()));
    Ok(found.map_or(JsValue::from(-1), JsValue::from))
}

fn split(
    this: &JsValue,
    arguments: &[JsValue],
    original: &JsObject,
    context: &mut Context,
) -> JsResult<JsValue> {
    pressure::relieve();
    let separator = arguments.get_or_undefined(0).as_string();
    let usual = arguments.get_or_undefined(1).is_undefined();
    let (Some(text), Some(separator), true) = (this.as_string(), separator, usual) else {
        return original.call(this, arguments, context);
    };
    if separator.is_empty() || text.is_empty() {
        return original.call(this, arguments, context);
    }
    let mut parts = Vec::new();
    let mut start = 0;
    while let Some(end) = find(text.as_str(), separator.as_str(), start) {
        parts.push(part(&text, start, end));
        start = end.saturating_add(separator.len());
    }
    parts.push(part(&text, start, text.len()));
    Ok(JsArray::from_iter(parts, context).into())
}

/// A copy: a slice would keep the whole text in memory, and parts are small.
fn part(text: &JsString, start: usize, end: usize) -> JsValue {
    let part = text.as_str().get(start..end);
    part.map_or_else(JsString::default, JsString::from).into()
}

fn find(text: JsStr<'_>, wanted: JsStr<'_>, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    Some(rest.index_of(wanted, 0)?.saturating_add(from))
}

/// A whole number that is no trouble to convert.
fn position(value: &JsValue) -> Option<usize> {
    value
        .as_i32()
        .and_then(|number| usize::try_from(number).ok())
}
