//! What Python does when a program has ended, as far as a program can notice.
//!
//! Taking the whole interpreter down is left out: the host throws the memory away, and it took
//! most of the time of a short run.

use rustpython_vm::builtins::PyDict;
use rustpython_vm::stdlib::atexit;
use rustpython_vm::{AsObject, PyResult, VirtualMachine};

/// Calls what `atexit` holds, lets go of the program's global names, so that `__del__` is called,
/// and flushes streams that the program has put in the place of the standard ones.
pub(crate) fn finish(vm: &VirtualMachine) {
    atexit::_run_exitfuncs(vm);
    // What fails here has nobody left to tell; the program has ended.
    drop(forget_globals(vm));
    for stream in ["stdout", "stderr"] {
        if let Ok(stream) = vm.sys_module.get_attr(stream, vm) {
            drop(vm.call_method(&stream, "flush", ()));
        }
    }
}

/// In the order of their definition. `__builtins__` stays: `__del__` may print.
fn forget_globals(vm: &VirtualMachine) -> PyResult<()> {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let globals = modules.get_item("__main__", vm)?.get_attr("__dict__", vm)?;
    let Some(globals) = globals.downcast_ref::<PyDict>() else {
        return Ok(());
    };
    for (name, value) in globals.items_vec() {
        if !name.str(vm)?.to_string_lossy().starts_with("__") {
            drop(value);
            globals.as_object().set_item(&*name, vm.ctx.none(), vm)?;
        }
    }
    Ok(())
}
