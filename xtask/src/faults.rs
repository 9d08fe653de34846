//! What a local stack's bindings are told to do wrong.
//!
//! The Workers run as they are built. Around them stand the modules of `xtask/faults/`, which stand
//! in for D1, KV, the queues and the executors, hand every call on, and fail it as a plan says:
//! before it reaches the binding, so that nothing happened, or after it, so that its answer is
//! lost. Messages of a queue get lost, come twice, or come late.
//!
//! A plan is part of [`StackOptions`](crate::stack::StackOptions), and
//! [`Stack::set_faults`](crate::stack::Stack::set_faults) changes it while the stack runs.
//! Every fault that strikes is one line in the stack's log, with the event `fault`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::checkout;
use crate::settings::WorkerSettings;

/// Where the modules are that stand in for the bindings, relative to the checkout.
const MODULES: &str = "xtask/faults";
/// The variable that carries the plan when a Worker starts.
const VARIABLE: &str = "FAULTS";

/// The faults of both Workers. The default is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Faults {
    /// What the numbers are drawn from that decide when a probable fault strikes.
    pub seed: u32,
    /// At the producer's bindings.
    pub producer: WorkerFaults,
    /// At the consumer's bindings.
    pub consumer: WorkerFaults,
}

/// The faults at the bindings of one Worker.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerFaults {
    /// D1, `DB`. A call is a whole batch.
    pub database: CallFaults,
    /// Reads of KV, `STATUS`.
    pub cache_get: CallFaults,
    /// Writes of KV, `STATUS`.
    pub cache_put: CallFaults,
    /// The queue `JOBS`.
    pub jobs: QueueFaults,
    /// The queue `BULK_JOBS`.
    pub bulk_jobs: QueueFaults,
    /// The queue `TASKS`.
    pub tasks: QueueFaults,
    /// The queue `DEAD_LETTERS`.
    pub dead_letters: QueueFaults,
    /// The Workers that run code, `EXECUTOR_JAVASCRIPT` and `EXECUTOR_PYTHON`. What a call has in it
    /// is the binding's name and the request.
    pub executors: CallFaults,
}

/// What goes wrong with the calls of a binding. Probabilities are from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallFaults {
    /// The probability that a call fails and nothing has happened.
    pub before: f64,
    /// The probability that a call takes effect and fails all the same: its answer is lost.
    pub after: f64,
    /// What the error says; `None` takes one of the platform's own messages each time.
    pub message: Option<String>,
    /// How long a call is held before it is made, in milliseconds.
    pub hold_before_ms: u32,
    /// How long a call's answer is held, in milliseconds.
    pub hold_after_ms: u32,
    /// The only calls meant: those with this text in the SQL, in the key, in a message's body, or in
    /// a program's request.
    pub only: Option<String>,
    /// After this many faults, holds included, there are no more; `None` sets no limit.
    pub times: Option<u32>,
}

/// What goes wrong with a queue. Probabilities are from 0 to 1, and those of the fields beside
/// `send` are for each message.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueFaults {
    /// With the calls that send, and with the call for the queue's metrics.
    #[serde(flatten)]
    pub send: CallFaults,
    /// The probability that a message is lost, though the call succeeds.
    pub drop: f64,
    /// The probability that a message comes more than once.
    pub duplicate: f64,
    /// How many times more; 0 counts as 1.
    pub copies: u32,
    /// The probability that a message comes late, behind those that were sent after it.
    pub delay: f64,
    /// The longest that late messages and copies take, in seconds; each takes from 0 up to it.
    pub delay_seconds: u32,
}

impl Faults {
    /// The same faults at both Workers.
    #[must_use]
    pub fn at_both(seed: u32, worker: &WorkerFaults) -> Self {
        Self {
            seed,
            producer: worker.clone(),
            consumer: worker.clone(),
        }
    }

    /// What each Worker is told. Workers that start anew, for the `start`th time, draw new numbers.
    pub(crate) fn plans(&self, start: u32) -> Result<[Plan; 2]> {
        let plan = |worker, faults: &WorkerFaults, number| -> Result<Plan> {
            let Value::Object(mut faults) = serde_json::to_value(faults)? else {
                bail!("faults are an object");
            };
            // Far apart, so that no Worker draws what another one drew.
            let seed = self.seed.wrapping_add(start.wrapping_mul(0x51_7cc1));
            let seed = seed.wrapping_mul(2).wrapping_add(number);
            faults.insert("seed".to_owned(), json!(seed));
            Ok(Plan { worker, faults })
        };
        Ok([
            plan("producer", &self.producer, 0)?,
            plan("consumer", &self.consumer, 1)?,
        ])
    }
}

impl CallFaults {
    /// Calls fail with this probability, half of them before and half of them after.
    #[must_use]
    pub fn at(probability: f64) -> Self {
        Self {
            before: probability / 2.0,
            after: probability / 2.0,
            ..Self::default()
        }
    }

