//! When to collect garbage: often enough that what a program no longer holds does not count against
//! its memory limit, and seldom enough that little time goes into it.
//!
//! Boa counts the objects that were made, not the storage of arrays and the text behind them: it
//! collects after some thousand objects, whatever they hold. So this looks at the memory wherever
//! the engine lets us: every few instructions of the program and of the function that is called,
//! between the reactions of promises, before every buffer, and in the functions named below. What is
//! left is a function that the engine calls (of `sort`, a getter, a generator) and that uses none of
//! these.

use std::cell::Cell;

use boa_engine::gc::force_collect;
use boa_engine::{Context, JsObject, JsResult, JsValue};
use redrive_guest::{room, used};

use crate::methods::replace;

/// The least and the most that is allocated between two collections.
const LEAST_STEP: usize = 1024 * 1024;
const MOST_STEP: usize = 16 * 1024 * 1024;

/// Functions that make much in one call: of what, by which name, with how many parameters.
const MAKERS: [(&str, &str, usize); 6] = [
    ("Array", "from", 1),
    ("Array.prototype", "concat", 1),
    ("Array.prototype", "fill", 1),
    ("Array.prototype", "slice", 2),
    ("JSON", "parse", 2),
    ("String.prototype", "repeat", 1),
];

thread_local! {
    /// Collect once so many bytes are allocated.
    static NEXT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Takes what is allocated now for what a program cannot do without. Called when its limit is set.
pub(crate) fn start() {
    // Half of what is left, so that there is another chance before the limit.
    let step = (room() / 2).clamp(LEAST_STEP, MOST_STEP);
    NEXT.set(used().saturating_add(step));
}

/// Collects garbage if much was allocated since the last time. Not to be called while the engine
/// allocates.
pub(crate) fn relieve() {
    if used() > NEXT.get() {
        force_collect();
        start();
    }
}

/// Has the functions look at the memory first.
pub(crate) fn register(context: &mut Context) -> JsResult<()> {
    MAKERS.into_iter().try_for_each(|(holder, name, length)| {
        replace(holder, name, length, relieve_and_call, context)
    })
}

fn relieve_and_call(
    this: &JsValue,
    arguments: &[JsValue],
    original: &JsObject,
    context: &mut Context,
) -> JsResult<JsValue> {
    relieve();
    original.call(this, arguments, context)
}
