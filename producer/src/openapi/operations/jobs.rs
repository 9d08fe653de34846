use super::{Described, path_id, query, text};
use crate::openapi::content;
use crate::problem::ProblemCode;
use redrive_shared::job::{JobState, Kind};
use serde_json::json;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Required, SchemaFormat};

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
         other answer nothing is owed.\n\nThe body is at most 1 MiB of JSON, without `Content-Encoding`. \
         `Idempotency-Key` is not honoured yet, and is refused rather than ignored.",
    )
    .body("GenerateBody", example, true)
    .answers(202, "The job is accepted.", Some(content("AcceptedDocument")))
    .headers(&[
        ("Location", "Where to read the job: the same as `statusUrl`."),
        ("Retry-After", "Seconds to wait before the first look."),
    ])
    .problems(&[ProblemCode::IdempotencyNotSupported])
}

pub(super) fn read(path: &str) -> Described {
    let id = if path == "/api/v1/jobs/{id}" {
        "readJob"
    } else {
        "readGenerateStatus"
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
    let time = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
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
    .parameter(
        query("createdAfter", "Only jobs created at this time or later."),
        time(),
    )
    .parameter(
        query("createdBefore", "Only jobs created before this time."),
        time(),
    )
    .limit()
    .cursor()
    .answers(200, "A page of jobs.", Some(content("JobPage")))
}

fn one_of(values: &[&str]) -> ObjectBuilder {
    text().enum_values(Some(values.iter().copied()))
}

pub(super) fn cancel() -> Described {
    Described::new(
        "cancelJob",
        TAG,
        "Stop a job",
        "Cancels a job that has not ended. A call to the provider that is running goes on, and its \
         answer is dropped. Cancelling a cancelled job again changes nothing and answers the same.",
    )
    .parameter(path_id("The job's id."), text())
    .body("EmptyBody", json!({}), false)
    .answers(200, "The job, cancelled.", Some(content("JobDocument")))
    .problems(&[ProblemCode::NotFound, ProblemCode::JobNotCancellable])
}
