//! The route table: every path the API answers, with what a caller must hold.
//!
//! The router, the access check, the description of the API and the tests all read this one table.
//! What is not in it is not served.

mod operation;
mod table;

pub use operation::Operation;
pub use table::ROUTES;

use crate::multipart::AROUND_FILE;
use http::Method;
use redrive_shared::access::Scope;
use redrive_shared::file::FILE_BYTES;

/// What a caller must present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// An API key, whatever its scopes.
    AnyKey,
    /// An API key that holds the scope.
    Scope(Scope),
    /// The operator's key, or an API key that holds the scope `admin`.
    Admin,
}

/// What body a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// None; what is sent is not read.
    Nothing,
    /// JSON, of at most 1 MiB.
    Json,
    /// So many bytes, read while they arrive.
    Upload(u64),
}

/// One route. `HEAD` is served wherever `GET` is, and `OPTIONS` everywhere.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{id}` for the one part that varies.
    pub path: &'static str,
    /// What a caller must present.
    pub access: Access,
    /// What it does.
    pub operation: Operation,
}

impl Route {
    /// What body the route takes.
    pub(crate) fn takes(&self) -> Takes {
        if self.operation == Operation::SubmitBatch {
            Takes::Upload(FILE_BYTES)
        } else if self.operation == Operation::UploadFile {
            Takes::Upload(FILE_BYTES + AROUND_FILE)
        } else if self.method == Method::POST || self.method == Method::PATCH {
            Takes::Json
        } else {
            Takes::Nothing
        }
    }
}

/// The route of a path for a method, where `HEAD` counts as `GET`.
pub(crate) fn find(path: &str, method: &Method) -> Option<&'static Route> {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    ROUTES
        .iter()
        .find(|route| route.path == path && route.method == *method)
}

/// The value of `Allow` for a path.
pub(crate) fn allowed_methods(path: &str) -> String {
    let mut allowed = Vec::new();
    for route in ROUTES.iter().filter(|route| route.path == path) {
        allowed.push(route.method.as_str());
        if route.method == Method::GET {
            allowed.push("HEAD");
        }
    }
    allowed.push("OPTIONS");
    allowed.join(", ")
}
