//! The simulation: random worlds in which no invariant breaks, the same worlds with a guarantee
//! taken out, in which one does, and every world in which one ever did.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that meets the unexpected fails, and says what it counted"
)]

mod controls;
mod regressions;

use redrive_tests::sim::{Control, Ground, Plan, shrink, simulate};

/// Enough for some seconds without optimization; `cargo xtask sim` goes further.
const OPERATIONS: u64 = 30_000;

#[test]
fn no_invariant_breaks() {
    let plan = Plan {
        seed: 3,
        operations: OPERATIONS,
        watched: &[],
    };
    let ground = Ground::new(Control::None).expect("the migrations run");
    let (totals, finding) = simulate(&ground, plan).expect("the ground is clear");
    println!("{totals}");
    if let Some(finding) = finding {
        let (shortest, breach) = shrink(
            &ground,
            finding.setting(plan),
            &finding.operations,
            &finding.breach,
        )
        .expect("the ground is clear");
        panic!("seed {:#x}: {breach}\n{shortest:?}", finding.seed);
    }
    assert_eq!(totals.unfinished, 0);
    // A simulation in which nothing goes wrong would show nothing.
    for (what, count) in [
        ("succeeded", totals.succeeded),
        ("failed", totals.failed),
        ("dead-lettered", totals.dead_lettered),
        ("cancelled", totals.cancelled),
        ("crashes", totals.crashes),
        ("faults", totals.faults),
        ("fenced", totals.fenced),
        ("rescued", totals.rescued),
        ("lines of batches", totals.lines),
        ("put back by replays of many", totals.put_back),
        ("purged", totals.purged),
    ] {
        assert!(count > 0, "{what}: none in {totals}");
    }
}

#[test]
fn the_same_seed_gives_the_same_worlds() {
    let plan = Plan {
        seed: 11,
        operations: 2_000,
        watched: &[],
    };
    let ground = Ground::new(Control::None).expect("the migrations run");
    let first = simulate(&ground, plan).expect("the ground is clear");
    let second = simulate(&ground, plan).expect("the ground is clear");
    assert_eq!(first.0, second.0);
    let third = simulate(&ground, Plan { seed: 12, ..plan }).expect("the ground is clear");
    assert_ne!(first.0, third.0);
}
