//! Running code: what a client asks for, what an executor answers, and what the client gets.
//!
//! An executor runs a program and judges nothing. Whether a case is passed is decided here, by one
//! pure comparison, whoever ran it. Code that fails is an answer like any other: only an executor
//! that fails makes an attempt fail.

mod compare;
mod input;
mod judge;
mod language;
pub(crate) mod numbers;
mod report;
mod runs;

pub use compare::{equal, same_text};
pub use input::{ExecuteInput, ExecuteTestsInput, RunLimits, TestCase};
pub use language::{
    Language, LanguageDocument, LanguageLimits, Runner, find, languages, names, runner_of,
};
pub use report::{TestCaseReport, TestReport};
pub use runs::{LimitReached, OUTPUT_BYTES, ProgramRun, Runs};

pub(crate) use input::{Program, RunInput};
pub(crate) use judge::judge;
pub(crate) use language::REMOTE_EXECUTOR;
pub(crate) use runs::cut;
