//! Puts functions of our own in the place of Boa's.

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, NativeFunction};

use crate::globals;

/// What stands in for a function: it gets what the function would, and the function.
pub(crate) type Method = fn(&JsValue, &[JsValue], &JsObject, &mut Context) -> JsResult<JsValue>;

/// Replaces the function `name` of the object that an expression names. `length` is how many
/// parameters the function says it has.
pub(crate) fn replace(
    holder: &str,
    name: &'static str,
    length: usize,
    method: Method,
    context: &mut Context,
) -> JsResult<()> {
    let original = globals::function(context, &format!("{holder}.{name}"))?;
    let native = NativeFunction::from_copy_closure_with_captures(
        move |this, arguments, original: &JsObject, context| {
            method(this, arguments, original, context)
        },
        original,
    );
    let name = JsString::from(name);
    let function = FunctionObjectBuilder::new(context.realm(), native)
        .name(name.clone())
        .length(length)
        .build();
    let property = PropertyDescriptor::builder()
        .value(function)
        .writable(true)
        .enumerable(false)
        .configurable(true);
    let holder = globals::evaluate(context, holder)?.to_object(context)?;
    holder.define_property_or_throw(name, property, context)?;
    Ok(())
}
