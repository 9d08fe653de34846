//! What the host calls.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};

use serde::Serialize;

use crate::host::{self, Limit, Stream};
use crate::{Job, Outcome, allocator};

/// What an interpreter is.
#[derive(Debug, Serialize)]
pub struct Description {
    /// The language's name in the API: `javascript`.
    pub language: &'static str,
    /// The language's version and the interpreter's: `3.14 (RustPython 0.6.0)`.
    pub version: &'static str,
    /// What the interpreter runs on.
    pub runtime: &'static str,
}

/// An interpreter of one language.
pub trait Interpreter: 'static {
    /// What runs, for `GET /health`.
    fn description() -> Description
    where
        Self: Sized;

    /// Does all that does not depend on the job. Its effects on the memory are kept and copied into
    /// every run; nothing in it may depend on randomness that a program must not share with others.
    fn prepare() -> Self
    where
        Self: Sized;

    /// Runs the job to its end. Called once in the life of an instance.
    fn run(&mut self, job: Job) -> Outcome;
}

thread_local! {
    static PREPARED: RefCell<Option<Box<dyn Interpreter>>> = const { RefCell::new(None) };
}

/// The export `prepare`.
pub fn prepare<I: Interpreter>() {
    panic::set_hook(Box::new(tell_panic));
    host::describe(&serde_json::to_vec(&I::description()).unwrap_or_default());
    PREPARED.with_borrow_mut(|prepared| *prepared = Some(Box::new(I::prepare())));
}

/// An interpreter that panics has a fault, unless it was asked for more memory than there can be.
fn tell_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("panicked");
    if message == "capacity overflow" {
        host::end_by(Limit::Memory);
    }
    host::write(Stream::Error, format!("{message}\n").as_bytes());
}

/// The export `run`.
pub fn run<I: Interpreter>() {
    host::start();
    let prepared = PREPARED.with_borrow_mut(Option::take);
    // Never dropped: the host throws the whole memory away, which is quicker.
    let interpreter = Box::leak(prepared.unwrap_or_else(|| Box::new(I::prepare())));
    let outcome = match serde_json::from_slice::<Job>(&host::job()) {
        Ok(job) => {
            allocator::allow(job.memory_bytes);
            interpreter.run(job)
        }
        Err(error) => {
            host::write(Stream::Error, format!("not a job: {error}\n").as_bytes());
            Outcome::exited(1)
        }
    };
    hand_over(&outcome);
}

/// Hands an outcome over and ends the run at once, from wherever the program is.
pub fn finish(outcome: &Outcome) -> ! {
    hand_over(outcome);
    std::process::exit(0)
}

fn hand_over(outcome: &Outcome) {
    // What is handed over is no memory of the program.
    allocator::allow(usize::MAX);
    host::hand_over(&serde_json::to_vec(outcome).unwrap_or_default());
}

/// Makes an interpreter a guest: its allocator and the functions that the host calls.
#[macro_export]
macro_rules! export {
    ($interpreter:ty) => {
        #[global_allocator]
        static ALLOCATOR: $crate::Limited = $crate::Limited;

        #[cfg(target_family = "wasm")]
        #[expect(unsafe_code, reason = "the host finds these functions by their names")]
        const _: () = {
            unsafe extern "C" {
                fn __wasm_call_ctors();
            }

            #[unsafe(no_mangle)]
            extern "C" fn _initialize() {
                // SAFETY: the host calls this once, before anything else. That it is called by
                // name keeps the linker from calling it in every export.
                unsafe { __wasm_call_ctors() }
            }

            #[unsafe(no_mangle)]
            extern "C" fn prepare() {
                $crate::prepare::<$interpreter>();
            }

            #[unsafe(no_mangle)]
            extern "C" fn run() {
                $crate::run::<$interpreter>();
            }
        };
    };
}
