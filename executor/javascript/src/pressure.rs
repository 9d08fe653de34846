//! When to collect garbage: often enough that what a program no longer holds does not count against
//! its memory limit, and seldom enough that little time goes into it.

use std::cell::Cell;

use redrive_guest::{room, used};

/// The least and the most that is allocated between two collections.
const LEAST_STEP: usize = 1024 * 1024;
const MOST_STEP: usize = 16 * 1024 * 1024;

thread_local! {
    /// Collect once so many bytes are allocated. `None`: a collection has just been asked for, and
    /// what it leaves is not known yet.
    static NEXT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Forgets what was before the program: its limit is another.
pub(crate) fn start() {
    NEXT.set(None);
}

/// Whether the collector should run now. Asked before every allocation of an object.
pub(crate) fn is_short() -> bool {
    let used = used();
    match NEXT.get() {
        // Half of what is left, so that there is another chance before the limit.
        None => {
            let step = (room() / 2).clamp(LEAST_STEP, MOST_STEP);
            NEXT.set(Some(used.saturating_add(step)));
            false
        }
        Some(next) if used > next => {
            NEXT.set(None);
            true
        }
        Some(_) => false,
    }
}
