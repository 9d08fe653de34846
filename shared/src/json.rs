//! Strict JSON: one reader for every body the API takes.
//!
//! [`parse`] turns bytes into a value and refuses whatever two readers could understand in two
//! ways. [`Fields`] then reads an object field by field, with the [`rules`] that say what each
//! field may hold, and collects everything that is wrong with it.

mod error;
mod fields;
pub(crate) mod pointer;
pub mod rules;
mod visitor;

pub use error::{JsonError, Position};
pub use fields::{FieldError, Fields, Item, MAX_FIELD_ERRORS};

use serde::de::DeserializeSeed;
use serde_json::Value;
use visitor::{Refused, ValueSeed};

/// How many objects and arrays may stand one inside another.
pub const MAX_DEPTH: usize = 64;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads one JSON value, and nothing after it, from the bytes of a body.
///
/// The cost grows with the length of the body, times the logarithm of the widest object: a caller
/// caps the length. Whole numbers beyond 64 bits become the nearest `f64`, as in `serde_json`.
///
/// # Errors
/// Whatever is not strict JSON: see the variants of [`JsonError`]. Nothing of the body is repeated
/// in an error but the keys of a pointer.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return Err(JsonError::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| JsonError::NotUtf8(Position::after(bytes, error.valid_up_to())))?;
    if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
        return Err(JsonError::Empty);
    }

    let refused = Refused::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    ValueSeed::outermost(&refused)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| JsonError::of(&error, refused.take()))
}

#[cfg(test)]
mod tests;
