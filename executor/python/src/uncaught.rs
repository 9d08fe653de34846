//! Exceptions that the program did not catch.

use redrive_guest::{Limit, Outcome, end_by};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, VirtualMachine};

/// How many entries of a traceback are shown when the program called itself too often. They are
/// alike, and looking up the lines of ten thousand takes longer than to get there.
const RECURSION_ENTRIES: usize = 50;

/// Writes a traceback to standard error, or what `sys.exit` was given, and answers how that ends
/// the run.
pub(crate) fn report(vm: &VirtualMachine, exception: PyBaseExceptionRef) -> Outcome {
    let exceptions = &vm.ctx.exceptions;
    let is_memory = exception.fast_isinstance(exceptions.memory_error);
    let is_recursion = exception.fast_isinstance(exceptions.recursion_error);
    if is_recursion {
        shorten_tracebacks(vm);
    }
    let code = vm.handle_exit_exception(exception);
    if is_memory {
        end_by(Limit::Memory);
    }
    if is_recursion {
        return Outcome::recursion();
    }
    Outcome::exited(exit_code(code))
}

/// Unless the program has said itself how much it wants to see.
fn shorten_tracebacks(vm: &VirtualMachine) {
    let limit = "tracebacklimit";
    if vm.sys_module.get_attr(limit, vm).is_err() {
        let entries = vm.ctx.new_int(RECURSION_ENTRIES);
        // Without it the traceback is long.
        drop(vm.sys_module.set_attr(limit, entries, vm));
    }
}

/// The low eight bits, as a shell sees `sys.exit(256)` and `sys.exit(-1)`.
fn exit_code(code: u32) -> u8 {
    let [low, ..] = code.to_le_bytes();
    low
}
