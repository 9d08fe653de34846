//! A stack that ends with its process, in a folder that no other process uses.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use xtask::checkout;
use xtask::stack::{Stack, StackOptions};

use super::watchdog::Watchdog;

/// Where the stacks of the tests are, relative to the checkout. They stay after the tests, so that
/// a failure can be looked into.
const FOLDER: &str = ".redrive/tests";

/// A running stack.
#[derive(Debug)]
pub(crate) struct Watched {
    // Fields are dropped in this order.
    pub(crate) stack: Stack,
    _watchdog: Watchdog,
}

impl Watched {
    /// Starts a stack with an empty state in the folder of this name, once no other process uses
    /// it.
    pub(crate) fn start(name: &str, set: impl FnOnce(&mut StackOptions)) -> Result<Self> {
        let folder = folder(name)?;
        let lock = File::create(folder.with_extension("lock"))?;
        lock.lock().context("cannot lock the folder of the stack")?;
        let watchdog = Watchdog::start(&folder, lock)?;
        let mut options = StackOptions::new(folder);
        options.fresh = true;
        set(&mut options);
        let stack = Stack::start(options)?;
        Ok(Self {
            stack,
            _watchdog: watchdog,
        })
    }

    /// Whether the state has this folder or file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.stack.state_dir().join(path).exists()
    }

    /// What the files below a folder of the state hold, as text.
    pub(crate) fn contents(&self, folder: &str) -> Result<Vec<String>> {
        let mut folders = vec![self.stack.state_dir().join(folder)];
        let mut contents = Vec::new();
        while let Some(folder) = folders.pop() {
            let context = || format!("cannot read {}", folder.display());
            for entry in fs::read_dir(&folder).with_context(context)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    // A file of SQLite's may be gone again.
                    let bytes = fs::read(&path).unwrap_or_default();
                    contents.push(String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
        Ok(contents)
    }
}

/// The absolute path of a stack's folder, without links in it: as the runtime is told.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = checkout::path(FOLDER);
    fs::create_dir_all(&folder)
        .and_then(|()| folder.canonicalize())
        .map(|folder| folder.join(name))
        .with_context(|| format!("cannot make {}", folder.display()))
}
