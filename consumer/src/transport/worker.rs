//! What carries provider requests in the Worker: `fetch`, and the bindings.

use super::HttpTransport;
use super::javascript::{self, Deadline};
use js_sys::{Array, Function, JSON, Object, Reflect};
use redrive_shared::provider::{
    Destination, Method, ProviderReply, ProviderRequest, Transport, TransportError, workers_ai,
};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use worker::Env;

/// The header field of the configuration that names a gateway, over HTTP as by the binding.
const GATEWAY_FIELD: &str = "cf-aig-gateway-id";

/// What the runtime throws when a connection of its own broke.
const LOST: &str = "Network connection lost";

/// Sends provider requests to where they go: by `fetch`, or by a binding of this Worker.
#[derive(Debug)]
pub(crate) struct WorkerTransport<'a> {
    http: HttpTransport,
    env: &'a Env,
}

impl<'a> WorkerTransport<'a> {
    /// A transport that uses the bindings of `env`.
    pub(crate) fn new(env: &'a Env) -> Self {
        Self {
            http: HttpTransport::default(),
            env,
        }
    }

    /// A Worker of ours. Nothing leaves the machine that both run on.
    async fn service(
        &self,
        binding: &str,
        path: &str,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let deadline = Deadline::after(timeout)?;
        let asked = || -> Result<JsValue, JsValue> {
            let options = Object::new();
            let headers = fields(request, |_| true)?;
            let (method, body) = match request.method {
                Method::Post => ("POST", JsValue::from(request.body.as_str())),
                Method::Get => ("GET", JsValue::UNDEFINED),
            };
            set(&options, "method", &method.into())?;
            set(&options, "body", &body)?;
            set(&options, "headers", &headers)?;
            set(&options, "redirect", &"manual".into())?;
            set(&options, "signal", deadline.signal())?;
            let service = bound(self.env, binding)?;
            let fetch: Function = Reflect::get(&service, &"fetch".into())?.dyn_into()?;
            // The host is not looked up; it has to be there.
            fetch.call2(&service, &format!("https://worker{path}").into(), &options)
        };
        let answered = asked().map_err(|_thrown| TransportError::Unreachable)?;
        let whole = async {
            let response = javascript::settled(answered).await;
            let response = response.map_err(|_thrown| TransportError::Unreachable)?;
            javascript::read(response).await
        };
        deadline.within(whole).await
    }

    /// A model of Workers AI. The binding is asked for the response as it came, which has the
    /// status and header fields that its own errors lose.
    async fn workers_ai(
        &self,
        binding: &str,
        model: &str,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let deadline = Deadline::after(timeout)?;
        let asked = || -> Result<JsValue, JsValue> {
            let options = Object::new();
            set(&options, "returnRawResponse", &true.into())?;
            set(
                &options,
                "extraHeaders",
                &fields(request, is_for_gateways)?.into(),
            )?;
            let mut headers = request.headers.iter();
            if let Some((_, id)) = headers.find(|(name, _)| name == GATEWAY_FIELD) {
                let gateway = Object::new();
                set(&gateway, "id", &id.as_str().into())?;
                set(&options, "gateway", &gateway)?;
            }
            let ai = bound(self.env, binding)?;
            // A Worker that stands in for the service is called across a boundary that no signal
            // crosses.
            if ai
                .dyn_ref::<Object>()
                .is_some_and(|ai| ai.constructor().name() == "Ai")
            {
                set(&options, "signal", deadline.signal())?;
            }
            let run: Function = Reflect::get(&ai, &"run".into())?.dyn_into()?;
            let input = JSON::parse(&request.body)?;
            // Not by the function's own `call`: of a method of another Worker, that is a property
            // there.
            Reflect::apply(&run, &ai, &Array::of3(&model.into(), &input, &options))
        };
        let answered = asked().map_err(|_thrown| TransportError::Unreachable)?;
        let whole = async {
            match javascript::settled(answered).await {
                Ok(response) if javascript::is_response(&response) => {
                    let response = javascript::read(response).await?;
                    Ok(workers_ai::reply_of_response(response))
                }
                Ok(object) => {
                    let json = JSON::stringify(&object);
                    let json = json.map_err(|_thrown| TransportError::BodyInterrupted)?;
                    Ok(workers_ai::reply_of_object(&String::from(json)))
                }
                Err(thrown) => {
                    let text = javascript::text_of(&thrown);
                    if text.trim_start_matches("Error: ").starts_with(LOST) {
                        return Err(TransportError::Unreachable);
                    }
                    Ok(workers_ai::reply_of_thrown(&text))
                }
            }
        };
        deadline.within(whole).await
    }
}

impl Transport for WorkerTransport<'_> {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        match &request.to {
            Destination::Url(_) => self.http.send(request, timeout).await,
            Destination::Service { binding, path } => {
                self.service(binding, path, request, timeout).await
            }
            Destination::WorkersAi { binding, model } => {
                self.workers_ai(binding, model, request, timeout).await
            }
        }
    }
}

/// Whether this Worker has a binding of this name.
pub(crate) fn is_bound(env: &Env, binding: &str) -> bool {
    bound(env, binding).is_ok()
}

fn bound(env: &Env, binding: &str) -> Result<JsValue, JsValue> {
    let bound = Reflect::get(env, &binding.into())?;
    if bound.is_undefined() || bound.is_null() {
        return Err(format!("the Worker has no binding `{binding}`").into());
    }
    Ok(bound)
}

/// Neither the key nor what the binding sets itself.
fn is_for_gateways(name: &str) -> bool {
    !matches!(name, "authorization" | "content-type" | "accept")
}

fn fields(request: &ProviderRequest, wanted: impl Fn(&str) -> bool) -> Result<Object, JsValue> {
    let fields = Object::new();
    for (name, value) in &request.headers {
        if wanted(name) {
            set(&fields, name, &value.as_str().into())?;
        }
    }
    Ok(fields)
}

fn set(object: &Object, name: &str, value: &JsValue) -> Result<(), JsValue> {
    Reflect::set(object, &name.into(), value).map(drop)
}
