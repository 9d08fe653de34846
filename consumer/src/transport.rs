//! Provider calls: by `reqwest`, in Wasm as natively, and by the bindings of the Worker.

#[cfg(target_arch = "wasm32")]
mod javascript;
#[cfg(target_arch = "wasm32")]
mod worker;

#[cfg(target_arch = "wasm32")]
pub(crate) use worker::{WorkerTransport, is_bound};

use futures_util::StreamExt;
use redrive_shared::provider::{
    Destination, MAX_REPLY_BYTES, Method, ProviderReply, ProviderRequest, ReplyHeaders, Transport,
    TransportError,
};
use std::error::Error;
use std::time::Duration;

/// Sends provider requests with `reqwest` to the URLs they name.
#[derive(Clone, Debug)]
#[cfg_attr(target_arch = "wasm32", derive(Default))]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport that uses `client`.
    ///
    /// Natively the client must have been built without following redirects; in Wasm `reqwest`
    /// has no such setting, and the Worker's `fetch` sees to it.
    #[must_use]
    pub const fn new(client: reqwest::Client) -> Self {
        Self { client }
    }
}

impl Transport for HttpTransport {
    async fn send(
        &self,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let Destination::Url(url) = &request.to else {
            return Err(TransportError::Unreachable);
        };
        let mut builder = match request.method {
            Method::Post => self.client.post(url).body(request.body.clone()),
            Method::Get => self.client.get(url),
        }
        .timeout(timeout);
        for (name, value) in &request.headers {
            builder = builder.header(name.as_ref(), value.as_str());
        }
        let response = builder
            .send()
            .await
            .map_err(|error| cause(&error, TransportError::Unreachable))?;
        let status = response.status().as_u16();
        let headers = reply_headers(&response);
        let body = read_body(response).await?;
        Ok(ProviderReply {
            status,
            headers,
            body,
        })
    }
}

fn reply_headers(response: &reqwest::Response) -> ReplyHeaders {
    response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect()
}

/// Reads the body up to the cap, whatever its declared length.
///
/// A plain body that declares a length within the cap cannot exceed it, and is read in one piece,
/// which costs the runtime less than a stream. A compressed one could.
async fn read_body(response: reqwest::Response) -> Result<Vec<u8>, TransportError> {
    let headers = response.headers();
    let declared = headers
        .get("content-length")
        .filter(|_| !headers.contains_key("content-encoding"))
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match declared {
        Some(length) if length > MAX_REPLY_BYTES => return Err(TransportError::BodyTooLarge),
        Some(_) => {
            let body = response.bytes().await;
            let body = body.map_err(|error| cause(&error, TransportError::BodyInterrupted))?;
            return Ok(body.into());
        }
        None => {}
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| cause(&error, TransportError::BodyInterrupted))?;
        if body.len() + chunk.len() > MAX_REPLY_BYTES {
            return Err(TransportError::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A timeout where there was one, `otherwise` where not.
///
/// In Wasm `is_timeout` answers false for a call that `timeout` aborted; the text of the error or
/// of one of its sources tells.
fn cause(error: &reqwest::Error, otherwise: TransportError) -> TransportError {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(error) = source {
        let text = error.to_string();
        if text.contains("TimedOut") || text.contains("timed out") {
            return TransportError::Timeout;
        }
        source = error.source();
    }
    if error.is_timeout() {
        TransportError::Timeout
    } else {
        otherwise
    }
}
