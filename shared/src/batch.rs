//! Batches: many jobs submitted as one.
//!
//! An upload is cut into lines and judged while it arrives ([`intake`]), and stored as a file. Its
//! lines become jobs step by step ([`step`]), at the pace at which jobs end.

pub mod intake;
pub mod line;
pub mod splitter;
pub(crate) mod step;
pub(crate) mod stored;
