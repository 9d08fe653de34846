//! When a circuit opens and closes.

mod properties;

use super::*;
use crate::entropy::Entropy;
use crate::native::SeededEntropy;
use crate::retry::Backoff;

const START: Instant = Instant::from_millis(1_795_000_000_000);
const DOWN: Report = Report::Failed(ErrorCode::ProviderError);
const PROBE_MS: i64 = 130_000;

const fn throttled(seconds: u64) -> Report {
    Report::Throttled(ErrorCode::ProviderRateLimited, Duration::from_secs(seconds))
}

const fn shut(seconds: u64) -> Report {
    Report::Shut(ErrorCode::ProviderAuth, Duration::from_secs(seconds))
}

/// A circuit with its clock.
struct Bench {
    circuit: Circuit,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self {
            circuit: Circuit::closed(),
            now: START,
        }
    }

    fn enter(&mut self) -> Entry {
        self.circuit.enter(self.now, self.now.plus_millis(PROBE_MS))
    }

    fn ticket(&mut self) -> Ticket {
        match self.enter() {
            Entry::Call(ticket) => ticket,
            Entry::Wait(..) => panic!("{:?}", self.circuit),
        }
    }

    /// A call that ends at once.
    fn call(&mut self, report: Report) -> Option<Change> {
        let ticket = self.ticket();
        self.circuit.leave(&ticket, report, self.now)
    }

    /// Calls until it opens; answers how many calls that took.
    fn calls_until_open(&mut self, report: Report) -> usize {
        (1..100).find(|_| self.call(report).is_some()).unwrap()
    }

    /// Seconds from now until somebody may call.
    fn open_seconds(&self) -> Option<f64> {
        match self.circuit.standing() {
            Standing::Open(opening) => {
                let millis = u32::try_from(opening.until.millis_since(self.now)).unwrap();
                Some(f64::from(millis) / 1_000.0)
            }
            Standing::Closed | Standing::HalfOpen(_) => None,
        }
    }

    fn advance(&mut self, seconds: i64) {
        self.now = self.now.plus_seconds(seconds);
    }
}

#[test]
fn a_provider_that_is_gone_is_noticed_after_five_calls_at_first_and_ten_later() {
    let mut bench = Bench::new();
    assert_eq!(bench.calls_until_open(DOWN), 5);
    assert_eq!(bench.open_seconds(), Some(15.0));
    let mut bench = Bench::new();
    for _ in 0..40 {
        assert_eq!(bench.call(Report::Well), None);
    }
    assert_eq!(bench.calls_until_open(DOWN), 10);
}

#[test]
fn an_answer_now_and_then_keeps_it_closed() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        for report in [DOWN, DOWN, DOWN, DOWN, Report::Well] {
            assert_eq!(bench.call(report), None);
        }
    }
}

#[test]
fn a_fifth_of_failures_at_random_hardly_ever_opens_it() {
    let random = SeededEntropy::new(3);
    let mut bench = Bench::new();
    let mut openings = 0;
    for _ in 0..20_000 {
        let report = match random.unit() {
            unit if unit < 0.03 => throttled(1),
            unit if unit < 0.2 => DOWN,
            _ => Report::Well,
        };
        if bench.call(report).is_some() {
            openings += 1;
            bench.circuit = Circuit::closed();
        }
    }
    assert!(openings < 50, "{openings} in 20,000 calls");
}

#[test]
fn a_hint_opens_it_at_once_unless_others_are_answered() {
    let mut bench = Bench::new();
    assert!(bench.call(throttled(5)).is_some());
    assert_eq!(bench.open_seconds(), Some(5.0));

    let mut bench = Bench::new();
    bench.call(Report::Well);
    assert_eq!(bench.call(throttled(5)), None);
    assert!(bench.call(throttled(5)).is_some());

    let mut bench = Bench::new();
    for report in [Report::Well, DOWN, DOWN, DOWN, DOWN] {
        assert_eq!(bench.call(report), None);
    }
    assert!(
        bench.call(throttled(5)).is_some(),
        "the answer is long past"
    );
}

#[test]
fn a_refused_key_opens_it_at_once_whatever_came_before() {
    let mut bench = Bench::new();
    for _ in 0..20 {
        bench.call(Report::Well);
    }
    let change = bench.call(shut(300));
    let opening = Opening {
        code: ErrorCode::ProviderAuth,
        opened_at: START,
        until: START.plus_seconds(300),
    };
    assert_eq!(change, Some(Change::Opened(opening)));
    assert_eq!(bench.enter(), Entry::Wait(CircuitState::Open, opening));
}

#[test]
fn one_attempt_probes_and_its_answer_closes() {
    let mut bench = Bench::new();
    bench.calls_until_open(DOWN);
    bench.advance(15);
    let probe = bench.ticket();
    assert!(matches!(
        bench.enter(),
        Entry::Wait(CircuitState::HalfOpen, _)
    ));
    let change = bench.circuit.leave(&probe, Report::Well, bench.now);
    assert_eq!(change, Some(Change::Closed(probe.probe.unwrap())));
    assert_eq!(
        bench.calls_until_open(DOWN),
        5,
        "what was before is forgotten"
    );
}