    /// Every call fails, and nothing happens.
    #[must_use]
    pub fn always() -> Self {
        Self {
            before: 1.0,
            ..Self::default()
        }
    }

    /// Every call takes effect, and its answer is lost.
    #[must_use]
    pub fn always_after() -> Self {
        Self {
            after: 1.0,
            ..Self::default()
        }
    }

    /// The same faults with one error.
    #[must_use]
    pub fn saying(self, message: &str) -> Self {
        let message = Some(message.to_owned());
        Self { message, ..self }
    }

    /// The same faults for calls alone that have this text in them.
    #[must_use]
    pub fn only(self, text: &str) -> Self {
        let only = Some(text.to_owned());
        Self { only, ..self }
    }
}

/// What one Worker is told.
#[derive(Debug)]
pub(crate) struct Plan {
    /// `producer` or `consumer`.
    pub(crate) worker: &'static str,
    /// The faults at its bindings, with its seed.
    pub(crate) faults: Map<String, Value>,
}

/// Puts a Worker behind the modules: what is built is copied into the Worker's folder of the state,
/// so that a build does not change a Worker that runs, and an entry beside it imports it.
pub(crate) fn wrap(worker: &mut WorkerSettings, folder: &Path, plan: &Plan) -> Result<()> {
    let main = worker.main()?;
    let built = main.parent().context("a Worker's main is in a folder")?;
    let copy = folder.join("build");
    copy_files(built, &copy)?;
    copy_files(&checkout::path(MODULES), &folder.join("faults"))?;
    let entry = folder.join("entry.mjs");
    let text = format!(
        "import Worker from \"./build/index.js\";\n\
         import {{ withFaults }} from \"./faults/faults.mjs\";\n\
         export default withFaults(Worker, \"{}\");\n",
        plan.worker
    );
    fs::write(&entry, text).with_context(|| format!("cannot write {}", entry.display()))?;
    worker.set_main(&entry);
    worker.set_variable(VARIABLE, Value::Object(plan.faults.clone()));
    Ok(())
}

/// Writes a plan into a configuration that [`wrap`] went into, for the next start of the Worker.
pub(crate) fn note(configuration: &Path, plan: &Plan) -> Result<()> {
    let context = || format!("cannot change {}", configuration.display());
    let text = fs::read_to_string(configuration).with_context(context)?;
    let mut document: Value = serde_json::from_str(&text).with_context(context)?;
    let variable = document
        .pointer_mut(&format!("/vars/{VARIABLE}"))
        .with_context(context)?;
    *variable = Value::Object(plan.faults.clone());
    fs::write(configuration, serde_json::to_string_pretty(&document)?).with_context(context)
}

/// Copies the files of a folder, without the folders in it.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {}", from.display());
    fs::create_dir_all(to).with_context(context)?;
    let entries = fs::read_dir(from).with_context(context)?;
    let files = entries.map(|entry| Ok(entry?.path()));
    for file in files.collect::<Result<Vec<PathBuf>>>()? {
        if let (true, Some(name)) = (file.is_file(), file.file_name()) {
            fs::copy(&file, to.join(name)).with_context(context)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_has_the_names_that_the_modules_read() {
        let mut faults = Faults::default();
        faults.consumer.database = CallFaults::always().saying("no").only("UPDATE");
        faults.consumer.jobs.send = CallFaults::at(0.5);
        faults.consumer.jobs.duplicate = 1.0;
        let [_, plan] = faults.plans(0).unwrap();
        assert_eq!(plan.worker, "consumer");
        let call = json!({
            "before": 1.0, "after": 0.0, "message": "no", "holdBeforeMs": 0, "holdAfterMs": 0,
            "only": "UPDATE", "times": null,
        });
        assert_eq!(plan.faults["database"], call);
        assert_eq!(plan.faults["jobs"]["before"], 0.25);
        assert_eq!(plan.faults["jobs"]["duplicate"], 1.0);
        assert_eq!(plan.faults["deadLetters"]["delaySeconds"], 0);
        assert_eq!(plan.faults["cacheGet"]["before"], 0.0);
        assert_eq!(plan.faults["cachePut"]["before"], 0.0);
        assert_eq!(plan.faults["executors"]["before"], 0.0);
    }

    #[test]
    fn no_two_workers_and_no_two_starts_draw_the_same_numbers() {
        let seeds = |start| -> Vec<Value> {
            let plans = Faults::default().plans(start).unwrap();
            plans.map(|plan| plan.faults["seed"].clone()).to_vec()
        };
        let mut all = [seeds(0), seeds(1), seeds(2)].concat();
        all.sort_by_key(Value::as_u64);
        all.dedup();
        assert_eq!(all.len(), 6);
        assert_eq!(seeds(1), seeds(1));
    }
}
