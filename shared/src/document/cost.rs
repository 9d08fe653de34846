//! What a job cost, by the attempts of its history and the answers that were dropped.

use crate::configuration::Cost;
use crate::job::{AttemptRecord, Called, DroppedAnswer, JobRecord};
use crate::provider::Usage;
use crate::usage::add_known;
use std::collections::BTreeMap;

/// The sums over all calls of a job. A sum of which no part is known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Costs {
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    pub(super) total_tokens: Option<u64>,
    pub(super) cost_micro_usd: Option<Cost>,
    /// Calls that may have been charged for, and of which nothing is known.
    pub(super) untold_calls: u32,
}

/// What became of one attempt's calls: by the history, or by the answer that was dropped.
enum Told<'a> {
    Attempt(&'a AttemptRecord),
    Dropped(&'a DroppedAnswer),
}

impl Costs {
    /// Adds up each attempt once. An answer that was taken for dropped, because the word of its
    /// commit was lost, stands in the history as well; an attempt that nobody saw end stands there
    /// without its calls, and among the dropped answers with them.
    pub(super) fn of(job: &JobRecord) -> Self {
        let mut told: BTreeMap<u32, Told<'_>> = BTreeMap::new();
        for answer in &job.dropped_answers {
            told.insert(answer.attempt, Told::Dropped(answer));
        }
        for record in &job.attempts {
            if record.was_seen() {
                told.insert(record.attempt, Told::Attempt(record));
            } else {
                told.entry(record.attempt).or_insert(Told::Attempt(record));
            }
        }
        let mut costs = Self::default();
        for one in told.into_values() {
            match one {
                Told::Attempt(record) if record.was_seen() => {
                    record.calls().for_each(|call| costs.add(&call));
                }
                Told::Attempt(record) => costs.untold_calls += u32::from(record.possibly_billed),
                Told::Dropped(answer) => answer.calls().for_each(|call| costs.add(&call)),
            }
        }
        costs
    }

    fn add(&mut self, call: &Called<'_>) {
        let Usage {
            input_tokens,
            output_tokens,
            total_tokens,
            cached_tokens: _,
            reasoning_tokens: _,
        } = call.usage.unwrap_or_default();
        add_known(&mut self.input_tokens, input_tokens);
        add_known(&mut self.output_tokens, output_tokens);
        add_known(&mut self.total_tokens, total_tokens);
        add_known(&mut self.cost_micro_usd, call.cost);
        self.untold_calls += u32::from(call.is_untold());
    }
}
