//! One line of a batch's input file.

use super::endpoint::Endpoint;
use super::fault::{Fault, ValidationCode};
use super::names::{Names, path};
use super::request::Draft;
use crate::json::rules::{Ruling, choice, label, object, text};
use crate::json::{self, FieldError, Fields, Item};
use crate::request::{GenerateRequest, Known};
use serde_json::Value;
use std::cell::Cell;
use std::ops::RangeInclusive;

/// Length of a `custom_id`.
pub const CUSTOM_ID_BYTES: RangeInclusive<usize> = 1..=256;

/// Length of a `url`, which is compared and no more.
const URL_BYTES: RangeInclusive<usize> = 1..=256;

/// One line, in our words.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The client's own name for the request; unique in the file, which the caller sees to.
    pub custom_id: String,
    /// The body of a `generate` request, which nobody has judged.
    pub request: Value,
    names: Names,
}

impl Line {
    /// Reads the bytes of one line, without its line break.
    ///
    /// # Errors
    /// Every mistake of it, but for those that [`Self::judge`] finds.
    pub fn read(bytes: &[u8], endpoint: Endpoint, known: &Known<'_>) -> Result<Self, Vec<Fault>> {
        let value = json::parse(bytes).map_err(|error| {
            let message = format!("This line cannot be parsed as JSON: {error}.");
            vec![Fault::whole(ValidationCode::InvalidJsonLine, message)]
        })?;
        let mismatch = Cell::new(false);
        let mut fields = Fields::of(&value);
        let custom_id = fields.required("custom_id", label(CUSTOM_ID_BYTES));
        fields.required("method", choice(&[("POST", ())]));
        fields.required("url", |item| check_url(&item, endpoint, &mismatch));
        let draft = if mismatch.get() {
            // It may be right for the endpoint that the line names.
            fields.ignore(&["body"]);
            None
        } else {
            fields.required("body", object(|body| Draft::read(body, endpoint, known)))
        };
        let read = fields.finish(|| Some((custom_id?.to_owned(), draft?)));
        let (custom_id, draft) = read.map_err(|errors| {
            let fault = |error: FieldError| {
                let is_url = error.pointer == "/url" && mismatch.get();
                fault(
                    &error,
                    if is_url {
                        ValidationCode::UrlMismatch
                    } else {
                        ValidationCode::InvalidRequest
                    },
                )
            };
            errors.into_iter().map(fault).collect::<Vec<_>>()
        })?;
        Ok(Self {
            custom_id,
            request: draft.request.into(),
            names: draft.names,
        })
    }

    /// The request, if it passes every rule that one sent alone has to pass.
    ///
    /// # Errors
    /// Every violation, by the vendor's names.
    pub fn judge(&self, known: &Known<'_>) -> Result<GenerateRequest, Vec<Fault>> {
        GenerateRequest::read(&self.request, known).map_err(|errors| {
            let errors = errors.into_iter();
            errors.map(|error| self.fault_of(&error)).collect()
        })
    }

    /// A violation of the request, by the vendor's names.
    fn fault_of(&self, error: &FieldError) -> Fault {
        // A model names the provider as well, so that whatever is wrong with either is about it.
        let of_model = ["/model", "/provider", "/providers"]
            .iter()
            .any(|name| error.pointer == *name);
        let (code, pointer) = if of_model {
            (ValidationCode::ModelNotFound, "/model".to_owned())
        } else {
            let pointer = self.names.theirs(&error.pointer);
            (ValidationCode::InvalidRequest, pointer)
        };
        let error = FieldError {
            pointer: format!("/body{pointer}"),
            detail: error.detail.clone(),
        };
        fault(&error, code)
    }
}

/// A URL is any text; one that is not the batch's endpoint is a mistake of its own kind.
fn check_url(item: &Item<'_>, endpoint: Endpoint, mismatch: &Cell<bool>) -> Ruling<()> {
    let url = text(URL_BYTES)(item.clone())?;
    if Endpoint::of_path(url) == Some(endpoint) {
        return Ok(());
    }
    mismatch.set(true);
    let endpoint = endpoint.as_str();
    Err(item.refuse(format!("must be `{endpoint}`, the endpoint of the batch")))
}

fn fault(error: &FieldError, code: ValidationCode) -> Fault {
    let param = path(&error.pointer);
    if param.is_empty() {
        return Fault::whole(code, format!("The line {}.", error.detail));
    }
    Fault {
        code,
        message: format!("`{param}` {}", error.detail),
        param: Some(param),
    }
}

#[cfg(test)]
mod tests;
