//! Every kind of provider, asked by the real runtime in its own wire format, each with a key that is
//! good nowhere else. What each scenario comes to is what the decision table says: see
//! `docs/providers.md`.

mod endings;
mod fallbacks;
pub(crate) mod kinds;
mod midnight;
mod retries;
mod success;
