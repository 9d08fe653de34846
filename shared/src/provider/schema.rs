//! JSON Schema, as far as a job may ask for it: whether a schema is one that we can hold an answer
//! to, and whether an answer fits.
//!
//! It is the draft of 2020-12 without what reaches beyond the schema itself, and without what has to
//! be remembered from one keyword for another; those are refused when the job is submitted, by name.
//! `format` says nothing about whether a value fits, as the draft has it.
//!
//! The crate that does more was measured: `jsonschema` adds 2.0 MiB to the Wasm, a backtracking
//! engine for patterns among it.
//! Everything here ends: patterns take time in proportion to the text, and the steps of a validation
//! are counted.

mod number;
mod pattern;
mod syntax;
mod validation;

pub use syntax::check_schema;
pub(super) use validation::{Outcome, validate};

use serde_json::Value;

/// The longest schema, in bytes of its shortest spelling.
const MAX_SCHEMA_BYTES: usize = 64 * 1024;

/// How deep a schema may nest.
const MAX_SCHEMA_DEPTH: usize = 32;

/// What a reference within the schema leads to.
fn referred<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let pointer = reference.strip_prefix('#')?;
    let target = if pointer.contains('%') {
        root.pointer(&percent_decoded(pointer)?)
    } else {
        root.pointer(pointer)
    };
    target.filter(|target| target.is_object() || target.is_boolean())
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
