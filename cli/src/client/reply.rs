use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// An answer that was read to its end: the server's document as it came.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) text: String,
    is_json: bool,
}

impl Document {
    pub(super) async fn read(mut response: Response, silence: Duration) -> Result<Self, Failure> {
        let is_json = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.contains("json"));
        let mut bytes = Vec::new();
        while let Some(chunk) = next_chunk(&mut response, silence).await? {
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| Failure::Failed(format!("the server's answer is no text: {error}")))?;
        Ok(Self {
            text: text.trim_end().to_owned(),
            is_json,
        })
    }

    /// The document as what a command knows of it; what it does not know is left out.
    ///
    /// # Errors
    /// When the server is no Redrive, or of a version that answers differently.
    pub(crate) fn read_as<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if !self.is_json {
            let text = "the answer is no JSON: is the URL that of a Redrive server?";
            return Err(Failure::Failed(text.to_owned()));
        }
        serde_json::from_str(&self.text).map_err(|error| {
            Failure::Failed(format!("the server's answer was not understood: {error}"))
        })
    }
}

/// The next bytes of a body; `None` at its end.
pub(super) async fn next_chunk(
    response: &mut Response,
    silence: Duration,
) -> Result<Option<impl std::ops::Deref<Target = [u8]> + use<>>, Failure> {
    match tokio::time::timeout(silence, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => {
            let text = format!("the answer broke off: {}", error.without_url());
            Err(Failure::Unreachable(text))
        }
        Err(_) => {
            let seconds = silence.as_secs();
            let text = format!("the answer broke off: nothing came for {seconds} s");
            Err(Failure::Unreachable(text))
        }
    }
}
