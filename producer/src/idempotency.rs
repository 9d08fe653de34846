//! `Idempotency-Key`: read on the routes that honour it, and refused on the others.

use crate::problem::{Problem, ProblemCode};
use http::HeaderMap;
use http::header::HeaderName;
use redrive_shared::idempotency::IdempotencyKey;

/// Names the request, so that sending it twice does it once.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Says of an answer that an earlier request with the same key got it first.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The request's key, if it has one.
///
/// # Errors
/// 400 when the header is there and is no key, or is there twice.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        let rule = "`Idempotency-Key` must be sent once";
        return Err(Problem::invalid_idempotency_key(rule));
    }
    IdempotencyKey::parse(value.as_bytes())
        .map(Some)
        .map_err(|error| Problem::invalid_idempotency_key(&error.to_string()))
}

/// Refuses the header, on a route that would do twice what is sent twice: a promise that is not
/// kept must not be taken for one.
///
/// # Errors
/// 400 when the header is there.
pub(crate) fn refuse(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(IDEMPOTENCY_KEY) {
        let detail = "This route does not honour `Idempotency-Key`: send the request without it.";
        return Err(Problem::new(ProblemCode::IdempotencyNotSupported, detail));
    }
    Ok(())
}
