//! Tells the loops that do next to nothing in a turn from the others.
//!
//! An interpreter goes through a loop for every instruction of the program, and a turn takes some
//! nanoseconds. One that looks at a text word by word takes half a nanosecond: at the same price a
//! program that adds to a long string would be charged for many times what it takes.

use wasmparser::{BinaryReaderError, FunctionBody, Operator};

/// A turn of more instructions than this is a whole one.
const MAX_INSTRUCTIONS: usize = 24;

/// A loop, as far as it has been read.
#[derive(Default)]
struct Turn {
    instructions: usize,
    /// It calls, divides, or has a loop inside.
    is_long: bool,
}

/// Whether each loop of a function is short, in the order in which they begin.
pub(super) fn are_short(body: &FunctionBody<'_>) -> Result<Vec<bool>, BinaryReaderError> {
    let mut turns: Vec<Turn> = Vec::new();
    // What has begun and not ended: the index of a loop, or a block that is none.
    let mut open: Vec<Option<usize>> = Vec::new();
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        let around = open.iter().rev().find_map(|index| *index);
        if let Some(turn) = around.and_then(|index| turns.get_mut(index)) {
            turn.instructions = turn.instructions.saturating_add(1);
            turn.is_long |= takes_long(&operator);
        }
        if let Operator::Loop { .. } = operator {
            open.push(Some(turns.len()));
            turns.push(Turn::default());
        } else if begins_block(&operator) {
            open.push(None);
        } else if let Operator::End = operator {
            open.pop();
        }
    }
    let is_short = |turn: &Turn| !turn.is_long && turn.instructions <= MAX_INSTRUCTIONS;
    Ok(turns.iter().map(is_short).collect())
}

fn begins_block(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Block { .. } | Operator::If { .. } | Operator::TryTable { .. }
    )
}

/// What may take longer than many plain instructions.
fn takes_long(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Loop { .. }
            | Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::I32DivS
            | Operator::I32DivU
            | Operator::I32RemS
            | Operator::I32RemU
            | Operator::I64DivS
            | Operator::I64DivU
            | Operator::I64RemS
            | Operator::I64RemU
            | Operator::F32Div
            | Operator::F64Div
            | Operator::F32Sqrt
            | Operator::F64Sqrt
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryGrow { .. }
    )
}
