//! The Workers' own database adapter behind HTTP: one batch a request.
//!
//! The conformance suite of the store runs natively and reaches D1 through this Worker, so that
//! the adapter that ships is the one under test. `POST /` with an array of [`wire::Statement`]s
//! runs them as one batch; the answer is an array of [`wire::Outcome`]s, or with status 500 a
//! [`wire::Failure`]. It runs whatever SQL it is given, so it is never deployed.

#[cfg(target_arch = "wasm32")]
mod entry;
pub mod wire;
