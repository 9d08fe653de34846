//! Piston, which would run code: here nothing is run, and every result is made up.
//!
//! What stands behind `simulate: ` in the source decides: the name of a model without its `sim-`,
//! such as `simulate: timeout` or `simulate: 429-then-ok-2`. `simulate: print TEXT` prints the rest
//! of its line. A source without it prints its standard input, or that it is simulated where there
//! is none. Every answer has the header `x-simulated: true`.

pub(crate) mod errors;
pub(crate) mod request;
pub(crate) mod runtimes;

use serde_json::{Value, json};

use crate::simulator::piston::runtimes::Runtime;
use crate::simulator::reply::{Program, Shape};

/// The bytes of an output that are kept.
const LONGEST_OUTPUT: usize = 1_024;
/// What a program with nothing to say says.
const SIMULATED: &str = "Simulated: nothing was run.\n";

/// Code to run.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) runtime: Runtime,
    pub(crate) stdin: String,
    pub(crate) args: Vec<String>,
    /// What the source asks to be printed.
    pub(crate) printed: Option<String>,
    /// In milliseconds.
    pub(crate) run_timeout: u64,
    /// In milliseconds.
    pub(crate) compile_timeout: u64,
}

/// What a stage of an execution did.
struct Stage {
    stdout: String,
    stderr: String,
    code: Option<u8>,
    signal: Option<&'static str>,
    status: Option<&'static str>,
    message: Option<String>,
    /// In milliseconds.
    wall_time: u64,
    /// In milliseconds.
    cpu_time: u64,
}

impl Stage {
    fn done(stdout: impl Into<String>) -> Self {
        Self {
            stdout: stdout.into(),
            stderr: String::new(),
            code: Some(0),
            signal: None,
            status: None,
            message: None,
            wall_time: 31,
            cpu_time: 12,
        }
    }

    /// Ended from outside, for the reason of this status.
    fn ended(signal: Option<&'static str>, status: &'static str, message: &str) -> Self {
        Self {
            code: None,
            signal,
            status: Some(status),
            message: Some(message.to_owned()),
            ..Self::done("")
        }
    }

    fn exited(code: u8, stderr: &str) -> Self {
        Self {
            stderr: stderr.to_owned(),
            code: Some(code),
            status: Some("RE"),
            message: Some(format!("Exited with error status {code}")),
            ..Self::done("")
        }
    }

    fn json(&self) -> Value {
        json!({
            "signal": self.signal,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "code": self.code,
            "output": format!("{}{}", self.stdout, self.stderr),
            "memory": 9_400_000,
            "message": self.message,
            "status": self.status,
            "cpu_time": self.cpu_time,
            "wall_time": self.wall_time,
        })
    }
}

impl Job {
    /// The result of an execution.
    pub(crate) fn result(&self, shape: Shape) -> Value {
        let (compile, run) = if let Shape::Program(program) = shape {
            (self.compiled(program), self.ran(program))
        } else {
            (Stage::done(""), Stage::done(self.printed()))
        };
        let compiles = compile.code == Some(0);
        let mut result = json!({
            "language": self.runtime.language,
            "version": self.runtime.version,
            // What does not compile has no run of its own: Piston tells its compilation twice.
            "run": if compiles { run.json() } else { compile.json() },
        });
        if let Some(fields) = result.as_object_mut()
            && (self.runtime.is_compiled || !compiles)
        {
            fields.insert("compile".to_owned(), compile.json());
        }
        result
    }

    fn printed(&self) -> String {
        match &self.printed {
            Some(text) => text.clone(),
            None if self.stdin.is_empty() => SIMULATED.to_owned(),
            None => self.stdin.clone(),
        }
    }

    fn compiled(&self, program: Program) -> Stage {
        if program == Program::DoesNotCompile {
            return Stage::exited(1, "main: error: simulated\n");
        }
        if program == Program::CompilesTooLong {
            return Stage {
                wall_time: self.compile_timeout,
                ..Stage::ended(Some("SIGKILL"), "TO", "Time limit exceeded (wall clock)")
            };
        }
        Stage::done("")
    }

    fn ran(&self, program: Program) -> Stage {
        match program {
            Program::OutOfTime { cpu: false } => Stage {
                wall_time: self.run_timeout,
                ..Stage::ended(Some("SIGKILL"), "TO", "Time limit exceeded (wall clock)")
            },
            Program::OutOfTime { cpu: true } => Stage {
                wall_time: self.run_timeout,
                cpu_time: self.run_timeout,
                ..Stage::ended(Some("SIGKILL"), "TO", "Time limit exceeded")
            },
            Program::OutOfMemory => Stage::ended(Some("SIGKILL"), "SG", "Caught fatal signal 9"),
            Program::Segfault => Stage::ended(Some("SIGSEGV"), "SG", "Caught fatal signal 11"),
            Program::Sandbox => Stage::ended(None, "XX", "Cannot run proxy, clone failed"),
            Program::Exit(code) => Stage::exited(code, TRACEBACK),
            Program::TooMuch { error } => too_much(error),
            Program::Both => Stage {
                stderr: "to standard error\n".to_owned(),
                ..Stage::done("to standard output\n")
            },
            Program::Arguments => Stage::done(self.args.join("\n") + "\n"),
            Program::DoesNotCompile | Program::CompilesTooLong => Stage::done(""),
        }
    }
}

/// What an uncaught exception prints.
const TRACEBACK: &str = "Traceback (most recent call last):\n  File \"main\", line 1, in <module>\n\
    RuntimeError: simulated\n";

fn too_much(error: bool) -> Stage {
    let kept = "x".repeat(LONGEST_OUTPUT);
    if error {
        Stage {
            stderr: kept,
            ..Stage::ended(Some("SIGKILL"), "EL", "stderr length exceeded")
        }
    } else {
        Stage {
            stdout: kept,
            ..Stage::ended(Some("SIGKILL"), "OL", "stdout length exceeded")
        }
    }
}
