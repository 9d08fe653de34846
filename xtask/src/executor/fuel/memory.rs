//! Lets one memory serve run after run.
//!
//! A guest has a memory of its own, which lasts until the engine of the Worker collects it, and two
//! large ones are more than an isolate has. So the memory becomes an import, and the host gives every
//! instance the same. A memory never shrinks: what the guest takes for its size is a global, which
//! begins anew with each instance.

use wasm_encoder::{BlockType, Function, Instruction, ValType};

/// Where the host finds what memory to make: a custom section, JSON as `WebAssembly.Memory` takes it.
pub(super) const SECTION: &str = "redrive.memory";
/// What the memory is imported as.
pub(super) const IMPORT: (&str, &str) = ("redrive", "memory");
/// The name under which the host finds the size.
pub(super) const PAGES: &str = "pages";

/// The memory, in pages of 64 KiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    /// How large it is at first.
    pub(super) initial: u32,
    /// How large it may become.
    pub(super) maximum: u32,
    /// The index of the global that is its size.
    pub(super) pages: u32,
}

impl Memory {
    pub(super) fn json(&self) -> String {
        let Self {
            initial, maximum, ..
        } = self;
        format!(r#"{{"initial":{initial},"maximum":{maximum}}}"#)
    }

    /// Answers `memory.size`.
    pub(super) fn size(&self, function: &mut Function) {
        function.instruction(&Instruction::GlobalGet(self.pages));
    }

    /// Answers `memory.grow`. Makes the memory itself larger only where it is not so already.
    pub(super) fn grow(&self, function: &mut Function, wanted: u32, total: u32) {
        let maximum = Instruction::I32Const(i32::try_from(self.maximum).unwrap_or(i32::MAX));
        for instruction in [
            Instruction::LocalSet(wanted),
            Instruction::Block(BlockType::Result(ValType::I32)),
            // The answer if this fails.
            Instruction::I32Const(-1),
            Instruction::LocalGet(wanted),
            maximum.clone(),
            Instruction::I32GtU,
            Instruction::BrIf(0),
            Instruction::LocalGet(wanted),
            Instruction::GlobalGet(self.pages),
            Instruction::I32Add,
            Instruction::LocalTee(total),
            maximum,
            Instruction::I32GtU,
            Instruction::BrIf(0),
            Instruction::Block(BlockType::Empty),
            Instruction::LocalGet(total),
            Instruction::MemorySize(0),
            Instruction::I32LeU,
            Instruction::BrIf(0),
            Instruction::LocalGet(total),
            Instruction::MemorySize(0),
            Instruction::I32Sub,
            Instruction::MemoryGrow(0),
            Instruction::I32Const(-1),
            Instruction::I32Ne,
            Instruction::BrIf(0),
            Instruction::I32Const(-1),
            Instruction::Br(1),
            Instruction::End,
            Instruction::Drop,
            // The answer: how large it was.
            Instruction::GlobalGet(self.pages),
            Instruction::LocalGet(total),
            Instruction::GlobalSet(self.pages),
            Instruction::End,
        ] {
            function.instruction(&instruction);
        }
    }
}
