//! What the interpreters share: the job they get, the outcome they hand over, and the limits that
//! the host cannot see from outside.
//!
//! An interpreter is a `cdylib` for `wasm32-wasip1` that implements [`Interpreter`] and names it in
//! [`export!`]. The host calls `_initialize` and `prepare` once, keeps a copy of the memory, and
//! gives every run an instance of its own that starts from that copy and calls `run`. Whatever ends
//! a run, nothing of it is left for the next one.

mod allocator;
mod entry;
mod host;
mod job;
mod outcome;

pub use allocator::{Limited, room, used};
pub use entry::{Description, Interpreter, finish, prepare, run};
pub use host::{Limit, Stream, end_by, write};
pub use job::Job;
pub use outcome::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH, Outcome};
