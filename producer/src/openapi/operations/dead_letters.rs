use super::{ACCEPTED_HEADERS, Described, one_of, path_id, query, text};
use crate::openapi::content;
use crate::problem::ProblemCode;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::job::Kind;
use redrive_shared::store::PURGED_LETTERS;
use serde_json::json;
use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

const TAG: &str = "dead letters";

pub(super) fn list() -> Described {
    let described = Described::new(
        "listDeadLetters",
        TAG,
        "What died, and why?",
        "Gives the tenant's dead letters, page by page, those of the newest jobs first: each with its \
         reason, the provider's own words and what it cost, without its `attempts` and \
         `droppedAnswers`. Letters of one cause have one `fingerprint`. A letter that is replayed \
         leaves the list; the pages that follow do not shift.",
    );
    filtered(described).limit().cursor().answers(
        200,
        "A page of dead letters.",
        Some(content("DeadLetterPage")),
    )
}

/// The filters of dead letters, as a URL has them.
fn filtered(described: Described) -> Described {
    let codes = ErrorCode::ALL.map(ErrorCode::as_str);
    let kinds = Kind::ALL.map(Kind::as_str);
    let time = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let attempts = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1.0))
        .maximum(Some(1_000_000.0));
    let parts = [
        (
            "provider",
            "Only those whose latest attempt asked this provider.",
            text(),
        ),
        ("model", "Only those of this model.", text()),
        ("kind", "Only jobs of this kind.", one_of(&kinds)),
        ("batchId", "Only jobs of this batch.", text()),
        (
            "refType",
            "Only jobs with this reference of yours; with `refId`.",
            text(),
        ),
        (
            "refId",
            "Only jobs with this reference of yours; with `refType`.",
            text(),
        ),
        ("fingerprint", "Only those of this cause.", text()),
        (
            "deadAfter",
            "Only those that died at this time or later.",
            time(),
        ),
        (
            "deadBefore",
            "Only those that died before this time.",
            time(),
        ),
        (
            "minAttempts",
            "Only those after so many attempts or more.",
            attempts,
        ),
    ];
    let described = described
        .parameter(
            query("code", "Only those that died for this reason."),
            one_of(&codes),
        )
        .created();
    let add =
        |described: Described, (name, says, schema)| described.parameter(query(name, says), schema);
    parts.into_iter().fold(described, add)
}

pub(super) fn groups() -> Described {
    let described = Described::new(
        "groupDeadLetters",
        TAG,
        "What do the dead letters die of?",
        "Counts the tenant's dead letters by `fingerprint`, which letters of one cause share: the \
         groups of the most letters first, at most 100, each with the time of its first and its last \
         death, one of its letters, and what its calls cost.",
    );
    filtered(described).answers(200, "The groups.", Some(content("DeadLetterGroupList")))
}

pub(super) fn read() -> Described {
    Described::new(
        "readDeadLetter",
        TAG,
        "Why did this job die?",
        "Gives a dead letter with its history. A job that is not dead, or no longer, answers like an \
         unknown one.",
    )
    .parameter(path_id("The job's id."), text())
    .answers(
        200,
        "The dead letter.",
        Some(content("DeadLetterDocument")),
    )
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn replay() -> Described {
    let example = json!({"model": "gpt-4o", "maxAttempts": 3, "note": "the smaller model is gone"});
    Described::new(
        "replayDeadLetter",
        TAG,
        "Run a dead letter again",
        "Puts the job back into `queued`: no failure counts against it any more, and its deadline is \
         as far away as it was at the submit. Its attempts keep counting from where they stood, and \
         its history stays. The body may be empty, or say what is to be different this time.\n\nOf \
         several at once one is accepted, and the job runs once; the others get 409, as the job is \
         then no longer dead. With `Idempotency-Key` the same request gets its 202 again. Every \
         replay stands in the audit log, and in the job's `replays`.",
    )
    .parameter(path_id("The job's id."), text())
    .idempotency_key()
    .body("ReplayBody", example, false)
    .answers(
        202,
        "The job is put back.",
        Some(content("AcceptedDocument")),
    )
    .headers(ACCEPTED_HEADERS)
    .problems(&[
        ProblemCode::NotFound,
        ProblemCode::NotDeadLettered,
        ProblemCode::PayloadDeleted,
        ProblemCode::IdempotencyKeyInvalid,
        ProblemCode::IdempotencyKeyReused,
    ])
}

pub(super) fn purge() -> Described {
    let flag = || one_of(&["true", "false"]);
    let counted = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1.0))
        .maximum(Some(f64::from(PURGED_LETTERS)));
    let described = Described::new(
        "purgeDeadLetters",
        TAG,
        "Delete dead letters for good",
        "Deletes the dead letters that match, with all that was asked and told: they cannot be replayed \
         any more, and their jobs are not found. With `dryRun` nothing changes, and the answer says how \
         many match; that number has to be sent as `expectedCount`. When others match by then, nothing is \
         deleted, and the problem's `count` says how many. A letter that dies later, or is replayed \
         meanwhile, stays. What batches and replays count stays as it is.\n\nOne request deletes at most \
         25,000 letters, for at most 20 seconds; `remaining` says what is left of those counted.",
    );
    filtered(described)
        .parameter(
            query(
                "all",
                "`true`: every dead letter; where no filter is given.",
            ),
            flag(),
        )
        .parameter(query("dryRun", "`true`: only tell."), flag())
        .parameter(
            query(
                "expectedCount",
                "How many letters match; required without `dryRun`.",
            ),
            counted,
        )
        .parameter(
            query(
                "note",
                "Why, for the audit log. At most 500 bytes, on one line.",
            ),
            text(),
        )
        .answers(
            200,
            "How many are gone, or with `dryRun` how many match.",
            Some(content("PurgeDocument")),
        )
        .problems(&[ProblemCode::CountChanged])
}
