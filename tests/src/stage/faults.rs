//! A stage whose bindings fail as they are told to.

use anyhow::Result;
use serde_json::Value;
use xtask::faults::Faults;

use super::Stage;
use crate::poll;

/// A place in the log: what came before it belongs to other tests. The default is the beginning.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark(usize);

impl Stage {
    /// Has these faults strike at the bindings from the next request, delivery or sweep on. What is
    /// under way keeps the faults that it began with.
    ///
    /// # Errors
    /// When the stage was not started by [`Self::start_faulty`], or does not answer.
    pub fn set_faults(&self, faults: Faults) -> Result<()> {
        self.watched.stack.set_faults(faults)
    }

    /// Has nothing fail any more.
    ///
    /// # Errors
    /// As [`Self::set_faults`].
    pub fn recover(&self) -> Result<()> {
        self.set_faults(Faults::default())
    }

    /// Where the log ends now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn mark(&self) -> Result<Mark> {
        Ok(Mark(self.watched.stack.log()?.len()))
    }

    /// The Workers' events since `mark` that name this value in this field, the earliest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn events_since(&self, mark: Mark, name: &str, value: &str) -> Result<Vec<Value>> {
        let log = self.watched.stack.log()?;
        let events = log
            .get(mark.0..)
            .unwrap_or_default()
            .lines()
            .filter_map(|line| {
                let (_, event) = line.strip_prefix("[redrive-")?.split_once("] ")?;
                serde_json::from_str::<Value>(event).ok()
            });
        Ok(events
            .filter(|event| event.get(name).is_some_and(|found| found == value))
            .collect())
    }

    /// Waits until a fault has struck so many times since `mark` at a binding; `fault` is what the
    /// log calls it.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn struck(&self, mark: Mark, binding: &str, fault: &str, times: usize) -> Result<()> {
        poll::until(format!("{fault} at {binding}, {times} times"), async || {
            let events = self.events_since(mark, "event", "fault")?;
            let met = events
                .iter()
                .filter(|event| event["binding"] == binding && event["fault"] == fault);
            Ok((met.count() >= times).then_some(()))
        })
        .await
    }
}
