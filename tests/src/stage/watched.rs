//! A stack that ends with its process, in a folder that no other process uses.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
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
    watchdog: Watchdog,
}

impl Watched {
    /// Starts a stack with an empty state in the folder of this name, once no other process uses
    /// it.
    pub(crate) fn start(name: &str, set: impl FnOnce(&mut StackOptions)) -> Result<Self> {
        let folder = folder(name)?;
        let lock = File::create(folder.with_extension("lock"))?;
        lock.lock().context("cannot lock the folder of the stack")?;
        let mut watchdog = Watchdog::start(lock)?;
        let mut options = StackOptions::new(folder);
        options.fresh = true;
        set(&mut options);
        let stack = Stack::start(options)?;
        watchdog.watch(&stack.process_groups())?;
        Ok(Self { stack, watchdog })
    }

    /// Kills the runtime as a power cut would, and starts it again on what it had written down.
    pub(crate) fn crash(&mut self) -> Result<()> {
        let running = self.stack.workerd_pids()?;
        ensure!(!running.is_empty(), "the runtime does not run");
        for id in running {
            kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGKILL)
                .context("cannot kill the runtime")?;
        }
        self.stack.restart()?;
        self.watchdog.watch(&self.stack.process_groups())
    }
}

fn folder(name: &str) -> Result<PathBuf> {
    let folder = checkout::path(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder.join(name))
}
