//! An allocator that counts, and ends the run when it has allocated too much.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::host::{Limit, end_by};

static USED: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// The system's allocator with a limit. There is no limit before [`crate::run`] sets the job's.
///
/// It never answers null: code that is told so usually aborts, which looks like a fault of the
/// interpreter. It ends the run instead.
#[derive(Debug)]
pub struct Limited;

/// Lets the run allocate so many bytes more than are in use now.
pub(crate) fn allow(bytes: usize) {
    let used = USED.load(Ordering::Relaxed);
    LIMIT.store(used.saturating_add(bytes), Ordering::Relaxed);
}

/// How many bytes are allocated.
#[must_use]
pub fn used() -> usize {
    USED.load(Ordering::Relaxed)
}

/// How many bytes may still be allocated. Plenty, before [`crate::run`] sets the job's limit.
#[must_use]
pub fn room() -> usize {
    LIMIT.load(Ordering::Relaxed).saturating_sub(used())
}

fn take(bytes: usize) {
    let used = USED.load(Ordering::Relaxed).saturating_add(bytes);
    if used > LIMIT.load(Ordering::Relaxed) {
        end_by(Limit::Memory);
    }
    USED.store(used, Ordering::Relaxed);
}

fn give_back(bytes: usize) {
    let used = USED.load(Ordering::Relaxed);
    USED.store(used.saturating_sub(bytes), Ordering::Relaxed);
}

/// The memory itself cannot grow.
fn refuse_null(address: *mut u8) -> *mut u8 {
    if address.is_null() {
        end_by(Limit::Memory);
    }
    address
}

// SAFETY: every call goes on to the system's allocator with the same layout; counting does not
// touch the memory. Wasm has one thread, so reading and storing a count need not be one step.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as the caller promises.
        refuse_null(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as the caller promises.
        refuse_null(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(address, layout) }
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        give_back(layout.size());
        take(size);
        // SAFETY: as the caller promises.
        refuse_null(unsafe { System.realloc(address, layout, size) })
    }
}
