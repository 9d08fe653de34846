//! The state machine of one circuit: `closed -> open -> half_open -> closed | open`. Pure.

#[cfg(test)]
mod tests;

use super::CircuitState;
use crate::clock::Instant;
use crate::error_code::ErrorCode;
use crate::provider::{Budget, CircuitSign, Failure, Verdict};
use std::collections::VecDeque;
use std::time::Duration;

/// Outcomes that decide whether a circuit opens.
const WINDOW: usize = 20;

/// It opens when half of the window failed and so many of the latest without exception.
///
/// Half of 20 alone would open a circuit seven times in 10,000 calls of which a fifth fail at
/// random; with both conditions it does so less than once, and a provider that is gone is noticed
/// just as soon.
const LATEST_FAILED: usize = 5;

/// A throttled call does not open it alone while one of so many calls before it was answered: it may
/// have been too large for what was left of the budget, while others fit. The second one does.
const LATEST_ANSWERED: usize = 4;

/// How long it is open when failures opened it that say no length themselves.
pub(super) const OPEN_MS: i64 = 15_000;

/// The shortest opening after a probe that failed.
const SHORTEST_OPEN_MS: i64 = 1_000;

/// A throttled probe keeps the circuit open for this part of the time since it left `closed`, up
/// to [`OPEN_MS`], when its hint is shorter: a provider that says "one second" for an hour is not
/// asked every second.
const DOUBT: i64 = 12;

/// Calls that were under way together end a moment apart, each with its own hint. The circuit keeps
/// to the latest, but others are told only what is later by so much.
pub(super) const WORTH_TELLING_MS: i64 = 1_000;

/// The longest a hint of the provider keeps the circuit open.
const LONGEST_HINT: Duration = Duration::from_mins(2);

/// Since when a circuit is not closed, until when, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The error code of the call that opened it, or held it open the longest.
    pub code: ErrorCode,
    /// When it left `closed`.
    pub opened_at: Instant,
    /// Open: no call is made before. Half open: when the probe counts as lost.
    pub until: Instant,
}

/// How a circuit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Closed,
    Open(Opening),
    HalfOpen(Opening),
}

/// Permission to make one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// How often the circuit had opened before: what a call brings that began before the latest
    /// opening is no news.
    openings: u32,
    /// Of a probe: what it probes. When it counts as lost tells it from any other probe.
    pub(super) probe: Option<Opening>,
}

/// What a circuit answers to an attempt that wants to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Call, and report the outcome.
    Call(Ticket),
    /// Do not call.
    Wait(CircuitState, Opening),
}

/// What a call says about its circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// The provider answered, or would answer others.
    Well,
    /// Others may fail as well.
    Failed(ErrorCode),
    /// The provider asks for so much patience.
    Throttled(ErrorCode, Duration),
    /// Others will fail as well, for so long at least.
    Shut(ErrorCode, Duration),
}

impl Report {
    /// Reads what a call came to.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Answered(_) | Verdict::Pending(_) | Verdict::Paused(_) => Self::Well,
            Verdict::Failed(failure) => Self::of_failure(failure),
        }
    }

    fn of_failure(failure: &Failure) -> Self {
        match (failure.circuit, failure.budget, failure.hint) {
            (CircuitSign::Unmoved, _, _) => Self::Well,
            (CircuitSign::Opens { minutes }, _, _) => {
                Self::Shut(failure.code, Duration::from_mins(minutes.into()))
            }
            (CircuitSign::OpensUntilHint, _, Some(hint)) => Self::Shut(failure.code, hint),
            (CircuitSign::Counts, Budget::Throttle, Some(hint)) => {
                Self::Throttled(failure.code, hint.min(LONGEST_HINT))
            }
            (
                CircuitSign::Counts,
                Budget::Throttle | Budget::Failure | Budget::Immediate,
                Some(_) | None,
            )
            | (CircuitSign::OpensUntilHint, _, None) => Self::Failed(failure.code),
        }
    }
}

/// What a report changed, and the others have to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It is open now, or longer than it was.
    Opened(Opening),
    /// It is closed now, by the probe of this opening.
    Closed(Opening),
}

/// How one call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Well,
    Failed,
    Throttled,
}

/// One circuit.
#[derive(Clone, Debug)]
pub(super) struct Circuit {
    standing: Standing,
    openings: u32,
    /// The end of the opening that the others know of.
    told_until: Instant,
    /// The latest outcomes, the newest last; empty unless closed.
    recent: VecDeque<Mark>,
}

impl Circuit {
    pub(super) const fn closed() -> Self {
        Self {
            standing: Standing::Closed,
            openings: 0,
            told_until: Instant::from_millis(0),
            recent: VecDeque::new(),
        }
    }

    pub(super) const fn standing(&self) -> Standing {
        self.standing
    }

    /// Takes over what somebody else found.
    pub(super) fn adopt(&mut self, standing: Standing) {
        let was_closed = self.standing == Standing::Closed;
        if was_closed != (standing == Standing::Closed) {
            self.recent.clear();
            self.openings = self.openings.wrapping_add(u32::from(was_closed));
        }
        self.standing = standing;
    }

