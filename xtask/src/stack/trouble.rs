//! What a stack is put through: faults at its bindings, and crashes.

use std::sync::{MutexGuard, PoisonError};

use anyhow::{Result, ensure};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Map, Value};

use super::{Stack, state};
use crate::faults::Faults;
use crate::http;

impl Stack {
    /// Has other faults strike from now on, after a restart too, with numbers from their seed.
    ///
    /// # Errors
    /// If the stack was started without faults, or does not answer.
    pub fn set_faults(&self, faults: Faults) -> Result<()> {
        let mut current = self.faults();
        ensure!(
            current.is_some(),
            "the stack was started without faults: give it some to begin with, if only the default"
        );
        let plans = faults.plans(self.starts)?;
        let plans: Map<String, Value> = plans
            .map(|plan| (plan.worker.to_owned(), Value::Object(plan.faults)))
            .into_iter()
            .collect();
        let url = format!("{}/__local/faults", self.url());
        http::post(url, None, Some(&Value::Object(plans)))?.json(200)?;
        *current = Some(faults);
        Ok(())
    }

    /// Kills the runtime as a power cut would, and starts it again on what it had written down.
    /// What the queue held is lost.
    ///
    /// # Errors
    /// If the runtime does not run, or does not come back.
    pub fn crash(&mut self) -> Result<()> {
        let running = self.workerd_pids()?;
        ensure!(!running.is_empty(), "the runtime does not run");
        for id in running {
            let killed = kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGKILL);
            // One that is gone already is as good as killed.
            ensure!(
                matches!(killed, Ok(()) | Err(Errno::ESRCH)),
                "cannot kill the runtime"
            );
        }
        self.restart()
    }

    /// Has the Workers start with the faults of now, and with numbers of their own.
    pub(super) fn note_faults(&self) -> Result<()> {
        match self.faults().as_ref() {
            Some(faults) => state::note_faults(&self.configurations, &faults.plans(self.starts)?),
            None => Ok(()),
        }
    }

    /// The faults stay whole even where a holder of the lock panicked: no write to them can.
    fn faults(&self) -> MutexGuard<'_, Option<Faults>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
