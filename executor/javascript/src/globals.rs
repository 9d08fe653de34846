//! What a program finds beside the language itself: `console`, its input, a little of `process`.

use boa_engine::native_function::NativeFunctionPointer;
use boa_engine::object::FunctionObjectBuilder;
use boa_engine::{
    Context, JsArgs as _, JsNativeError, JsObject, JsResult, JsString, JsValue, NativeFunction,
    Script, Source, js_string,
};
use redrive_guest::{Outcome, Stream, finish, write};

/// Defines `console`, `process`, `readline` and `require`, and gives back the function that formats
/// any value.
const PRELUDE: &str = include_str!("prelude.js");

/// Runs the prelude, which gives back `inspect`.
pub(crate) fn register(context: &mut Context) -> JsResult<JsObject> {
    let prelude = evaluate(context, PRELUDE)?;
    let natives: [(&str, NativeFunctionPointer); 3] =
        [("write", write_text), ("exit", exit), ("stdin", read_input)];
    let arguments = natives.map(|(name, function)| {
        let native = NativeFunction::from_fn_ptr(function);
        let function = FunctionObjectBuilder::new(context.realm(), native).name(js_string!(name));
        JsValue::from(function.build())
    });
    let inspect = callable(&prelude)?.call(&JsValue::undefined(), &arguments, context)?;
    callable(&inspect)
}

/// The function that an expression names.
pub(crate) fn function(context: &mut Context, expression: &str) -> JsResult<JsObject> {
    callable(&evaluate(context, expression)?)
}

/// What an expression gives.
pub(crate) fn evaluate(context: &mut Context, code: &str) -> JsResult<JsValue> {
    Script::parse(Source::from_bytes(code), None, context)?.evaluate(context)
}

fn callable(value: &JsValue) -> JsResult<JsObject> {
    let found = value.as_callable();
    found.ok_or_else(|| JsNativeError::typ().with_message("not a function").into())
}

/// `write(stream, text)`
fn write_text(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = match arguments.get_or_undefined(0).as_i32() {
        Some(2) => Stream::Error,
        _ => Stream::Output,
    };
    let text = arguments.get_or_undefined(1).to_string(context)?;
    write(stream, text.to_std_string_lossy().as_bytes());
    Ok(JsValue::undefined())
}

/// `exit(code)`
fn exit(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    // The last eight bits, as everywhere.
    let [code, ..] = arguments.get_or_undefined(0).to_i32(context)?.to_le_bytes();
    finish(&Outcome::exited(code))
}

/// `stdin()`: all of the input. Bytes that are no UTF-8 become U+FFFD.
fn read_input(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let bytes = std::io::read_to_string(std::io::stdin());
    let text = bytes.map_err(|error| JsNativeError::error().with_message(error.to_string()))?;
    Ok(JsString::from(text).into())
}
