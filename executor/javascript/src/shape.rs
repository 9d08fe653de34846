//! What a value looks like, before it is turned into JSON: the engine's own conversion calls itself
//! for every level, so a deep value would end the run, and it writes `null` for what is no number.

use boa_engine::object::JsObject;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsResult, JsValue, js_string};
use redrive_guest::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH};

/// How many values are looked at: each takes a digit and a comma at least.
const MAX_VALUES: usize = MAX_VALUE_BYTES / 2;

/// What can be done with a value.
pub(crate) enum Shape {
    /// JSON can say it.
    Json,
    /// It is larger, or deeper, than what may be handed over.
    TooLarge,
    /// JSON cannot say it, and why.
    NotJson(&'static str),
}

/// An object on the way to the value that is looked at, with what it holds that was not looked at.
struct Level {
    object: JsObject,
    left: Vec<PropertyKey>,
}

/// Looks at a value and all that it holds. Getters and proxies of the program run by it, as they do
/// in `JSON.stringify`.
pub(crate) fn of(value: &JsValue, context: &mut Context) -> JsResult<Shape> {
    let mut path: Vec<Level> = Vec::new();
    let mut next = Some(value.clone());
    for _ in 0..MAX_VALUES {
        if let Some(value) = next.take() {
            if value.as_number().is_some_and(|number| !number.is_finite()) {
                return Ok(Shape::NotJson("NaN and the infinities are no JSON"));
            }
            if let Some(object) = entered(&value, context)? {
                if path
                    .iter()
                    .any(|level| JsObject::equals(&level.object, &object))
                {
                    return Ok(Shape::NotJson("an object that holds itself is no JSON"));
                }
                if path.len() == MAX_VALUE_DEPTH {
                    return Ok(Shape::TooLarge);
                }
                let left = keys(&object, context)?;
                path.push(Level { object, left });
            }
        }
        let Some(level) = path.last_mut() else {
            return Ok(Shape::Json);
        };
        match level.left.pop() {
            Some(key) => next = Some(level.object.clone().get(key, context)?),
            None => _ = path.pop(),
        }
    }
    Ok(Shape::TooLarge)
}

/// The object to look into. A function is left out of JSON, and what has `toJSON` says itself what it
/// is there.
fn entered(value: &JsValue, context: &mut Context) -> JsResult<Option<JsObject>> {
    let Some(object) = value.as_object().filter(|object| !object.is_callable()) else {
        return Ok(None);
    };
    let own = object.get(js_string!("toJSON"), context)?;
    Ok((!own.is_callable()).then_some(object))
}

fn keys(object: &JsObject, context: &mut Context) -> JsResult<Vec<PropertyKey>> {
    let mut keys = object.own_property_keys(context)?;
    keys.retain(|key| !matches!(key, PropertyKey::Symbol(_)));
    Ok(keys)
}
