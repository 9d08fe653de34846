//! Tells of an exception that the program did not catch.

use boa_engine::error::EngineError;
use boa_engine::{Context, JsError, JsObject, JsValue};
use redrive_guest::{Outcome, Stream, write};

use crate::program::CALL;

/// Writes the exception to standard error, with the lines it came through.
pub(crate) fn report(error: &JsError, inspect: &JsObject, context: &mut Context) -> Outcome {
    let text = thrown_value(error, inspect, context).unwrap_or_else(|| told(error));
    write(Stream::Error, format!("Uncaught {text}\n").as_bytes());
    match error.as_engine() {
        Some(EngineError::RuntimeLimit(_)) => Outcome::recursion(),
        _ => Outcome::exited(1),
    }
}

/// An error as text, without places that are none: of the parser, and of built-in functions.
pub(crate) fn told(error: &JsError) -> String {
    let text = without_call(&error.to_string()).replace(" (main.js:?:?)", "");
    match text.strip_suffix(" (native)") {
        Some(text) => text.to_owned(),
        None => text,
    }
}

/// A text about an error, without the script that called the function: it is none of the program.
fn without_call(text: &str) -> String {
    let place = format!(" ({CALL})");
    let line = format!("\n    at <main>{place}");
    text.replace(&line, "").replace(&place, "")
}

/// What `throw` was given, if that is no `Error`: then Boa tells nothing about where it was.
fn thrown_value(error: &JsError, inspect: &JsObject, context: &mut Context) -> Option<String> {
    let value = error.as_opaque()?.clone();
    let text = inspect
        .call(&JsValue::undefined(), &[value], context)
        .ok()?;
    Some(without_call(&text.as_string()?.to_std_string_lossy()))
}