    /// How it stands at `now`, when nobody may call.
    pub(super) fn waits(&self, now: Instant) -> Option<(CircuitState, Opening)> {
        match self.standing {
            Standing::Open(opening) if now < opening.until => Some((CircuitState::Open, opening)),
            Standing::HalfOpen(opening) if now < opening.until => {
                Some((CircuitState::HalfOpen, opening))
            }
            Standing::Closed | Standing::Open(_) | Standing::HalfOpen(_) => None,
        }
    }

    /// Asks for a call at `now`. Whoever comes first after the opening is over becomes the probe,
    /// which counts as lost at `probe_until`.
    pub(super) fn enter(&mut self, now: Instant, probe_until: Instant) -> Entry {
        if let Some((state, opening)) = self.waits(now) {
            return Entry::Wait(state, opening);
        }
        let ticket = Ticket {
            openings: self.openings,
            probe: None,
        };
        let opening = match self.standing {
            Standing::Closed => return Entry::Call(ticket),
            Standing::Open(opening) | Standing::HalfOpen(opening) => opening,
        };
        let probed = Opening {
            until: probe_until,
            ..opening
        };
        self.standing = Standing::HalfOpen(probed);
        Entry::Call(Ticket {
            probe: Some(probed),
            ..ticket
        })
    }

    /// Takes the report of a call that ended at `now`; answers what it changed.
    pub(super) fn leave(
        &mut self,
        ticket: &Ticket,
        report: Report,
        now: Instant,
    ) -> Option<Change> {
        if let (Standing::HalfOpen(opening), Some(probe)) = (self.standing, ticket.probe)
            && opening.until == probe.until
        {
            return Some(self.conclude(opening, report, now));
        }
        match report {
            Report::Well => {
                self.count(ticket, Mark::Well);
                None
            }
            Report::Failed(code) => {
                self.count(ticket, Mark::Failed);
                let opens = self.standing == Standing::Closed && self.is_broken();
                if opens {
                    self.open(code, now, now.plus_millis(OPEN_MS))
                } else {
                    None
                }
            }
            Report::Throttled(code, hint) => {
                let passes = self.standing == Standing::Closed && self.others_are_answered();
                self.count(ticket, Mark::Throttled);
                if passes {
                    return None;
                }
                self.open(code, now, now.plus(hint))
            }
            Report::Shut(code, length) => self.open(code, now, now.plus(length)),
        }
    }

    /// The probe decides.
    fn conclude(&mut self, opening: Opening, report: Report, now: Instant) -> Change {
        let age = now.millis_since(opening.opened_at).max(0);
        let (code, until) = match report {
            Report::Well => {
                self.adopt(Standing::Closed);
                return Change::Closed(opening);
            }
            Report::Failed(code) => {
                let length = age.clamp(SHORTEST_OPEN_MS, OPEN_MS);
                (code, now.plus_millis(length))
            }
            Report::Throttled(code, hint) => {
                let doubt = (age / DOUBT).min(OPEN_MS);
                (code, now.plus(hint).max(now.plus_millis(doubt)))
            }
            Report::Shut(code, length) => (code, now.plus(length)),
        };
        let opening = Opening {
            code,
            until,
            ..opening
        };
        self.standing = Standing::Open(opening);
        self.told_until = until;
        Change::Opened(opening)
    }

    /// Opens it, or keeps it open for longer. A call that comes back while another probes speaks
    /// as well: what the provider said last holds.
    fn open(&mut self, code: ErrorCode, now: Instant, until: Instant) -> Option<Change> {
        let (opened_at, is_news) = match self.standing {
            Standing::Closed => (now, true),
            Standing::Open(opening) if until <= opening.until => return None,
            Standing::Open(opening) => {
                let later = until.millis_since(self.told_until);
                (opening.opened_at, later >= WORTH_TELLING_MS)
            }
            Standing::HalfOpen(opening) => (opening.opened_at, true),
        };
        let opening = Opening {
            code,
            opened_at,
            until,
        };
        self.adopt(Standing::Open(opening));
        if !is_news {
            return None;
        }
        self.told_until = until;
        Some(Change::Opened(opening))
    }

    /// Counts an outcome, unless the call began before the latest opening.
    fn count(&mut self, ticket: &Ticket, mark: Mark) {
        if self.standing != Standing::Closed || ticket.openings != self.openings {
            return;
        }
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(mark);
    }

    fn is_broken(&self) -> bool {
        let failed = self.recent.iter().filter(|mark| **mark != Mark::Well);
        let latest = self.recent.iter().rev().take(LATEST_FAILED);
        self.recent.len() >= LATEST_FAILED
            && failed.count() * 2 >= self.recent.len()
            && latest.into_iter().all(|mark| *mark != Mark::Well)
    }

    /// Whether a call that is throttled now stands alone: others were answered just before, and
    /// the latest was not throttled.
    fn others_are_answered(&self) -> bool {
        let mut latest = self.recent.iter().rev().take(LATEST_ANSWERED);
        self.recent.back() != Some(&Mark::Throttled) && latest.any(|mark| *mark == Mark::Well)
    }
}
