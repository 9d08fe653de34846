//! Compiles the part of Python's standard library that the executor offers to bytecode, and sets
//! the size of the stack.

mod standard_library;

use std::path::{Path, PathBuf};
use std::{env, fs};

use rustpython_compiler::{CompileOpts, Mode, compile};
use rustpython_compiler_core::frozen::{FrozenCodeObject, FrozenLib, FrozenModule};

type Error = Box<dyn std::error::Error>;
type Frozen = (String, FrozenModule<Vec<u8>>);

/// Bytes of the stack in the Wasm memory. The interpreter raises `RecursionError` before it is used
/// up, so this decides how deep programs may nest; the engine's own stack must bear as much.
const STACK_BYTES: u32 = 768 * 1024;

fn main() -> Result<(), Error> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=standard_library.rs");
    println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_BYTES}");
    let library = Path::new(rustpython_pylib::LIB_PATH);
    let mut modules = Vec::new();
    for name in standard_library::modules() {
        freeze(library, name, &mut modules)?;
    }
    modules.sort_by(|(left, _), (right, _)| left.cmp(right));
    let frozen = FrozenLib::encode(
        modules
            .iter()
            .map(|(name, module)| (name.as_str(), module_of(module))),
    );
    let to = PathBuf::from(env::var("OUT_DIR")?).join("standard_library.bin");
    fs::write(to, frozen.bytes)?;
    Ok(())
}

fn module_of(module: &FrozenModule<Vec<u8>>) -> FrozenModule<&[u8]> {
    FrozenModule {
        code: FrozenCodeObject {
            bytes: module.code.bytes.as_slice(),
        },
        package: module.package,
    }
}

/// Adds a module, or a package with all that is in it.
fn freeze(library: &Path, name: &str, modules: &mut Vec<Frozen>) -> Result<(), Error> {
    let path = library.join(name.replace('.', "/"));
    if !path.is_dir() {
        modules.push(compile_file(name, &path.with_extension("py"), false)?);
        return Ok(());
    }
    modules.push(compile_file(name, &path.join("__init__.py"), true)?);
    if !standard_library::is_whole(name) {
        return Ok(());
    }
    for entry in fs::read_dir(&path)? {
        let entry = entry?.path();
        let stem = entry
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let is_module = entry.extension().is_some_and(|extension| extension == "py");
        let is_package = entry.join("__init__.py").exists();
        if stem != "__init__" && (is_module || is_package) {
            freeze(library, &format!("{name}.{stem}"), modules)?;
        }
    }
    Ok(())
}

fn compile_file(name: &str, path: &Path, package: bool) -> Result<Frozen, Error> {
    let source = fs::read_to_string(path)
        .map_err(|error| format!("{name} at {}: {error}", path.display()))?;
    // What a traceback names.
    let shown = format!("<frozen {name}>");
    let code = compile(
        source.trim_start_matches('\u{feff}'),
        Mode::Exec,
        &shown,
        CompileOpts::default(),
    )?;
    let code = FrozenCodeObject::encode(&code);
    Ok((name.to_owned(), FrozenModule { code, package }))
}
