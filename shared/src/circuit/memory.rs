//! What one isolate knows of the circuits.

#[cfg(test)]
mod tests;

use super::state::{Change, Circuit, Entry, Opening, Report, Standing, Ticket, WORTH_TELLING_MS};
use super::{CircuitKey, CircuitRecord, CircuitState};
use crate::clock::Instant;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Circuits that are remembered. A tenant may name any model, so there is no end to them.
const KEPT: usize = 1_000;

/// The circuits as one isolate knows them: its own calls at once, those of others with every claim.
/// Lives as long as the isolate.
#[derive(Debug, Default)]
pub struct CircuitMemory(Mutex<BTreeMap<CircuitKey, Known>>);

#[derive(Clone, Debug)]
struct Known {
    circuit: Circuit,
    /// Whether the database has the opening: then its absence there means that somebody closed it.
    is_stored: bool,
    /// When this was found or last confirmed; what was read before that is older.
    as_of: Instant,
}

impl CircuitMemory {
    /// A memory in which every circuit is closed.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CircuitKey, Known>> {
        // A map of plain values: it is whole, whatever panicked elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in how the circuits stood in the database when it was asked at `asked_at`: `records`
    /// has those that were not closed, all of them when `is_complete`.
    pub(crate) fn learn(&self, asked_at: Instant, records: &[CircuitRecord], is_complete: bool) {
        let mut circuits = self.lock();
        for record in records {
            if !circuits.contains_key(&record.key) {
                insert(&mut circuits, record.key.clone(), Known::default());
            }
        }
        for (key, known) in circuits.iter_mut() {
            let record = records.iter().find(|record| record.key == *key);
            if record.is_some() || is_complete {
                known.learn(asked_at, record);
            }
        }
    }

    /// How a circuit stands at `now`, when nobody may call.
    pub(super) fn waits(&self, key: &CircuitKey, now: Instant) -> Option<(CircuitState, Opening)> {
        self.lock().get(key)?.circuit.waits(now)
    }

    /// Asks for a call at `now`; a probe counts as lost at `probe_until`.
    pub(super) fn enter(&self, key: &CircuitKey, now: Instant, probe_until: Instant) -> Entry {
        self.with(key, |known| {
            let entry = known.circuit.enter(now, probe_until);
            if let Entry::Call(Ticket { probe: Some(_), .. }) = entry {
                known.as_of = now;
            }
            entry
        })
    }

    /// The database's answer to a probe that was asked for at `now`: `record` is how the circuit
    /// stands there, and `won` whether this attempt is the one that probes.
    pub(super) fn probe(
        &self,
        key: &CircuitKey,
        ticket: Ticket,
        won: bool,
        record: Option<&CircuitRecord>,
        now: Instant,
    ) -> Entry {
        self.with(key, |known| match record {
            Some(record) => {
                known.adopt(record, now);
                if won {
                    Entry::Call(ticket)
                } else {
                    Entry::Wait(record.state, record.opening())
                }
            }
            None if known.is_stored => {
                // Somebody probed already, and closed it.
                known.close(now);
                known.circuit.enter(now, now)
            }
            // Nobody else ever heard of this opening, so the probe is this isolate's affair.
            None => Entry::Call(ticket),
        })
    }

    /// Takes the report of a call that ended at `now`; answers what the others have to be told.
    pub(super) fn leave(
        &self,
        key: &CircuitKey,
        ticket: &Ticket,
        report: Report,
        now: Instant,
    ) -> Option<Change> {
        self.with(key, |known| {
            let change = known.circuit.leave(ticket, report, now);
            match change {
                Some(Change::Opened(_)) => {
                    known.as_of = now;
                    known.is_stored = false;
                }
                Some(Change::Closed(_)) => known.as_of = now,
                None => {}
            }
            change
        })
    }

    /// The database took an opening, and has `record` at `now`.
    pub(super) fn opening_is_stored(&self, record: &CircuitRecord, now: Instant) {
        self.with(&record.key, |known| match known.circuit.standing() {
            // It was opened for longer meanwhile, and that is on its way.
            Standing::Open(mine) if mine.until >= record.until => {
                known.is_stored = true;
                known.as_of = now;
            }
            Standing::Closed | Standing::Open(_) | Standing::HalfOpen(_) => {
                known.adopt(record, now);
            }
        });
    }

    /// The database took the word of the probe that would have counted as lost at `probe`: a claim
    /// that read before may have brought the probe back.
    pub(super) fn closing_is_stored(&self, key: &CircuitKey, probe: Instant, now: Instant) {
        self.with(key, |known| match known.circuit.standing() {
            Standing::HalfOpen(mine) if mine.until == probe => known.close(now),
            Standing::Closed | Standing::Open(_) | Standing::HalfOpen(_) => {}
        });
    }

    fn with<T>(&self, key: &CircuitKey, change: impl FnOnce(&mut Known) -> T) -> T {
        let mut circuits = self.lock();
        if let Some(known) = circuits.get_mut(key) {
            return change(known);
        }
        let mut known = Known::default();
        let answer = change(&mut known);
        insert(&mut circuits, key.clone(), known);
        answer
    }
}

/// Inserts, and forgets the closed ones when there are too many.
fn insert(circuits: &mut BTreeMap<CircuitKey, Known>, key: CircuitKey, known: Known) {
    if circuits.len() >= KEPT {
        circuits.retain(|_, known| known.circuit.standing() != Standing::Closed);
    }
    if circuits.len() >= KEPT {
        circuits.pop_first();
    }
    circuits.insert(key, known);
}

/// Nothing is known, so it is taken to be closed, and whatever is read is newer.
impl Default for Known {
    fn default() -> Self {
        Self {
            circuit: Circuit::closed(),
            is_stored: false,
            as_of: Instant::from_millis(0),
        }
    }
}

impl Known {
    fn learn(&mut self, asked_at: Instant, record: Option<&CircuitRecord>) {
        if asked_at < self.as_of {
            return;
        }
        match (self.circuit.standing(), record) {
            (Standing::Closed, None) => {}
            (Standing::Closed, Some(record)) => self.adopt(record, asked_at),
            (Standing::Open(mine) | Standing::HalfOpen(mine), Some(record)) => {
                if self.is_stored || record.until >= mine.until {
                    self.adopt(record, asked_at);
                }
            }
            (Standing::Open(_) | Standing::HalfOpen(_), None) => {
                if self.is_stored {
                    self.close(asked_at);
                }
            }
        }
    }

    /// Takes over what the database has. Of two ends a moment apart the later one holds.
    fn adopt(&mut self, record: &CircuitRecord, now: Instant) {
        let mut opening = record.opening();
        if let (Standing::Open(mine), CircuitState::Open) = (self.circuit.standing(), record.state)
            && (0..WORTH_TELLING_MS).contains(&mine.until.millis_since(opening.until))
        {
            opening.until = mine.until;
        }
        self.circuit.adopt(match record.state {
            CircuitState::Open => Standing::Open(opening),
            CircuitState::HalfOpen => Standing::HalfOpen(opening),
        });
        self.is_stored = true;
        self.as_of = now;
    }

    fn close(&mut self, now: Instant) {
        self.circuit.adopt(Standing::Closed);
        self.is_stored = false;
        self.as_of = now;
    }
}

impl CircuitRecord {
    const fn opening(&self) -> Opening {
        Opening {
            code: self.code,
            opened_at: self.opened_at,
            until: self.until,
        }
    }
}
