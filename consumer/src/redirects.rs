//! Keeps `fetch` from following redirects.
//!
//! A followed redirect would take the provider's key to an address nobody configured.
//! `reqwest` has no redirect setting in Wasm: it calls the global `fetch` with a `Request` whose
//! mode is `follow`.
//! So the isolate's global `fetch` is replaced, once, by one that asks for `manual`; a redirect
//! then comes back as the 3xx it is, and the decision table dead-letters it.
//!
//! After a trap the runtime's shim starts a new instance of the Wasm in the same isolate. A closure
//! of the old one cannot be called any more, so the untouched `fetch` is kept beside the global, and
//! each instance wraps that.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// The global under which the untouched `fetch` is kept.
const UNTOUCHED: &str = "redriveUntouchedFetch";

/// Replaces the global `fetch`. Called when an instance starts.
///
/// # Errors
/// What JavaScript threw, when the global cannot be replaced: no call may be made then.
pub(crate) fn refuse() -> Result<(), JsValue> {
    let global = js_sys::global();
    let fetch: Function = match Reflect::get(&global, &UNTOUCHED.into())?.dyn_into() {
        Ok(untouched) => untouched,
        Err(_first_instance) => {
            let untouched = Reflect::get(&global, &"fetch".into())?;
            Reflect::set(&global, &UNTOUCHED.into(), &untouched)?;
            untouched.dyn_into()?
        }
    };
    let options = Object::new();
    Reflect::set(&options, &"redirect".into(), &"manual".into())?;
    let wrapper =
        Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(move |request: JsValue| {
            fetch.call2(&JsValue::UNDEFINED, &request, &options)
        });
    Reflect::set(&global, &"fetch".into(), &wrapper.into_js_value())?;
    Ok(())
}
