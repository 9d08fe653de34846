//! The calls that attempts made, and what each used.

use super::{AttemptOutcome, AttemptRecord, DroppedAnswer, FallbackRecord};
use crate::configuration::Cost;
use crate::provider::Usage;

/// A provider that was asked in an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Called<'a> {
    pub(crate) provider: &'a str,
    /// The model it was asked for.
    pub(crate) model: &'a str,
    /// Whether its answer was taken.
    pub(crate) answered: bool,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<Cost>,
    pub(crate) possibly_billed: bool,
}

impl Called<'_> {
    /// Whether it may have been charged for, and nobody knows how much.
    pub(crate) fn is_untold(&self) -> bool {
        (self.answered || self.possibly_billed) && self.usage.is_none() && self.cost.is_none()
    }

    /// Whether tokens are known, and what they cost is not.
    pub(crate) fn is_unpriced(&self) -> bool {
        self.usage.is_some() && self.cost.is_none()
    }
}

impl FallbackRecord {
    /// What was asked of this provider, if it was asked.
    pub(crate) fn call(&self) -> Option<Called<'_>> {
        self.called.then_some(Called {
            provider: &self.provider,
            model: &self.model,
            answered: false,
            usage: self.usage,
            cost: self.cost_micro_usd,
            possibly_billed: self.possibly_billed,
        })
    }
}

impl AttemptRecord {
    /// The calls of this attempt, in their order, the decisive one last. Of an attempt that nobody
    /// saw end there are none, because nobody knows whom it asked.
    pub(crate) fn calls(&self) -> impl Iterator<Item = Called<'_>> {
        let passed = self.fallbacks.iter().filter_map(FallbackRecord::call);
        passed.chain(self.decisive())
    }

    /// The call whose outcome decided. A provider whose circuit was open, or that could not be
    /// asked for its settings, is told by the record as well.
    fn decisive(&self) -> Option<Called<'_>> {
        let answered = self.outcome == AttemptOutcome::Succeeded;
        // Rows that are older than chains do not say `called`.
        let was_asked = self.called || answered || self.row.is_some() || self.possibly_billed;
        let provider = self.provider.as_deref()?;
        (was_asked && self.pending.is_none()).then_some(Called {
            provider,
            // Absent in rows that are older than chains of providers.
            model: self.model.as_deref().unwrap_or_default(),
            answered,
            usage: self.usage,
            cost: self.cost_micro_usd,
            possibly_billed: self.possibly_billed,
        })
    }

    /// Whether the attempt was seen to end, so that what it tells of its calls is all there is.
    pub(crate) fn was_seen(&self) -> bool {
        match self.outcome {
            AttemptOutcome::Succeeded
            | AttemptOutcome::Failed
            | AttemptOutcome::Deferred
            | AttemptOutcome::Unknown => true,
            AttemptOutcome::Rescued | AttemptOutcome::Cancelled => false,
        }
    }
}

impl DroppedAnswer {
    /// The calls of the attempt, in their order, the one that brought the answer last.
    pub(crate) fn calls(&self) -> impl Iterator<Item = Called<'_>> {
        let passed = self.fallbacks.iter().filter_map(FallbackRecord::call);
        passed.chain([Called {
            provider: &self.provider,
            model: self.model.as_deref().unwrap_or_default(),
            answered: false,
            usage: self.usage,
            cost: self.cost_micro_usd,
            possibly_billed: true,
        }])
    }
}
