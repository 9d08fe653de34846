//! OpenAI's Files and Batches: the shapes that its clients send and expect, and what they mean here.
//!
//! A line of a batch becomes the body of an ordinary `generate` request, so that one reader judges
//! both; the row of a job that ended becomes a line of the output or the error file. Whatever of
//! the vendor's interface cannot be honoured is refused by name: nothing is dropped in silence but
//! what is listed as harmless.

mod document;
mod endpoint;
mod error;
mod fault;
mod finding;
mod line;
mod names;
mod output;
mod request;
mod shown;

pub use document::{
    BatchErrors, BatchObject, BatchUsage, CachedTokens, DeletedFile, FileObject, FileStatus, List,
    ReasoningTokens, RequestCounts,
};
pub use endpoint::Endpoint;
pub use error::{ErrorEnvelope, ErrorObject, ErrorType};
pub use fault::{Fault, LineFault, ValidationCode};
pub use finding::{FileSoFar, Finding, Rest, Writing};
pub use line::{CUSTOM_ID_BYTES, Line};
pub use names::path;
pub use output::{Files, Outcome};
pub use shown::COMPLETION_WINDOW;