#[test]
fn a_probe_that_fails_opens_it_for_another_15_seconds_since_the_same_instant() {
    let mut bench = Bench::new();
    bench.calls_until_open(DOWN);
    for _ in 0..20 {
        bench.advance(15);
        let Some(Change::Opened(opening)) = bench.call(DOWN) else {
            panic!("{:?}", bench.circuit);
        };
        assert_eq!(opening.opened_at, START);
        assert_eq!(bench.open_seconds(), Some(15.0));
    }
}

#[test]
fn a_lost_probe_makes_room_for_the_next_and_is_not_heard_any_more() {
    let mut bench = Bench::new();
    bench.calls_until_open(DOWN);
    bench.advance(15);
    let lost = bench.ticket();
    bench.advance(PROBE_MS / 1_000);
    let next = bench.ticket();
    assert_ne!(lost, next);
    assert_eq!(bench.circuit.leave(&lost, Report::Well, bench.now), None);
    assert!(matches!(bench.enter(), Entry::Wait(..)));
    assert!(
        bench
            .circuit
            .leave(&next, Report::Well, bench.now)
            .is_some()
    );
}

#[test]
fn a_short_opening_is_followed_by_short_ones_and_a_long_one_by_long_ones() {
    let mut bench = Bench::new();
    bench.call(throttled(1));
    let mut seconds = Vec::new();
    for _ in 0..6 {
        bench.now = match bench.circuit.standing() {
            Standing::Open(opening) => opening.until,
            Standing::Closed | Standing::HalfOpen(_) => panic!("{:?}", bench.circuit),
        };
        bench.call(DOWN);
        seconds.extend(bench.open_seconds());
    }
    assert_eq!(seconds, [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]);
}

#[test]
fn a_provider_that_hints_at_one_second_for_long_is_probed_every_15_seconds() {
    let mut bench = Bench::new();
    bench.call(throttled(1));
    bench.advance(60);
    bench.call(throttled(1));
    assert_eq!(bench.open_seconds(), Some(5.0));
    bench.advance(540);
    bench.call(throttled(1));
    assert_eq!(bench.open_seconds(), Some(15.0));
    bench.advance(15);
    bench.call(throttled(90));
    assert_eq!(bench.open_seconds(), Some(90.0), "a longer hint is kept to");
}

#[test]
fn the_latest_hint_of_calls_that_ended_together_is_kept_to() {
    let mut bench = Bench::new();
    let tickets = [bench.ticket(), bench.ticket(), bench.ticket()];
    for (ticket, told) in tickets.iter().zip([true, false, true]) {
        let change = bench.circuit.leave(ticket, throttled(5), bench.now);
        assert_eq!(change.is_some(), told);
        assert_eq!(bench.open_seconds(), Some(5.0));
        bench.now = bench.now.plus_millis(600);
    }
}

#[test]
fn a_call_from_before_the_opening_neither_closes_nor_counts() {
    let mut bench = Bench::new();
    let old: Vec<Ticket> = (0..10).map(|_| bench.ticket()).collect();
    bench.calls_until_open(DOWN);
    assert_eq!(bench.circuit.leave(&old[0], Report::Well, bench.now), None);
    bench.advance(15);
    bench.call(Report::Well);
    for ticket in &old[1..] {
        assert_eq!(bench.circuit.leave(ticket, DOWN, bench.now), None);
    }
}

#[test]
fn a_report_reads_the_sign_the_budget_and_the_hint() {
    let failure = |circuit, budget, hint: Option<u64>| Failure {
        circuit,
        budget,
        hint: hint.map(Duration::from_secs),
        backoff: Backoff::Standard,
        ..Failure::ours(
            ErrorCode::ProviderError,
            crate::provider::Action::Retry,
            "no",
        )
    };
    let code = ErrorCode::ProviderError;
    for (circuit, budget, hint, report) in [
        (
            CircuitSign::Unmoved,
            Budget::Throttle,
            Some(5),
            Report::Well,
        ),
        (
            CircuitSign::Counts,
            Budget::Failure,
            Some(5),
            Report::Failed(code),
        ),
        (
            CircuitSign::Counts,
            Budget::Throttle,
            None,
            Report::Failed(code),
        ),
        (
            CircuitSign::Counts,
            Budget::Throttle,
            Some(5),
            Report::Throttled(code, Duration::from_secs(5)),
        ),
        (
            CircuitSign::Counts,
            Budget::Throttle,
            Some(3_600),
            Report::Throttled(code, LONGEST_HINT),
        ),
        (
            CircuitSign::Opens { minutes: 5 },
            Budget::Immediate,
            None,
            Report::Shut(code, Duration::from_mins(5)),
        ),
        (
            CircuitSign::OpensUntilHint,
            Budget::Throttle,
            Some(47_083),
            Report::Shut(code, Duration::from_secs(47_083)),
        ),
        (
            CircuitSign::OpensUntilHint,
            Budget::Throttle,
            None,
            Report::Failed(code),
        ),
    ] {
        let verdict = Verdict::Failed(failure(circuit, budget, hint));
        assert_eq!(Report::of(&verdict), report);
    }
}
