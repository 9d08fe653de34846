use super::{ACCEPTED_HEADERS, Described, one_of, path_id, query, text};
use crate::openapi::content;
use crate::problem::ProblemCode;
use redrive_shared::job::{JobState, Kind};
use serde_json::json;
use utoipa::openapi::Required;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};

const TAG: &str = "jobs";

const DOCUMENT_HEADERS: &[(&str, &str)] = &[
    ("ETag", "Changes whenever the document does."),
    (
        "Retry-After",
        "Seconds to wait before the next look; absent when the job has ended.",
    ),
    ("Preference-Applied", "The wait that was granted."),
];

pub(super) fn submit_generate() -> Described {
    let example = json!({
        "prompt": "Explain queues in one sentence.",
        "system": "You are terse.",
        "model": "gpt-4o-mini",
        "maxTokens": 200,
        "refType": "ticket",
        "refId": "4711",
        "metadata": {"team": "support"}
    });
    Described::new(
        "submitGenerate",
        TAG,
        "Ask a language model for text",
        "Accepts a job and answers at once. From the 202 on the job is owed: it ends as \
         `succeeded`, `failed`, `dead_lettered` or `cancelled`, and `statusUrl` tells. After any \
         other answer nothing is owed.\n\nThe body is at most 1 MiB of JSON, without `Content-Encoding`.\n\n\
         With `Idempotency-Key` a request can be sent again until it is answered: it makes one job. \
         A key whose job has ended, however it ended, still answers with that job; to run it once \
         more takes a new key, or a replay.",
    )
    .idempotency_key()
    .body("GenerateBody", example, true)
    .answers(202, "The job is accepted.", Some(content("AcceptedDocument")))
    .headers(ACCEPTED_HEADERS)
    .problems(&[
        ProblemCode::IdempotencyKeyInvalid,
        ProblemCode::IdempotencyKeyReused,
    ])
}

pub(super) fn read(path: &str) -> Described {
    let id = match path {
        "/api/v1/generate/{id}/status" => "readGenerateStatus",
        "/api/v1/execute/{id}/status" => "readExecuteStatus",
        _ => "readJob",
    };
    let prefer = ParameterBuilder::new()
        .parameter_in(ParameterIn::Header)
        .name("Prefer")
        .required(Required::False)
        .description(Some(
            "`wait=N` holds the answer until the job has ended, for N seconds at most (1 to 25; more \
             counts as 25). The answer then says `Preference-Applied: wait=N`.",
        ));
    let if_none_match = ParameterBuilder::new()
        .parameter_in(ParameterIn::Header)
        .name("If-None-Match")
        .required(Required::False)
        .description(Some(
            "The `ETag` of the document you have: 304 when it still holds.",
        ));
    Described::new(
        id,
        TAG,
        "Where does a job stand?",
        "Gives the job with its result, its error and its attempts. While the job has not ended, \
         `Retry-After` says when to look again; or let `Prefer: wait` do the waiting.",
    )
    .parameter(path_id("The job's id."), text())
    .parameter(prefer, text().examples([json!("wait=25")]))
    .parameter(if_none_match, text())
    .answers(200, "The job.", Some(content("JobDocument")))
    .headers(DOCUMENT_HEADERS)
    .answers(304, "You have the document already.", None)
    .headers(DOCUMENT_HEADERS)
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn list() -> Described {
    let states = JobState::ALL.map(JobState::as_str);
    let kinds = Kind::ALL.map(Kind::as_str);
    Described::new(
        "listJobs",
        TAG,
        "Which jobs are there?",
        "Gives the tenant's jobs, newest first, page by page, without their results. Every filter \
         narrows the list. New jobs do not shift the pages that follow.",
    )
    .parameter(query("status", "Only jobs in this state."), one_of(&states))
    .parameter(query("kind", "Only jobs of this kind."), one_of(&kinds))
    .parameter(
        query(
            "refType",
            "Only jobs with this reference of yours; with `refId`.",
        ),
        text(),
    )
    .parameter(
        query(
            "refId",
            "Only jobs with this reference of yours; with `refType`.",
        ),
        text(),
    )
    .parameter(query("batchId", "Only jobs of this batch."), text())
    .created()
    .limit()
    .cursor()
    .answers(200, "A page of jobs.", Some(content("JobPage")))
}

pub(super) fn cancel() -> Described {
    Described::new(
        "cancelJob",
        TAG,
        "Stop a job",
        "Cancels a job that has not ended. Cancelling a cancelled job again changes nothing and \
         answers the same, with or without `Idempotency-Key`.\n\nA call to the provider that is \
         running cannot be taken back: it goes on, its attempt stands in `attempts` with the outcome \
         `cancelled` and `possiblyBilled`, and its answer is dropped. What that answer cost appears \
         in `droppedAnswers`, as soon as it has come: a little after this answer.",
    )
    .parameter(path_id("The job's id."), text())
    .body("EmptyBody", json!({}), false)
    .answers(200, "The job, cancelled.", Some(content("JobDocument")))
    .problems(&[ProblemCode::NotFound, ProblemCode::JobNotCancellable])
}
