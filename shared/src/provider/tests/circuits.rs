//! What each row says to the circuit.

use super::fixture::Fixture;
use crate::provider::table::{Outcome, Then, rows};
use crate::provider::{Action, Budget, CircuitSign, Failure, Row, Verdict};
use std::collections::BTreeSet;

const UNMOVED: CircuitSign = CircuitSign::Unmoved;
const COUNTS: CircuitSign = CircuitSign::Counts;
const FIVE_MINUTES: CircuitSign = CircuitSign::Opens { minutes: 5 };
const UNTIL_HINT: CircuitSign = CircuitSign::OpensUntilHint;
const FIFTEEN_MINUTES: CircuitSign = CircuitSign::Opens { minutes: 15 };

/// Every row that makes an attempt fail, with its sign. Row 26 counts instead where the provider
/// says how long to wait.
const SIGNS: [(u8, CircuitSign); 54] = [
    (0, COUNTS),
    (1, COUNTS),
    (2, COUNTS),
    (3, COUNTS),
    (4, UNMOVED),
    (6, COUNTS),
    (7, UNMOVED),
    (8, UNMOVED),
    (9, UNMOVED),
    (13, COUNTS),
    (14, COUNTS),
    (15, UNMOVED),
    (17, UNMOVED),
    (18, UNMOVED),
    (19, UNMOVED),
    (20, FIFTEEN_MINUTES),
    (21, UNMOVED),
    (22, UNMOVED),
    (23, UNMOVED),
    (24, UNMOVED),
    (25, FIVE_MINUTES),
    (26, FIFTEEN_MINUTES),
    (27, UNMOVED),
    (28, UNMOVED),
    (29, UNMOVED),
    (30, COUNTS),
    (31, UNMOVED),
    (32, UNMOVED),
    (33, UNMOVED),
    (34, UNMOVED),
    (35, UNMOVED),
    (36, FIFTEEN_MINUTES),
    (37, COUNTS),
    (38, UNMOVED),
    (39, COUNTS),
    (40, COUNTS),
    (41, FIFTEEN_MINUTES),
    (42, COUNTS),
    (43, COUNTS),
    (44, UNTIL_HINT),
    (45, COUNTS),
    (46, FIFTEEN_MINUTES),
    (47, COUNTS),
    (48, UNMOVED),
    (49, UNMOVED),
    (50, COUNTS),
    (51, COUNTS),
    (52, COUNTS),
    (53, COUNTS),
    (54, COUNTS),
    (55, COUNTS),
    (56, COUNTS),
    (57, UNMOVED),
    (58, COUNTS),
];

fn sign(row: u8, hinted: bool) -> CircuitSign {
    if row == 26 && hinted {
        return COUNTS;
    }
    SIGNS.iter().find(|(number, _)| *number == row).unwrap().1
}

/// The row whose sign holds: a retry that the provider forbids has a row of its own.
fn deciding_row(failure: &Failure) -> u8 {
    if failure.retry_refused {
        0
    } else {
        failure.row.unwrap().number()
    }
}

#[test]
fn every_row_says_to_the_circuit_what_the_table_says() {
    for rule in rows::all() {
        let row = rule.row.number();
        let (seen, hinted) = match rule.then {
            Then::Fail(Outcome {
                circuit, budget, ..
            }) => (circuit, budget == Budget::Throttle),
            Then::Instead(_, circuit) => (circuit, false),
            Then::Mark(_) | Then::Reenter | Then::Poll(_) | Then::GoOn => continue,
        };
        assert_eq!(seen, sign(row, hinted), "row {row}");
    }
}

#[test]
fn every_fixture_gives_the_sign_of_its_row() {
    let mut seen = BTreeSet::new();
    for fixture in Fixture::all() {
        let Verdict::Failed(failure) = fixture.verdict() else {
            continue;
        };
        let row = deciding_row(&failure);
        let expected = sign(row, failure.hint.is_some());
        assert_eq!(failure.circuit, expected, "{}", fixture.name);
        seen.insert(row);
    }
    let listed: BTreeSet<u8> = SIGNS.iter().map(|(row, _)| *row).collect();
    assert_eq!(seen, listed, "a fixture for each row");
}

#[test]
fn what_opens_a_circuit_by_itself_is_an_operators_to_solve() {
    for rule in rows::all() {
        if let Then::Fail(Outcome {
            circuit: CircuitSign::Opens { .. },
            action,
            ..
        }) = rule.then
        {
            assert_eq!(action, Action::DeadLetter, "{}", rule.row);
            assert!([20, 25, 26, 36, 41, 46].map(Row::new).contains(&rule.row));
        }
    }
}
