//! One program, or one call of one of its functions.

use redrive_guest::{Job, Outcome, Stream, write};
use rustpython_vm::compiler::Mode;
use rustpython_vm::function::PosArgs;
use rustpython_vm::scope::Scope;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

use crate::value::{self, Unconvertible};

/// What tracebacks call the program.
pub(crate) const FILE_NAME: &str = "main.py";

/// Runs the job. The error is an exception that the program did not catch, `SystemExit` among them.
pub(crate) fn run(vm: &VirtualMachine, job: &Job, read_json: &PyObject) -> PyResult<Outcome> {
    let scope = main_scope(vm)?;
    remember_lines(vm, &job.source_code)?;
    let Some(name) = &job.function_name else {
        // Answers the value of the last statement, if that is an expression.
        let value = execute(vm, &job.source_code, Mode::BlockExpr, scope)?;
        return Ok(outcome_of_program(vm, &value));
    };
    execute(vm, &job.source_code, Mode::Exec, scope.clone())?;
    let Some(function) = scope.globals.get_item_opt(name.as_str(), vm)? else {
        write(
            Stream::Error,
            format!("{FILE_NAME} defines no function {name}\n").as_bytes(),
        );
        return Ok(Outcome::exited(1));
    };
    let mut arguments = Vec::new();
    for argument in &job.arguments {
        arguments.push(read_json.call((argument.get(),), vm)?);
    }
    let value = function.call(PosArgs::from(arguments), vm)?;
    Ok(outcome_of_function(vm, name, &value))
}

fn main_scope(vm: &VirtualMachine) -> PyResult<Scope> {
    let scope = vm.new_scope_with_main()?;
    let file = vm.ctx.new_str(FILE_NAME);
    scope.globals.set_item("__file__", file.into(), vm)?;
    Ok(scope)
}

/// Lets tracebacks and `inspect` show lines of the program, which is no file.
fn remember_lines(vm: &VirtualMachine, source: &str) -> PyResult<()> {
    let lines = source
        .split_inclusive('\n')
        .map(|line| vm.ctx.new_str(line).into());
    let lines: PyObjectRef = vm.ctx.new_list(lines.collect()).into();
    let entry = vm.ctx.new_tuple(vec![
        vm.ctx.new_int(source.len()).into(),
        vm.ctx.none(),
        lines,
        vm.ctx.new_str(FILE_NAME).into(),
    ]);
    let cache = vm.import("linecache", 0)?.get_attr("cache", vm)?;
    cache.set_item(FILE_NAME, entry.into(), vm)
}

fn execute(vm: &VirtualMachine, source: &str, mode: Mode, scope: Scope) -> PyResult {
    let code = vm
        .compile(source, mode, FILE_NAME)
        .map_err(|error| error.into_pyexception(vm, Some(source)))?;
    vm.run_code_obj(code, scope)
}

/// As in a notebook, where a `None` and a thing without a form are not shown as values.
fn outcome_of_program(vm: &VirtualMachine, value: &PyObject) -> Outcome {
    if vm.is_none(value) {
        return Outcome::exited(0);
    }
    match value::to_json(vm, value) {
        Ok(json) => Outcome::with_value(&json),
        Err(_) => Outcome::exited(0),
    }
}

/// A caller waits for this value, so standard error says why there is none.
fn outcome_of_function(vm: &VirtualMachine, name: &str, value: &PyObject) -> Outcome {
    match value::to_json(vm, value) {
        Ok(json) => Outcome::with_value(&json),
        Err(why) => {
            let why = match why {
                Unconvertible::NotFinite => "NaN or an infinity".to_owned(),
                Unconvertible::Class(class) => format!("a value of class '{class}'"),
                Unconvertible::Key(class) => format!("a dict with a key of class '{class}'"),
            };
            let note = format!("{name}() returned {why}, which JSON does not have\n");
            write(Stream::Error, note.as_bytes());
            Outcome::exited(0)
        }
    }
}
