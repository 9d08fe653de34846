//! Every world in which an invariant ever broke, as short as it got.

use redrive_tests::sim::Operation::{
    self, Advance, BeginReplays, Crash, Deliver, Duplicate, Finish, Replay, Step, Submit,
    SubmitBatch, Sweep,
};
use redrive_tests::sim::Outcome::{After, Before, Good, Reply};
use redrive_tests::sim::Reply::KeyRefused;
use redrive_tests::sim::Trouble::{Transient, Unknown};
use redrive_tests::sim::Way::{Single, Task};
use redrive_tests::sim::{Breach, Control, Ground, Setting, play};

fn breach(seed: u64, operations: &[Operation]) -> Option<Breach> {
    let setting = Setting { seed, watched: &[] };
    let ground = Ground::new(Control::None).expect("the migrations run");
    play(&ground, setting, operations)
        .expect("the ground is clear")
        .breach
}

/// A commit took effect and its answer was lost; then the row could not be read back either. The
/// answer became the job's result, and was kept as a dropped one as well.
#[test]
fn a_commit_that_cannot_be_read_back_is_not_told_as_a_dropped_answer() {
    let operations = [
        Submit(0),
        Finish(0),
        Deliver(Single, 0, 1),
        Step(0, 0, Good),
        Step(0, 0, Good),
        Step(0, 0, After(Transient)),
        Step(0, 0, Good),
        Step(0, 0, Good),
        Step(0, 0, Before(Unknown)),
    ];
    assert_eq!(breach(0xce45_a342_c10f_fb55, &operations), None);
}

/// A retry was scheduled and the answer of that commit was lost; before it was repeated, the next
/// attempt had begun. The first attempt was counted as one that met a closed fence.
#[test]
fn a_commit_that_took_effect_is_not_fenced_by_the_attempt_after_it() {
    let operations = [
        Submit(0),
        Submit(0),
        Crash(0),
        Finish(0),
        Deliver(Single, 0, 1),
        Step(0, 0, Good),
        Step(0, 0, Before(Transient)),
        Duplicate(Single, 0),
        Deliver(Single, 0, 1),
        Step(0, 0, After(Transient)),
        Step(1, 0, Good),
    ];
    assert_eq!(breach(0x690f_f352_d684_33e0, &operations), None);
}

/// A dead letter was committed and the answer of that commit was lost; before it was repeated, an
/// operator had replayed the job. The attempt was counted as one that met a closed fence.
#[test]
fn a_commit_that_took_effect_is_not_fenced_by_a_replay() {
    let operations = [
        Submit(0),
        Finish(0),
        Deliver(Single, 0, 1),
        // The claim, the call, and the word that the circuit is open.
        Step(0, 0, Good),
        Step(0, 0, Reply(KeyRefused)),
        Step(0, 0, Good),
        Step(0, 0, After(Transient)),
        Replay(0, 0),
        Step(1, 0, Good),
    ];
    assert_eq!(breach(0x6c38_537a_931e_49d7, &operations), None);
}

/// Two attempts were committed in one transaction that took effect, and its answer was lost with an
/// error nobody knows. Each was then committed alone, and counted as one that met a closed fence.
#[test]
fn commits_that_are_made_again_one_by_one_know_their_own() {
    let operations = [
        Submit(0),
        Submit(0),
        Submit(0),
        Submit(0),
        Finish(0),
        Finish(0),
        Finish(0),
        Finish(0),
        Deliver(Single, 0, 4),
        // The claim, and the four calls. Two commits are under way then, and two attempts wait.
        Step(0, 0, Good),
        Step(0, 0, Good),
        Step(0, 0, Good),
        Step(0, 0, Good),
        Step(0, 0, Good),
        // The first commit, and its document. Now the two that waited are committed.
        Step(0, 0, Good),
        Step(0, 1, Good),
        Step(0, 1, After(Unknown)),
        Step(0, 1, Good),
    ];
    assert_eq!(breach(3, &operations), None);
}

/// A batch was left alone for so long that its file was deleted, and its lines never became jobs.
#[test]
fn a_batch_that_was_left_alone_still_has_its_lines() {
    let operations = [
        SubmitBatch(0, 0),
        Finish(0),
        Advance(49 * 86_400_000),
        Advance(49 * 86_400_000),
        Sweep,
        Finish(0),
    ];
    assert_eq!(breach(1, &operations), None);
}

/// The answer of the insert of a replay was lost, and the replay completed before it was repeated.
/// The operator was told that no letter matches.
#[test]
fn a_replay_that_is_over_before_it_is_told_of_is_told_as_begun() {
    let operations = [
        Submit(0),
        Finish(0),
        Deliver(Single, 0, 1),
        Step(0, 0, Good),
        Step(0, 0, Reply(KeyRefused)),
        Finish(0),
        Advance(1_000),
        BeginReplays(0, 0),
        Step(0, 0, After(Transient)),
        // Its message was not sent yet, so that of its first step is the sweep's.
        Advance(70_000),
        Sweep,
        Finish(1),
        Deliver(Task, 0, 1),
        Finish(1),
        Finish(0),
    ];
    assert_eq!(breach(1, &operations), None);
}
