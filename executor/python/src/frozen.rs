//! Python's own part of the standard library, compiled by the build script.

use rustpython_vm::frozen::FrozenLib;

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/standard_library.bin"));

/// The modules, each still compressed.
pub(crate) fn standard_library() -> &'static FrozenLib {
    FrozenLib::from_ref(BYTES)
}
