//! Before and after a call: asks the circuit, and tells it the outcome.
//!
//! The effects, and why each may be repeated:
//!
//! 1. *probe*: a statement that holds once an opening; whoever it does not hold for waits.
//! 2. *open*, *close*: a repeat finds the row as it is to be. They are written when the circuit
//!    changes, not with every call.
//!
//! No failure of the database reaches the job: it is logged, and the isolate goes on with what it
//! knows by itself.

use super::memory::CircuitMemory;
use super::state::{Change, Entry, Opening, Report, Ticket};
use super::{CircuitKey, CircuitState};
use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::log::{Event, Log};
use crate::ports::Ports;
use crate::repeat::repeat;
use std::time::Duration;

/// What a probe may take beyond its call, until it counts as lost.
const PROBE_MARGIN: Duration = Duration::from_secs(10);

/// The circuit of one attempt.
pub(crate) struct Gate<'a, P> {
    pub(crate) ports: &'a P,
    pub(crate) memory: &'a CircuitMemory,
    pub(crate) key: &'a CircuitKey,
}

/// Whether an attempt may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// It may, and reports the outcome with this ticket.
    Call(Ticket),
    /// It may not.
    Wait(CircuitState, Opening),
}

impl<P: Ports> Gate<'_, P> {
    /// How the circuit stands, when nobody may call. Asks for nothing.
    pub(crate) fn waits(&self) -> Option<(CircuitState, Opening)> {
        self.memory.waits(self.key, self.ports.clock().now())
    }

    /// Asks for a call that lasts `call_lasts` at most.
    pub(crate) async fn enter(&self, call_lasts: Duration) -> Pass {
        let now = self.ports.clock().now();
        let probe_until = now.plus(call_lasts.saturating_add(PROBE_MARGIN));
        let mut entry = self.memory.enter(self.key, now, probe_until);
        if let Entry::Call(ticket) = entry
            && let Some(opening) = &ticket.probe
        {
            entry = self.probe(ticket, now, opening).await;
        }
        match entry {
            Entry::Call(ticket) => Pass::Call(ticket),
            Entry::Wait(state, opening) => Pass::Wait(state, opening),
        }
    }

    /// The opening is over: of all isolates one attempt probes.
    async fn probe(&self, ticket: Ticket, now: Instant, opening: &Opening) -> Entry {
        let entry = match self
            .ports
            .store()
            .probe_circuit(self.key, now, opening.until)
            .await
        {
            Ok(probed) => {
                let record = probed.record.as_ref();
                self.memory.probe(self.key, ticket, probed.won, record, now)
            }
            Err(error) => {
                self.log_error("circuit_not_probed", &error);
                Entry::Call(ticket)
            }
        };
        if entry == Entry::Call(ticket) {
            self.log("circuit_probe", opening);
        }
        entry
    }

    /// Reports what the call came to, and tells the others when that changes the circuit.
    pub(crate) async fn leave(&self, ticket: &Ticket, report: Report) {
        let now = self.ports.clock().now();
        match self.memory.leave(self.key, ticket, report, now) {
            None => {}
            Some(Change::Opened(opening)) => self.opened(&opening).await,
            Some(Change::Closed(opening)) => self.closed(&opening).await,
        }
    }

    async fn opened(&self, opening: &Opening) {
        self.log("circuit_opened", opening);
        let store = self.ports.store();
        let open = || store.open_circuit(self.key, opening);
        match repeat(self.ports.clock(), open).await {
            Ok(record) => {
                let now = self.ports.clock().now();
                self.memory.opening_is_stored(&record, now);
            }
            Err(error) => self.log_error("circuit_not_opened", &error),
        }
    }

    async fn closed(&self, opening: &Opening) {
        self.log("circuit_closed", opening);
        let store = self.ports.store();
        let close = || store.close_circuit(self.key, opening.until);
        match repeat(self.ports.clock(), close).await {
            Ok(()) => {
                let now = self.ports.clock().now();
                self.memory.closing_is_stored(self.key, opening.until, now);
            }
            Err(error) => self.log_error("circuit_not_closed", &error),
        }
    }

    fn event(&self, name: &'static str) -> Event {
        Event::new(name)
            .with("provider", self.key.provider.as_str())
            .with("model", self.key.model.as_str())
    }

    fn log(&self, name: &'static str, opening: &Opening) {
        self.ports.log().write(
            self.event(name)
                .with("error.code", opening.code.as_str())
                .with("since", opening.opened_at.to_rfc3339())
                .with("until", opening.until.to_rfc3339()),
        );
    }

    fn log_error(&self, name: &'static str, error: &DatabaseError) {
        self.ports.log().write(
            self.event(name)
                .with("error.code", error.code())
                .with("error.message", error.to_string()),
        );
    }
}
