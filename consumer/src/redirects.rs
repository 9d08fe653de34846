//! Keeps `fetch` from following redirects.
//!
//! A followed redirect would take the provider's key to an address nobody configured.
//! `reqwest` has no redirect setting in Wasm: it calls the global `fetch` with a `Request` whose
//! mode is `follow`.
//! So the isolate's global `fetch` is replaced, once, by one that asks for `manual`; a redirect
//! then comes back as the 3xx it is, and the decision table dead-letters it.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Replaces the global `fetch`. Called when the isolate starts.
///
/// # Errors
/// What JavaScript threw, when the global cannot be replaced: no call may be made then.
pub(crate) fn refuse() -> Result<(), JsValue> {
    let global = js_sys::global();
    let fetch: Function = Reflect::get(&global, &"fetch".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"redirect".into(), &"manual".into())?;
    let wrapper =
        Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(move |request: JsValue| {
            fetch.call2(&JsValue::UNDEFINED, &request, &options)
        });
    Reflect::set(&global, &"fetch".into(), &wrapper.into_js_value())?;
    Ok(())
}
