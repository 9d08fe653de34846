//! The interpreter, made ready before there is a job.

use redrive_guest::{Description, Job, Outcome, Stream, write};
use rustpython_vm::{PyObjectRef, PyResult, Settings, VirtualMachine};

use crate::program::{self, FILE_NAME};
use crate::{ending, frozen, uncaught};

/// Imported before there is a job, for their time: what many programs import, what tracebacks need,
/// and what `random` needs. Not `random` itself, nor what imports it: its generator takes its seed
/// when it is imported, and every run would draw the same numbers.
const IMPORTED_EARLY: &[&str] = &[
    "bisect",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "io",
    "itertools",
    "json",
    "linecache",
    "math",
    "operator",
    "os",
    "re",
    "site",
    "string",
    "textwrap",
    "time",
    "traceback",
    "typing",
];

/// One prepared interpreter.
pub(crate) struct Python {
    machine: rustpython_vm::Interpreter,
    /// `json.loads` as it was before the program could put something else in its place.
    read_json: Option<PyObjectRef>,
}

impl redrive_guest::Interpreter for Python {
    fn description() -> Description {
        Description {
            language: "python",
            version: "3.14 (RustPython 0.6.0)",
            runtime: "wasm32-wasip1",
        }
    }

    fn prepare() -> Self {
        let builder = rustpython_vm::Interpreter::builder(settings());
        let native = rustpython_stdlib::stdlib_module_defs(&builder.ctx);
        let machine = builder
            .add_native_modules(&native)
            .add_frozen_modules(frozen::standard_library())
            .interpreter();
        let read_json = machine.enter(|vm| match import_early(vm) {
            Ok(read_json) => Some(read_json),
            Err(exception) => {
                vm.print_exception(&exception);
                None
            }
        });
        Self { machine, read_json }
    }

    fn run(&mut self, job: Job) -> Outcome {
        let Some(read_json) = &self.read_json else {
            write(Stream::Error, b"the interpreter could not be prepared\n");
            return Outcome::exited(1);
        };
        self.machine.enter(|vm| {
            let outcome = match program::run(vm, &job, read_json) {
                Ok(outcome) => outcome,
                Err(exception) => uncaught::report(vm, exception),
            };
            ending::finish(vm);
            outcome
        })
    }
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.isolated = true;
    settings.ignore_environment = true;
    settings.user_site_directory = false;
    settings.safe_path = true;
    settings.install_signal_handlers = false;
    settings.write_bytecode = false;
    settings.argv = vec![FILE_NAME.to_owned()];
    // A buffer would be lost when a limit ends the run.
    settings.buffered_stdio = false;
    settings.stdio_encoding = Some("utf-8".to_owned());
    settings.utf8_mode = 1;
    // The same program prints its sets in the same order each time.
    settings.hash_seed = Some(0);
    settings
}

/// Answers `json.loads`.
fn import_early(vm: &VirtualMachine) -> PyResult {
    complete_time(vm)?;
    for name in IMPORTED_EARLY {
        vm.import(*name, 0)?;
    }
    vm.import("json", 0)?.get_attr("loads", vm)
}

/// Adds what WASI has no call for and other modules use: the time zone, which is UTC, and clocks
/// of the process, which does nothing but run the program.
fn complete_time(vm: &VirtualMachine) -> PyResult<()> {
    let time = vm.import("time", 0)?;
    for zone in ["altzone", "daylight", "timezone"] {
        time.set_attr(zone, vm.ctx.new_int(0), vm)?;
    }
    let utc: PyObjectRef = vm.ctx.new_str("UTC").into();
    time.set_attr("tzname", vm.ctx.new_tuple(vec![utc.clone(), utc]), vm)?;
    for (missing, given) in [
        ("process_time", "perf_counter"),
        ("process_time_ns", "perf_counter_ns"),
        ("thread_time", "perf_counter"),
        ("thread_time_ns", "perf_counter_ns"),
    ] {
        let given = time.get_attr(given, vm)?;
        time.set_attr(missing, given, vm)?;
    }
    Ok(())
}
