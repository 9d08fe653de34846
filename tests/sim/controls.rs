//! Negative controls: a guarantee is taken out, and the simulation has to notice.

use redrive_tests::sim::{Breach, Control, Ground, Invariant, Plan, Totals, simulate};

/// Operations within which a missing guarantee has to be noticed.
const OPERATIONS: u64 = 30_000;

/// The first breach of `watched` in worlds without `control`.
fn breach(control: Control, watched: &[Invariant], operations: u64) -> (Totals, Option<Breach>) {
    let plan = Plan {
        seed: 5,
        operations,
        watched,
    };
    let ground = Ground::new(control).expect("the migrations run");
    let (totals, finding) = simulate(&ground, plan).expect("the ground is clear");
    println!("without {control:?}, {watched:?}: {totals}");
    (totals, finding.map(|finding| finding.breach))
}

fn assert_breaks(control: Control, invariant: Invariant) {
    let (totals, breach) = breach(control, &[invariant], OPERATIONS);
    let breach = breach.map(|breach| breach.invariant);
    assert_eq!(breach, Some(invariant), "without {control:?}: {totals}");
}

#[test]
fn without_the_fence_an_old_attempt_commits_and_a_job_that_ended_changes() {
    assert_breaks(Control::Fence, Invariant::AttemptsOnlyGrow);
    assert_breaks(Control::Fence, Invariant::TerminalIsFinal);
}

#[test]
fn without_the_sweep_a_job_never_ends() {
    assert_breaks(Control::Sweep, Invariant::EveryJobEnds);
}

#[test]
fn without_the_unique_result_a_job_is_answered_twice() {
    assert_breaks(Control::UniqueResult, Invariant::OneResult);
}

#[test]
fn without_the_guard_of_a_result_its_key_still_stops_a_second_one() {
    let (totals, found) = breach(Control::ResultGuard, &[Invariant::OneResult], 8_000);
    assert_eq!(found, None);
    assert!(totals.refused > 0, "the key was never needed: {totals}");
    // The guard has its own work: without it, an attempt that lost its job leaves a result.
    assert_breaks(Control::ResultGuard, Invariant::ResultIsOfTheAttempt);
}

#[test]
fn without_the_lease_a_job_is_taken_from_the_run_that_has_it() {
    assert_breaks(Control::Lease, Invariant::PoisonIsEarned);
}

#[test]
fn without_the_quarantine_a_deadly_job_takes_its_neighbours_down() {
    assert_breaks(Control::Quarantine, Invariant::SuspectsRunAlone);
}

#[test]
fn without_its_states_a_cancellation_changes_a_job_that_ended() {
    assert_breaks(Control::CancelStates, Invariant::TerminalIsFinal);
}

#[test]
fn without_its_state_a_replay_changes_a_job_that_is_not_dead() {
    assert_breaks(Control::ReplayState, Invariant::TerminalIsFinal);
}

#[test]
fn without_redispatch_a_job_whose_message_was_lost_does_not_run() {
    assert_breaks(Control::Redispatch, Invariant::EveryJobEnds);
}

#[test]
fn without_its_index_an_idempotency_key_makes_two_jobs() {
    assert_breaks(Control::IdempotencyKey, Invariant::OneJobAKey);
}

#[test]
fn without_news_of_circuits_an_open_one_is_not_kept_to() {
    assert_breaks(Control::Circuits, Invariant::CircuitHolds);
}

#[test]
fn without_the_whole_retention_a_payload_is_deleted_early() {
    assert_breaks(Control::Retention, Invariant::KeptForItsTime);
}
