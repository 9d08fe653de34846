//! What holds whatever calls come back in whatever order.

use super::{Bench, DOWN, START, shut, throttled};
use crate::circuit::state::{Change, Entry, Report, Standing, Ticket};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;

#[derive(Clone, Debug)]
enum Step {
    Enter,
    Leave(Index, Report),
    Advance(i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let report = prop_oneof![
        3 => Just(Report::Well),
        4 => Just(DOWN),
        1 => (1_u64..20).prop_map(throttled),
        1 => (1_u64..300).prop_map(shut),
    ];
    prop_oneof![
        4 => Just(Step::Enter),
        4 => (any::<Index>(), report).prop_map(|(which, report)| Step::Leave(which, report)),
        2 => (1_i64..20_000).prop_map(Step::Advance),
    ]
}

proptest! {
    #[test]
    fn nobody_calls_while_it_is_open_and_one_probes_at_a_time(
        steps in vec(any_step(), 1..300),
    ) {
        let mut bench = Bench::new();
        let mut calls: Vec<Ticket> = Vec::new();
        // What the provider said last: no call before.
        let mut shut_until = START;
        let mut probe: Option<Ticket> = None;
        for step in steps {
            let before = bench.circuit.standing();
            match step {
                Step::Advance(millis) => bench.now = bench.now.plus_millis(millis),
                Step::Enter => match bench.enter() {
                    Entry::Call(ticket) => {
                        prop_assert!(bench.now >= shut_until);
                        if let Standing::Open(opening) = before {
                            prop_assert!(bench.now >= opening.until);
                        }
                        if let Some(other) = probe.and_then(|probe| probe.probe) {
                            prop_assert!(bench.now >= other.until, "two probes at once");
                        }
                        if before == Standing::Closed {
                            prop_assert!(ticket.probe.is_none());
                        } else {
                            prop_assert!(ticket.probe.is_some());
                            probe = Some(ticket);
                        }
                        calls.push(ticket);
                    }
                    Entry::Wait(_, opening) => prop_assert!(bench.now < opening.until),
                },
                Step::Leave(which, report) => {
                    if calls.is_empty() {
                        continue;
                    }
                    let ticket = calls.swap_remove(which.index(calls.len()));
                    let change = bench.circuit.leave(&ticket, report, bench.now);
                    if let Report::Shut(_, length) = report {
                        shut_until = shut_until.max(bench.now.plus(length));
                    }
                    if let (Standing::Open(was), Standing::Open(is)) =
                        (before, bench.circuit.standing())
                    {
                        prop_assert!(was.until <= is.until, "an opening was shortened");
                        prop_assert_eq!(was.opened_at, is.opened_at);
                    }
                    let closed = before != Standing::Closed
                        && bench.circuit.standing() == Standing::Closed;
                    prop_assert_eq!(closed, matches!(change, Some(Change::Closed(_))));
                    if closed {
                        prop_assert!(ticket.probe.is_some() && report == Report::Well);
                    }
                    if bench.circuit.standing() != before || probe == Some(ticket) {
                        probe = None;
                    }
                }
            }
        }
    }
}
