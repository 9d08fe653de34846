//! Reads the query of a URL as strictly as a body: every parameter known, and given once.

use crate::problem::{Problem, Violation};
use http::Uri;
use redrive_shared::json::{FieldError, Fields};
use serde_json::{Map, Value};

/// The parameters of a query, each a string.
#[derive(Debug)]
pub(crate) struct Query(Value);

impl Query {
    /// Splits and decodes the query of `uri`.
    ///
    /// # Errors
    /// 422 when a parameter is given twice or is not UTF-8.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Problem> {
        let mut parameters = Map::new();
        let mut violations = Vec::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if name.contains(char::REPLACEMENT_CHARACTER)
                || value.contains(char::REPLACEMENT_CHARACTER)
            {
                violations.push(Violation::parameter(
                    &name,
                    "must be UTF-8, percent-encoded",
                ));
            } else if parameters
                .insert(name.clone().into_owned(), value.into_owned().into())
                .is_some()
            {
                violations.push(Violation::parameter(&name, "must be given once"));
            }
        }
        if violations.is_empty() {
            Ok(Self(Value::Object(parameters)))
        } else {
            Err(Problem::invalid(violations))
        }
    }

    /// Reads the parameters with the rules for fields. Whatever `read` does not ask for is refused.
    ///
    /// # Errors
    /// 422 with every parameter that is wrong.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(Fields<'_>) -> Result<T, Vec<FieldError>>,
    ) -> Result<T, Problem> {
        read(Fields::of(&self.0)).map_err(refused)
    }

    /// Refuses every parameter: for a route that takes none.
    ///
    /// # Errors
    /// 422 when there is one.
    pub(crate) fn refuse(uri: &Uri) -> Result<(), Problem> {
        Self::of(uri)?.read(|fields| fields.finish(|| Some(())))
    }
}

/// What is wrong with fields, said of parameters.
fn refused(errors: Vec<FieldError>) -> Problem {
    Problem::invalid(errors.into_iter().map(|error| {
        let name = error.pointer.strip_prefix('/').unwrap_or(&error.pointer);
        let name = name.replace("~1", "/").replace("~0", "~");
        let detail = error
            .detail
            .replace("is not a known field", "is not a known parameter");
        Violation::parameter(&name, &detail)
    }))
}
