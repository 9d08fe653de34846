//! Promises and responses of the runtime, read within a time and up to a length.

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use js_sys::{Object, Promise, Reflect};
use redrive_shared::provider::{MAX_REPLY_BYTES, ProviderReply, TransportError};
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::web_sys::{self, AbortController};
use worker::{Delay, Response};

/// The total time of a call.
pub(super) struct Deadline {
    timeout: Duration,
    controller: AbortController,
    signal: JsValue,
}

impl Deadline {
    /// A deadline that begins when it is waited for.
    pub(super) fn after(timeout: Duration) -> Result<Self, TransportError> {
        let controller = AbortController::new().map_err(|_thrown| TransportError::Unreachable)?;
        Ok(Self {
            timeout,
            signal: controller.signal().into(),
            controller,
        })
    }

    /// What tells the runtime to give the call up.
    pub(super) const fn signal(&self) -> &JsValue {
        &self.signal
    }

    /// Waits for `work`, and gives it up when the time is over.
    pub(super) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        match select(pin!(work), pin!(Delay::from(self.timeout))).await {
            Either::Left((done, _)) => done,
            Either::Right(((), _)) => {
                self.controller.abort();
                Err(TransportError::Timeout)
            }
        }
    }
}

/// What a promise came to; a value that is none is itself.
pub(super) async fn settled(value: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&value)).await
}

/// Whether a value is a response. Asked of its shape: the runtime's own modules may have another
/// class of this name.
pub(super) fn is_response(value: &JsValue) -> bool {
    let has = |name: &str| Reflect::get(value, &name.into()).ok();
    value.is_object()
        && has("status").is_some_and(|status| status.as_f64().is_some())
        && has("arrayBuffer").is_some_and(|read| read.is_function())
}

/// Reads a response whole.
pub(super) async fn read(response: JsValue) -> Result<ProviderReply, TransportError> {
    let response: web_sys::Response = response.unchecked_into();
    let has_body = response.body().is_some();
    let mut response = Response::from(response);
    let headers = response.headers().entries().collect();
    Ok(ProviderReply {
        status: response.status_code(),
        headers,
        body: if has_body {
            read_body(&mut response).await?
        } else {
            Vec::new()
        },
    })
}

async fn read_body(response: &mut Response) -> Result<Vec<u8>, TransportError> {
    let mut body = Vec::new();
    let mut chunks = response
        .stream()
        .map_err(|_thrown| TransportError::BodyInterrupted)?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_thrown| TransportError::BodyInterrupted)?;
        if body.len() + chunk.len() > MAX_REPLY_BYTES {
            return Err(TransportError::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The text of what was thrown: an error's name and message.
pub(super) fn text_of(thrown: &JsValue) -> String {
    thrown
        .as_string()
        .or_else(|| Some(thrown.dyn_ref::<Object>()?.to_string().into()))
        .unwrap_or_default()
}
