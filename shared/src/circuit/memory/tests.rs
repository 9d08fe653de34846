//! Whose word holds when an isolate and the database differ.

use super::*;
use crate::error_code::ErrorCode;
use std::time::Duration;

const START: Instant = Instant::from_millis(1_795_000_000_000);
const PROBE_MS: i64 = 130_000;

fn key(model: &str) -> CircuitKey {
    CircuitKey {
        provider: "openai".to_owned(),
        model: model.to_owned(),
        credential: String::new(),
    }
}

fn at(seconds: i64) -> Instant {
    START.plus_seconds(seconds)
}

fn record(state: CircuitState, until: Instant) -> CircuitRecord {
    CircuitRecord {
        key: key("m"),
        state,
        code: ErrorCode::ProviderAuth,
        opened_at: START,
        until,
    }
}

fn open(seconds: i64) -> CircuitRecord {
    record(CircuitState::Open, at(seconds))
}

fn enter(memory: &CircuitMemory, now: Instant) -> Entry {
    memory.enter(&key("m"), now, now.plus_millis(PROBE_MS))
}

fn calls(memory: &CircuitMemory, now: Instant) -> bool {
    matches!(enter(memory, now), Entry::Call(_))
}

/// A call at `now` is refused, which opens the circuit for so many seconds.
fn refused(memory: &CircuitMemory, now: Instant, seconds: u64) {
    let Entry::Call(ticket) = enter(memory, now) else {
        panic!("it is open");
    };
    let report = Report::Shut(ErrorCode::ProviderAuth, Duration::from_secs(seconds));
    assert!(memory.leave(&key("m"), &ticket, report, now).is_some());
}

fn learn(memory: &CircuitMemory, asked_at: Instant, records: &[CircuitRecord]) {
    memory.learn(asked_at, records, true);
}

#[test]
fn what_others_opened_is_open_here_until_they_close_it() {
    let memory = CircuitMemory::new();
    assert!(calls(&memory, at(0)));
    learn(&memory, at(1), &[open(300)]);
    assert!(!calls(&memory, at(1)));
    learn(&memory, at(2), &[]);
    assert!(calls(&memory, at(2)));
}

#[test]
fn what_was_read_before_an_opening_does_not_close_it() {
    let memory = CircuitMemory::new();
    refused(&memory, at(10), 300);
    learn(&memory, at(9), &[]);
    assert!(!calls(&memory, at(11)), "read before it was found");
    memory.opening_is_stored(&open(310), at(12));
    learn(&memory, at(11), &[]);
    assert!(!calls(&memory, at(13)), "read before it was stored");
    learn(&memory, at(14), &[]);
    assert!(calls(&memory, at(14)), "closed by another");
}

#[test]
fn an_opening_that_could_not_be_stored_holds_in_its_isolate() {
    let memory = CircuitMemory::new();
    refused(&memory, at(0), 300);
    learn(&memory, at(100), &[]);
    assert!(!calls(&memory, at(100)));
    learn(&memory, at(101), &[open(105)]);
    assert!(!calls(&memory, at(110)), "the longer one holds");
    learn(&memory, at(111), &[open(400)]);
    assert!(!calls(&memory, at(350)));
}

#[test]
fn what_was_read_before_a_probe_does_not_bring_a_second_one() {
    let memory = CircuitMemory::new();
    learn(&memory, at(0), &[open(10)]);
    assert!(calls(&memory, at(20)), "the probe");
    learn(&memory, at(19), &[open(10)]);
    assert!(!calls(&memory, at(20)));
}

#[test]
fn a_probe_is_left_to_the_isolate_that_was_first() {
    let memory = CircuitMemory::new();
    learn(&memory, at(0), &[open(10)]);
    let Entry::Call(ticket) = enter(&memory, at(20)) else {
        panic!("it is over");
    };
    let first = record(CircuitState::HalfOpen, at(140));
    let entry = memory.probe(&key("m"), ticket, false, Some(&first), at(20));
    assert_eq!(entry, Entry::Wait(CircuitState::HalfOpen, first.opening()));
    assert!(!calls(&memory, at(139)));
    assert!(calls(&memory, at(140)), "it was lost");
}

#[test]
fn a_probe_that_finds_no_row_is_an_ordinary_call_where_others_closed() {
    let memory = CircuitMemory::new();
    learn(&memory, at(0), &[open(10)]);
    let Entry::Call(ticket) = enter(&memory, at(20)) else {
        panic!("it is over");
    };
    let entry = memory.probe(&key("m"), ticket, false, None, at(20));
    assert!(matches!(entry, Entry::Call(Ticket { probe: None, .. })));
    assert!(calls(&memory, at(20)), "and so is the next");
}

#[test]
fn a_probe_of_an_opening_that_nobody_else_heard_of_is_the_only_one() {
    let memory = CircuitMemory::new();
    refused(&memory, at(0), 10);
    let Entry::Call(ticket) = enter(&memory, at(20)) else {
        panic!("it is over");
    };
    let entry = memory.probe(&key("m"), ticket, false, None, at(20));
    assert_eq!(entry, Entry::Call(ticket));
    assert!(!calls(&memory, at(20)));
}

#[test]
fn the_row_of_a_probe_that_has_closed_is_not_believed() {
    let memory = CircuitMemory::new();
    learn(&memory, at(0), &[open(10)]);
    let Entry::Call(ticket) = enter(&memory, at(20)) else {
        panic!("it is over");
    };
    let probe = ticket.probe.expect("a probe").until;
    memory.leave(&key("m"), &ticket, Report::Well, at(21));
    // A claim reads the row before it is deleted.
    learn(&memory, at(22), &[record(CircuitState::HalfOpen, probe)]);
    memory.closing_is_stored(&key("m"), probe, at(23));
    assert!(calls(&memory, at(23)));
    // It does not close what was opened meanwhile.
    refused(&memory, at(24), 300);
    memory.closing_is_stored(&key("m"), probe, at(25));
    assert!(!calls(&memory, at(26)));
}

#[test]
fn an_opening_that_is_stored_does_not_shorten_a_longer_one_that_is_not_yet() {
    let memory = CircuitMemory::new();
    let Entry::Call(second) = enter(&memory, at(0)) else {
        panic!("it is closed");
    };
    refused(&memory, at(0), 5);
    let report = Report::Shut(ErrorCode::ProviderBilling, Duration::from_mins(15));
    memory.leave(&key("m"), &second, report, at(0));
    memory.opening_is_stored(&open(5), at(1));
    assert!(!calls(&memory, at(800)));
}

#[test]
fn no_number_of_models_fills_the_memory() {
    let memory = CircuitMemory::new();
    refused(&memory, at(0), 300);
    for number in 0..3 * KEPT {
        let model = key(&number.to_string());
        assert!(matches!(
            memory.enter(&model, at(1), at(131)),
            Entry::Call(_)
        ));
        assert!(memory.lock().len() <= KEPT);
    }
    assert!(!calls(&memory, at(1)), "what is open is kept the longest");
}
