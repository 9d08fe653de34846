//! Python for the executor: `RustPython` with the part of the standard library that exercises and
//! generated code use.
//!
//! A program sees Python's usual world less the machine: standard streams and a clock, but no
//! files, no sockets, no processes and no threads.

mod ending;
mod frozen;
mod interpreter;
mod program;
mod uncaught;
mod value;

redrive_guest::export!(interpreter::Python);
