//! What the store's operations cost among many jobs: it must not grow with their number.
//!
//! [`Crowd::fill`] makes a crowd in which nothing is easy: every waiting job is overdue, every running one
//! has a lease, and every dead letter is waited for by retention. [`measure`] runs the operations
//! beside it and says what each cost by a meter of the caller's: time, instructions, rows read.

#![expect(
    clippy::expect_used,
    reason = "a measurement is an assertion as well: it ends by panicking"
)]

mod crowd;
mod jobs;
mod operations;
mod report;

pub use crowd::{Crowd, START};
pub use jobs::commit;
pub use operations::{Cost, measure};
pub use report::{Comparison, compare};
