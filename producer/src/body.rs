//! Reads the body of a request: as plain JSON, of a bounded size, in a bounded time; or piece by
//! piece while it arrives.

use crate::problem::{Problem, ProblemCode};
use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use redrive_shared::clock::Clock;
use std::pin::pin;
use std::time::Duration;

/// The most bytes a body may have.
pub(crate) const LIMIT: u64 = 1024 * 1024;

/// The longest a body may take to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The longest that the next piece of a body may take that is read while it arrives.
pub(crate) const IDLE_LIMIT: Duration = Duration::from_secs(30);

/// A body that is read piece by piece.
#[derive(Debug)]
pub(crate) struct Incoming(BodyDataStream);

impl Incoming {
    /// The body of a request that announces no more than `limit` bytes, and is not compressed.
    ///
    /// # Errors
    /// 415, 413.
    pub(crate) fn of(headers: &HeaderMap, body: Body, limit: u64) -> Result<Self, Problem> {
        refuse_compressed(headers)?;
        if announced(headers).is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        Ok(Self(body.into_data_stream()))
    }

    /// The pieces themselves, for a parser that takes them as they come.
    pub(crate) fn into_pieces(self) -> BodyDataStream {
        self.0
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// 408 when it does not come, 400 when the body breaks off.
    pub(crate) async fn next(&mut self, clock: &impl Clock) -> Result<Option<Bytes>, Problem> {
        match select(pin!(self.0.next()), pin!(clock.sleep(IDLE_LIMIT))).await {
            Either::Left((piece, _)) => piece.transpose().or(Err(incomplete())),
            Either::Right(_) => {
                let seconds = IDLE_LIMIT.as_secs();
                let detail = format!("The body must go on within {seconds} seconds.");
                Err(Problem::new(ProblemCode::RequestTimeout, detail))
            }
        }
    }
}

/// The length that a request announces.
fn announced(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn incomplete() -> Problem {
    let detail = "The connection broke before the body was complete.";
    Problem::new(ProblemCode::BodyIncomplete, detail)
}

/// Reads the whole body. An empty one needs no content type.
///
/// # Errors
/// 415 when it is compressed or no JSON, 413 when it is over 1 MiB, told before reading where
/// `Content-Length` says so, 408 when it does not arrive, 400 when it breaks off.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    clock: &impl Clock,
) -> Result<Vec<u8>, Problem> {
    refuse_compressed(headers)?;
    let is_json = content_type(headers)?;
    // In Wasm a `usize` ends at 4 GiB, so lengths are compared as `u64`.
    if announced(headers).is_some_and(|length| length > LIMIT) {
        return Err(too_large(LIMIT));
    }
    let bytes = match select(pin!(collect(body)), pin!(clock.sleep(TIME_LIMIT))).await {
        Either::Left((bytes, _)) => bytes?,
        Either::Right(_) => {
            let detail = format!(
                "The body must arrive within {} seconds.",
                TIME_LIMIT.as_secs()
            );
            return Err(Problem::new(ProblemCode::RequestTimeout, detail));
        }
    };
    if bytes.is_empty() || is_json {
        Ok(bytes)
    } else {
        Err(not_json())
    }
}

/// Reads with a running count: what the client announces is not believed.
async fn collect(body: Body) -> Result<Vec<u8>, Problem> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.or(Err(incomplete()))?;
        let length = u64::try_from(bytes.len().saturating_add(chunk.len()));
        if length.map_or(true, |length| length > LIMIT) {
            return Err(too_large(LIMIT));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn refuse_compressed(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if plain {
        Ok(())
    } else {
        let detail = "The body must not be compressed: send it without `Content-Encoding`.";
        Err(Problem::new(ProblemCode::UnsupportedMediaType, detail))
    }
}

/// Whether a content type is given. One that is not JSON in UTF-8 is refused.
fn content_type(headers: &HeaderMap) -> Result<bool, Problem> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = values.next() else {
        return Ok(false);
    };
    if values.next().is_none() && value.to_str().is_ok_and(is_json) {
        Ok(true)
    } else {
        Err(not_json())
    }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json")
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

fn not_json() -> Problem {
    let detail = "The body must be JSON in UTF-8, sent with `Content-Type: application/json`.";
    Problem::new(ProblemCode::UnsupportedMediaType, detail)
}

/// 413, with the limit.
pub(crate) fn too_large(limit: u64) -> Problem {
    let detail = format!("The body must be at most {limit} bytes long.");
    Problem::new(ProblemCode::PayloadTooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_the_only_content_type() {
        for accepted in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; profile=x",
        ] {
            assert!(is_json(accepted), "{accepted}");
        }
        for refused in [
            "",
            "text/plain",
            "text/json",
            "application/jsonp",
            "application/json-patch+json",
            "application/json; charset=utf-16",
            "application/json, text/plain",
            "multipart/form-data",
        ] {
            assert!(!is_json(refused), "{refused}");
        }
    }
}
