//! Makes a guest count what it does, so that no program can run for ever.
//!
//! Inside a Worker nothing else can end a Wasm call: there is no second thread, and in production
//! the clock stands still while code runs. So every function and every turn of a loop takes from a
//! global, the fuel: a turn that does next to nothing a quarter of what another does. What copies or
//! fills memory takes by the length. Below zero it calls the
//! guest's own import `redrive.tick`, where the host gives more or throws. Whatever the interpreter
//! does inside (a regular expression, a sort, a big number), it passes there again and again.
//!
//! The memory is given to it, and bounded, on the same occasion.
//!
//! The crates that did this are gone or old: `wasm-instrument` is archived and knows no bulk memory
//! instructions, and the runtimes that have fuel built in are not what Workers run on.

use std::convert::Infallible;

use anyhow::{Context as _, Result, anyhow, ensure};
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, CustomSection, ExportKind, ExportSection, Function,
    GlobalSection, GlobalType, ImportSection, Instruction, MemorySection, MemoryType, Module,
    ValType,
};
use wasmparser::{Parser, Payload, TypeRef};

mod loops;
mod memory;

use memory::Memory;

/// The name under which the host finds the fuel.
const FUEL: &str = "fuel";
/// What is called when there is none left.
const TICK: (&str, &str) = ("redrive", "tick");
/// What a function and a turn of a loop cost.
const TURN: i32 = 4;
/// What a turn of a short loop costs.
const SHORT_TURN: i32 = 1;
/// Copying this many bytes, as a power of two, takes as long as a turn of a short loop.
const BULK_BYTES_SHIFT: i32 = 6;

type Failure = reencode::Error<Infallible>;

/// Rewrites a module: it counts, and imports its memory, which grows to `max_pages` of 64 KiB at
/// most.
///
/// # Errors
/// If the module is not valid, or has no import `redrive.tick`, global or memory of its own.
pub(crate) fn instrument(wasm: &[u8], max_pages: u32) -> Result<Vec<u8>> {
    rewrite(wasm, Rewriter::of(wasm, max_pages)?)
}

/// The same without counting, to measure what counting costs.
///
/// # Errors
/// As [`instrument`].
pub(crate) fn without_counting(wasm: &[u8], max_pages: u32) -> Result<Vec<u8>> {
    let mut rewriter = Rewriter::of(wasm, max_pages)?;
    rewriter.counts = false;
    rewrite(wasm, rewriter)
}

fn rewrite(wasm: &[u8], mut rewriter: Rewriter) -> Result<Vec<u8>> {
    let mut module = Module::new();
    rewriter
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(|error| anyhow!("cannot rewrite the Wasm: {error}"))?;
    ensure!(rewriter.has_fuel, "the Wasm has no globals of its own");
    let json = rewriter.memory.json();
    module.section(&CustomSection {
        name: memory::SECTION.into(),
        data: json.as_bytes().into(),
    });
    let rewritten = module.finish();
    wasmparser::validate(&rewritten).context("the rewritten Wasm is not valid")?;
    Ok(rewritten)
}

struct Rewriter {
    /// The index of the import that is called.
    tick: u32,
    /// The index of the global that is counted down: the first that is free.
    fuel: u32,
    /// How many parameters each function of the module's own has, the last one first.
    parameters: Vec<u32>,
    /// The local of the function at hand that holds what is being counted.
    local: u32,
    memory: Memory,
    counts: bool,
    has_fuel: bool,
}

/// What a module imports, as far as it moves what we add or call.
#[derive(Default)]
struct Imports {
    functions: u32,
    globals: u32,
    tick: Option<u32>,
}

impl Imports {
    fn read(section: wasmparser::ImportSectionReader<'_>) -> Result<Self> {
        let mut imports = Self::default();
        for import in section.into_imports() {
            let import = import?;
            if let TypeRef::Func(_) = import.ty {
                if (import.module, import.name) == TICK {
                    imports.tick = Some(imports.functions);
                }
                imports.functions = imports.functions.saturating_add(1);
            } else if let TypeRef::Global(_) = import.ty {
                imports.globals = imports.globals.saturating_add(1);
            }
        }
        Ok(imports)
    }
}

