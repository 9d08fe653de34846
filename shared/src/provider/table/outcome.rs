//! What a failure means, and how rows write that down.

use crate::error_code::ErrorCode;
use crate::provider::{Action, Budget, CircuitSign, Fallback};
use crate::retry::Backoff;

/// The longest hint, in seconds, that is waited for while another provider could be asked.
const LONGEST_PATIENCE_SECONDS: u16 = 120;

/// What a failure means.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Outcome {
    pub(in crate::provider) action: Action,
    pub(in crate::provider) fallback: Fallback,
    pub(in crate::provider) budget: Budget,
    pub(in crate::provider) circuit: CircuitSign,
    pub(in crate::provider) backoff: Backoff,
    pub(in crate::provider) waits: Waits,
    pub(in crate::provider) code: ErrorCode,
    pub(in crate::provider) message: &'static str,
    pub(in crate::provider) max_retries: Option<u8>,
    pub(in crate::provider) possibly_billed: bool,
}

/// Where the hint of a retry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Waits {
    /// From `retry-after` alone.
    Hint,
    /// From `retry-after`, else from the rate limit budgets that are used up.
    Reset,
    /// From the calendar: a budget that begins anew at 00:00 UTC.
    Midnight,
}

/// The request is at fault: the job ends as `failed`.
pub(super) const fn fail(code: ErrorCode, message: &'static str) -> Outcome {
    Outcome {
        action: Action::Fail,
        fallback: Fallback::Never,
        budget: Budget::Immediate,
        circuit: CircuitSign::Unmoved,
        backoff: Backoff::Standard,
        waits: Waits::Hint,
        code,
        message,
        max_retries: None,
        possibly_billed: false,
    }
}

/// An operator has to act: the job is dead-lettered.
pub(super) const fn dead(code: ErrorCode, message: &'static str) -> Outcome {
    Outcome {
        action: Action::DeadLetter,
        ..fail(code, message)
    }
}

/// The same call may succeed later. Unless the row says more, another provider is asked only when
/// this one wants to be left alone for very long.
pub(super) const fn retry(
    budget: Budget,
    backoff: Backoff,
    code: ErrorCode,
    message: &'static str,
) -> Outcome {
    Outcome {
        action: Action::Retry,
        fallback: Fallback::WhenHintOver(LONGEST_PATIENCE_SECONDS),
        budget,
        backoff,
        ..fail(code, message)
    }
}

impl Outcome {
    /// When the next provider of the chain is asked instead.
    pub(super) const fn falls_back(self, fallback: Fallback) -> Self {
        Self { fallback, ..self }
    }

    /// The next provider is asked at once.
    pub(super) const fn or_another(self) -> Self {
        self.falls_back(Fallback::Now)
    }

    /// The next provider is asked when this one failed so often before.
    pub(super) const fn another_after(self, times: u8) -> Self {
        self.falls_back(Fallback::After(times))
    }

    /// It counts towards the circuit.
    pub(super) const fn counts(self) -> Self {
        self.says_to_circuit(CircuitSign::Counts)
    }

    /// It opens the circuit at once.
    pub(super) const fn opens_for_minutes(self, minutes: u8) -> Self {
        self.says_to_circuit(CircuitSign::Opens { minutes })
    }

    pub(super) const fn says_to_circuit(self, circuit: CircuitSign) -> Self {
        Self { circuit, ..self }
    }

    pub(super) const fn at_most(self, retries: u8) -> Self {
        Self {
            max_retries: Some(retries),
            ..self
        }
    }

    pub(super) const fn possibly_billed(self) -> Self {
        Self {
            possibly_billed: true,
            ..self
        }
    }

    pub(super) const fn waits_for(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }
}
