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

#[test]
fn without_its_fence_a_step_of_a_batch_counts_twice() {
    assert_breaks(Control::BatchFence, Invariant::BatchMoves);
}

#[test]
fn without_their_fence_lines_of_a_cancelled_batch_become_jobs() {
    assert_breaks(Control::BatchJobsFence, Invariant::EveryLineIsOneJob);
}

#[test]
fn without_the_trigger_the_counts_of_a_batch_are_not_its_jobs() {
    assert_breaks(Control::BatchCounts, Invariant::BatchAddsUp);
    assert_breaks(Control::BatchCounts, Invariant::CompletionsAreNumbered);
}

#[test]
fn without_the_sending_of_overdue_steps_a_batch_never_ends() {
    assert_breaks(Control::OverdueSteps, Invariant::EveryLineIsOneJob);
}

#[test]
fn without_its_fence_a_step_of_a_replay_is_taken_by_two() {
    assert_breaks(Control::ReplayFence, Invariant::ReplaysAddUp);
}

#[test]
fn without_its_index_a_tenant_has_two_replays_at_a_time() {
    assert_breaks(Control::OneReplay, Invariant::OneReplayAtATime);
}

#[test]
fn without_its_state_a_purge_deletes_what_is_not_dead() {
    assert_breaks(Control::PurgeState, Invariant::KeptForItsTime);
}

#[test]
fn without_the_horizon_a_replay_puts_back_letters_that_died_after_it_began() {
    assert_breaks(Control::ReplayHorizon, Invariant::LettersArePutBackOnce);
}

#[test]
fn without_its_file_a_batch_never_ends() {
    assert_breaks(Control::FileInUse, Invariant::EveryLineIsOneJob);
}
