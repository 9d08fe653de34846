//! Batches: a file of requests goes up, a file of results comes down, each in one pass and with as
//! much memory as one line takes.

mod download;
mod errors_file;
mod journal;
mod places;
mod results;
mod run;
mod source;
mod submit;
mod summary;
mod target;

pub(crate) use errors_file::{read_errors, write_errors};
pub(crate) use results::{Reading, read_results};
pub(crate) use run::run;
pub(crate) use source::Source;
pub(crate) use submit::{Submission, parameters, submit, tell_invalid_lines};
pub(crate) use summary::{facts, outcome, progress_text, retries_hint, stalled_hint};
pub(crate) use target::Target;
