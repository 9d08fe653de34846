//! What the host offers beside WASI, and what of WASI the interpreters call by themselves.
//!
//! Outside Wasm, where only unit tests and lints run, there is no host: a job is empty and nothing
//! is written.
#![cfg_attr(
    target_family = "wasm",
    expect(
        unsafe_code,
        reason = "an import is called with addresses of our own memory"
    )
)]

/// Why the host must end the run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The run has allocated all it may.
    Memory,
    /// The run has nested too deep.
    Recursion,
}

/// Where a program writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

#[cfg(target_family = "wasm")]
mod imports {
    #[link(wasm_import_module = "redrive")]
    unsafe extern "C" {
        /// The job's length in bytes.
        pub(super) fn job_length() -> usize;
        /// Copies the job to an address.
        pub(super) fn job_read(to: *mut u8);
        /// Takes the description.
        pub(super) fn describe(json: *const u8, length: usize);
        /// Takes the outcome.
        pub(super) fn outcome(json: *const u8, length: usize);
        /// Lets the run go on, or ends it. The build has every loop and function ask for this
        /// when its share of time is used up; the call here keeps the import.
        pub(super) fn tick();
        /// Ends the run.
        pub(super) fn limit(kind: u32) -> !;
        /// Takes bytes of a stream.
        pub(super) fn write(stream: u32, bytes: *const u8, length: usize);
    }
}

/// Ends the run. What it has written stays.
pub fn end_by(limit: Limit) -> ! {
    let kind = match limit {
        Limit::Memory => 1,
        Limit::Recursion => 2,
    };
    #[cfg(target_family = "wasm")]
    // SAFETY: the host throws; nothing of this instance runs again.
    unsafe {
        imports::limit(kind)
    }
    #[cfg(not(target_family = "wasm"))]
    std::process::exit(kind)
}

/// Writes to a stream of the run at once. There is no buffer that could be lost when a limit ends
/// the run.
pub fn write(stream: Stream, bytes: &[u8]) {
    let stream = match stream {
        Stream::Output => 1,
        Stream::Error => 2,
    };
    #[cfg(target_family = "wasm")]
    // SAFETY: the host reads the bytes before it returns, and keeps no address.
    unsafe {
        imports::write(stream, bytes.as_ptr(), bytes.len());
    }
    #[cfg(not(target_family = "wasm"))]
    let _: (u32, &[u8]) = (stream, bytes);
}

/// The job, as JSON.
pub(crate) fn job() -> Vec<u8> {
    #[cfg(target_family = "wasm")]
    // SAFETY: the host writes as many bytes as it has told, into a vector of that length.
    unsafe {
        let mut job = vec![0; imports::job_length()];
        imports::job_read(job.as_mut_ptr());
        job
    }
    #[cfg(not(target_family = "wasm"))]
    Vec::new()
}

/// Asks for a first share of time.
pub(crate) fn start() {
    #[cfg(target_family = "wasm")]
    // SAFETY: the host touches no memory.
    unsafe {
        imports::tick();
    }
}

/// Tells the host what runs, as JSON.
pub(crate) fn describe(description: &[u8]) {
    #[cfg(target_family = "wasm")]
    // SAFETY: the host reads the bytes before it returns, and keeps no address.
    unsafe {
        imports::describe(description.as_ptr(), description.len());
    }
    #[cfg(not(target_family = "wasm"))]
    let _: &[u8] = description;
}

/// Hands the outcome over, as JSON.
pub(crate) fn hand_over(outcome: &[u8]) {
    #[cfg(target_family = "wasm")]
    // SAFETY: the host reads the bytes before it returns, and keeps no address.
    unsafe {
        imports::outcome(outcome.as_ptr(), outcome.len());
    }
    #[cfg(not(target_family = "wasm"))]
    let _: &[u8] = outcome;
}
