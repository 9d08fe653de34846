use super::{Described, path_id, text};
use crate::openapi::content;
use crate::problem::ProblemCode;
use serde_json::json;

const TAG: &str = "replays";

const ACCEPTED_HEADERS: &[(&str, &str)] = &[
    (
        "Location",
        "Where to read the replay: the same as `statusUrl`.",
    ),
    ("Retry-After", "Seconds to wait before the first look."),
    (
        "Idempotent-Replayed",
        "`true` when an earlier request with the same key got this answer first.",
    ),
];

const DOCUMENT_HEADERS: &[(&str, &str)] = &[(
    "Retry-After",
    "Seconds to wait before the next look; absent when the replay has ended.",
)];

pub(super) fn begin() -> Described {
    let example = json!({
        "filter": {"code": "provider_auth", "deadAfter": "2026-11-21T00:00:00Z"},
        "maxPerSecond": 50,
        "sample": {"count": 20, "minSuccessPercent": 90},
        "note": "the key is right now"
    });
    Described::new(
        "beginReplay",
        TAG,
        "Run many dead letters again",
        "Puts the dead letters back that match now, oldest job first and `maxPerSecond` in a second, \
         each as `POST /api/v1/dead-letters/{id}/replay` does it. A letter that was replayed or deleted \
         by then, has lost its request, or cannot be asked as `overrides` say, is passed over; one that \
         dies again is not put back a second time. Each letter is put back once or is still dead, \
         whatever fails meanwhile. The jobs run behind those that were submitted one by one.\n\n\
         With `sample` some letters are tried first; when fewer of them succeed than asked for, the \
         replay pauses and says so under `reason`.\n\nWith `dryRun` nothing changes, and the answer is 200 \
         with how many match, what they died of, and what they may cost.\n\nA tenant has one replay at a \
         time that has not ended: another is refused, and the problem's `replayId` names the first.",
    )
    .idempotency_key()
    .body("ReplaysBody", example, true)
    .answers(
        200,
        "What would be done: with `dryRun`.",
        Some(content("ReplayPreviewDocument")),
    )
    .answers(
        202,
        "The replay has begun.",
        Some(content("ReplayAcceptedDocument")),
    )
    .headers(ACCEPTED_HEADERS)
    .problems(&[
        ProblemCode::ReplayRunning,
        ProblemCode::NothingMatches,
        ProblemCode::IdempotencyKeyInvalid,
        ProblemCode::IdempotencyKeyReused,
    ])
}

pub(super) fn list() -> Described {
    Described::new(
        "listReplays",
        TAG,
        "Which replays are there?",
        "Gives the tenant's replays of many letters, newest first, page by page.",
    )
    .limit()
    .cursor()
    .answers(200, "A page of replays.", Some(content("ReplayPage")))
}

pub(super) fn read() -> Described {
    Described::new(
        "readReplay",
        TAG,
        "How far is a replay?",
        "Gives a replay with its progress, and where the letters stand that it put back.",
    )
    .parameter(path_id("The replay's id."), text())
    .answers(200, "The replay.", Some(content("ReplayTaskDocument")))
    .headers(DOCUMENT_HEADERS)
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn jobs() -> Described {
    Described::new(
        "listReplayedJobs",
        TAG,
        "What did a replay put back?",
        "Gives the jobs that a replay put back, oldest first, page by page, and where each stands. A job \
         tells its replays under `replays`.",
    )
    .parameter(path_id("The replay's id."), text())
    .limit()
    .cursor()
    .answers(200, "A page of jobs.", Some(content("ReplayedJobPage")))
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn pause() -> Described {
    moved(Described::new(
        "pauseReplay",
        TAG,
        "Make a replay wait",
        "No letter is put back from now on, until the replay is resumed. What was put back runs on. \
         Pausing a paused replay again changes nothing and answers the same.",
    ))
}

pub(super) fn resume() -> Described {
    moved(Described::new(
        "resumeReplay",
        TAG,
        "Let a replay go on",
        "Goes on where it stopped. One that paused because its sample was not good enough goes on without \
         a sample. Resuming a running replay changes nothing and answers the same.",
    ))
}

pub(super) fn abort() -> Described {
    moved(Described::new(
        "abortReplay",
        TAG,
        "End a replay",
        "No letter is put back from now on. What was put back runs on, and what was not stays dead. \
         Aborting an aborted replay again changes nothing and answers the same.",
    ))
}

fn moved(described: Described) -> Described {
    described
        .parameter(path_id("The replay's id."), text())
        .body("EmptyBody", json!({}), false)
        .answers(
            200,
            "The replay as it is now.",
            Some(content("ReplayTaskDocument")),
        )
        .headers(DOCUMENT_HEADERS)
        .problems(&[ProblemCode::NotFound, ProblemCode::ReplayEnded])
}
