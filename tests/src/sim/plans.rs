//! Kinds of operations, and lists of them that make rare things meet.

use super::operation::Way;

/// The kinds of operations, for drawing.
#[derive(Clone, Copy)]
pub(super) enum Choice {
    Submit,
    SubmitOnce,
    SubmitBatch,
    CancelBatch,
    Deliver(Way),
    Duplicate(Way),
    Drop(Way),
    Wear(Way),
    Stray,
    Sweep,
    Cancel,
    Replay,
    BeginReplays,
    Control,
    Purge,
    Read,
    Step,
    Finish,
    Crash,
    Kill,
    Advance,
    /// The leases of the runs under way run out.
    OutliveLease,
    /// The run that began last goes on to its end.
    FinishNewest,
    /// The run that began first goes on to its end.
    FinishOldest,
    /// The run that began last goes on by one effect.
    StepNewest,
    /// So much time passes that the step of a batch or a replay is due.
    AwaitStep,
    /// Half of the time passes for which an upload is kept.
    LeaveAlone,
}

/// A run outlives its lease, the job is given to another run, and the first one goes on.
const LATE: [Choice; 6] = [
    Choice::OutliveLease,
    Choice::Sweep,
    Choice::FinishNewest,
    Choice::Deliver(Way::Single),
    Choice::FinishNewest,
    Choice::FinishOldest,
];

/// The same, and the second run is under way when the first one ends.
const LATE_BEFORE_THE_NEXT: [Choice; 6] = [
    Choice::OutliveLease,
    Choice::Sweep,
    Choice::FinishNewest,
    Choice::Deliver(Way::Single),
    Choice::StepNewest,
    Choice::FinishOldest,
];

/// A job is cancelled while a run has it.
const CANCELLED: [Choice; 3] = [Choice::Cancel, Choice::FinishNewest, Choice::FinishOldest];

/// A batch is cancelled while a step makes jobs of its lines.
const BATCH_CANCELLED: [Choice; 9] = [
    Choice::SubmitBatch,
    Choice::FinishNewest,
    Choice::Deliver(Way::Task),
    Choice::StepNewest,
    Choice::StepNewest,
    Choice::StepNewest,
    Choice::CancelBatch,
    Choice::FinishNewest,
    Choice::FinishNewest,
];

/// Nothing happens to a batch for longer than an upload is kept.
const FORGOTTEN: [Choice; 6] = [
    Choice::SubmitBatch,
    Choice::FinishNewest,
    Choice::LeaveAlone,
    Choice::LeaveAlone,
    Choice::Sweep,
    Choice::FinishNewest,
];

/// A letter is put back while it is purged.
const PURGED: [Choice; 5] = [
    Choice::Purge,
    Choice::StepNewest,
    Choice::Replay,
    Choice::FinishNewest,
    Choice::FinishNewest,
];

/// A step of a replay of many has chosen its letters when another run takes one of them, or the
/// replay.
const fn crossed(by: Choice) -> [Choice; 9] {
    [
        Choice::BeginReplays,
        Choice::FinishNewest,
        Choice::AwaitStep,
        Choice::Deliver(Way::Task),
        Choice::StepNewest,
        Choice::StepNewest,
        by,
        Choice::FinishNewest,
        Choice::FinishNewest,
    ]
}

const REPLAYED: [Choice; 9] = crossed(Choice::Replay);
const CONTROLLED: [Choice; 9] = crossed(Choice::Control);

/// Two steps of a replay of many are taken at once.
const STEPPED: [Choice; 13] = [
    Choice::BeginReplays,
    Choice::FinishNewest,
    Choice::Duplicate(Way::Task),
    Choice::AwaitStep,
    Choice::Deliver(Way::Task),
    Choice::StepNewest,
    Choice::StepNewest,
    Choice::Deliver(Way::Task),
    Choice::StepNewest,
    Choice::StepNewest,
    Choice::StepNewest,
    Choice::FinishOldest,
    Choice::FinishNewest,
];

/// What crosses runs that are under way.
pub(super) const PLANS: [&[Choice]; 3] = [&LATE, &LATE_BEFORE_THE_NEXT, &CANCELLED];

/// What crosses that which happens to many jobs at once, each with what it begins with.
pub(super) const PLANS_OF_MANY: [(Choice, &[Choice]); 6] = [
    (Choice::SubmitBatch, &BATCH_CANCELLED),
    (Choice::SubmitBatch, &FORGOTTEN),
    (Choice::Purge, &PURGED),
    (Choice::BeginReplays, &REPLAYED),
    (Choice::BeginReplays, &CONTROLLED),
    (Choice::BeginReplays, &STEPPED),
];