impl Rewriter {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "nothing is learned from the other parts of a module"
    )]
    fn of(wasm: &[u8], max_pages: u32) -> Result<Self> {
        let mut imports = Imports::default();
        let mut globals = 0;
        let mut initial = None;
        let mut types = Vec::new();
        let mut parameters = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.context("not a Wasm module")? {
                Payload::TypeSection(section) => {
                    for function in section.into_iter_err_on_gc_types() {
                        types.push(u32::try_from(function?.params().len())?);
                    }
                }
                Payload::ImportSection(section) => imports = Imports::read(section)?,
                Payload::FunctionSection(section) => {
                    for index in section {
                        let own = types.get(usize::try_from(index?)?).copied();
                        parameters.push(own.context("a function has no type")?);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        initial = Some(u32::try_from(memory?.initial)?);
                    }
                }
                Payload::GlobalSection(section) => globals = section.count(),
                _ => {}
            }
        }
        parameters.reverse();
        let fuel = imports.globals.saturating_add(globals);
        Ok(Self {
            tick: imports
                .tick
                .context("the Wasm does not import redrive.tick")?,
            fuel,
            parameters,
            local: 0,
            memory: Memory {
                initial: initial.context("the Wasm has no memory of its own")?,
                maximum: max_pages,
                pages: fuel.saturating_add(1),
            },
            counts: true,
            has_fuel: false,
        })
    }

    /// Takes what is in the local, and asks for more if there is none left.
    fn take_local(&self, function: &mut Function) {
        function
            .instruction(&Instruction::GlobalGet(self.fuel))
            .instruction(&Instruction::LocalGet(self.local))
            .instruction(&Instruction::I32Sub);
        self.check(function);
    }

    /// Takes so much, and asks for more if there is none left.
    fn take(&self, function: &mut Function, cost: i32) {
        if !self.counts {
            return;
        }
        function
            .instruction(&Instruction::GlobalGet(self.fuel))
            .instruction(&Instruction::I32Const(cost))
            .instruction(&Instruction::I32Sub);
        self.check(function);
    }

    fn check(&self, function: &mut Function) {
        function
            .instruction(&Instruction::LocalTee(self.local))
            .instruction(&Instruction::GlobalSet(self.fuel))
            .instruction(&Instruction::LocalGet(self.local))
            .instruction(&Instruction::I32Const(0))
            .instruction(&Instruction::I32LtS)
            .instruction(&Instruction::If(BlockType::Empty))
            .instruction(&Instruction::Call(self.tick))
            .instruction(&Instruction::End);
    }

    /// Writes an instruction and what it costs. `turn` is that for a loop.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other instructions stay as they are"
    )]
    fn write(&self, function: &mut Function, instruction: &Instruction<'_>, turn: i32) {
        let length = self.local.saturating_add(1);
        match instruction {
            Instruction::MemorySize(_) => self.memory.size(function),
            Instruction::MemoryGrow(_) => self.memory.grow(function, length, self.local),
            Instruction::MemoryCopy { .. } | Instruction::MemoryFill(_) => {
                self.take_by_length(function, length);
                function.instruction(instruction);
            }
            Instruction::Loop(_) => {
                function.instruction(instruction);
                self.take(function, turn);
            }
            _ => {
                function.instruction(instruction);
            }
        }
    }

    /// Takes by the length on top of the stack, and leaves it there.
    fn take_by_length(&self, function: &mut Function, length: u32) {
        if !self.counts {
            return;
        }
        function
            .instruction(&Instruction::LocalTee(length))
            .instruction(&Instruction::I32Const(BULK_BYTES_SHIFT))
            .instruction(&Instruction::I32ShrU)
            .instruction(&Instruction::LocalSet(self.local));
        self.take_local(function);
        function.instruction(&Instruction::LocalGet(length));
    }
}

impl Reencode for Rewriter {
    type Error = Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Failure> {
        utils::parse_import_section(self, imports, section)?;
        let memory = MemoryType {
            minimum: u64::from(self.memory.initial),
            maximum: Some(u64::from(self.memory.maximum)),
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        imports.import(memory::IMPORT.0, memory::IMPORT.1, memory);
        Ok(())
    }

    /// Leaves out the memory, which is imported.
    fn parse_memory_section(
        &mut self,
        _memories: &mut MemorySection,
        _section: wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), Failure> {
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Failure> {
        utils::parse_global_section(self, globals, section)?;
        self.has_fuel = true;
        let kind = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(kind, &ConstExpr::i32_const(0));
        let initial = i32::try_from(self.memory.initial).unwrap_or(i32::MAX);
        globals.global(kind, &ConstExpr::i32_const(initial));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Failure> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(FUEL, ExportKind::Global, self.fuel);
        exports.export(memory::PAGES, ExportKind::Global, self.memory.pages);
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: wasmparser::FunctionBody<'_>,
    ) -> Result<(), Failure> {
        let mut locals = Vec::new();
        let mut next = self.parameters.pop().unwrap_or_default();
        for declared in body.get_locals_reader()? {
            let (count, kind) = declared?;
            next = next.saturating_add(count);
            locals.push((count, self.val_type(kind)?));
        }
        // One for what is counted, one for a length.
        locals.push((2, ValType::I32));
        self.local = next;
        let mut function = Function::new(locals);
        self.take(&mut function, TURN);
        let mut are_short = loops::are_short(&body)?.into_iter();
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let instruction = self.parse_instruction(&mut operators)?;
            let is_loop = matches!(instruction, Instruction::Loop(_));
            let is_short = is_loop && are_short.next().unwrap_or_default();
            let turn = if is_short { SHORT_TURN } else { TURN };
            self.write(&mut function, &instruction, turn);
        }
        code.function(&function);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
