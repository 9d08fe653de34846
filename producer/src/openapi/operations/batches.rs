use super::{Described, one_of, path_id, query, text};
use crate::openapi::content;
use crate::problem::ProblemCode;
use redrive_shared::ids::BATCH_JOBS;
use redrive_shared::job::Kind;
use redrive_shared::store::BatchStatus;
use serde_json::json;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

const TAG: &str = "batches";

const ACCEPTED_HEADERS: &[(&str, &str)] = &[
    (
        "Location",
        "Where to read the batch: the same as `statusUrl`.",
    ),
    ("Retry-After", "Seconds to wait before the first look."),
    (
        "Idempotent-Replayed",
        "`true` when an earlier request with the same key got this answer first.",
    ),
];

const DOCUMENT_HEADERS: &[(&str, &str)] = &[(
    "Retry-After",
    "Seconds to wait before the next look; absent when the batch has ended.",
)];

pub(super) fn submit() -> Described {
    let kinds = Kind::ALL.map(Kind::as_str);
    let defaults = ParameterBuilder::new()
        .parameter_in(ParameterIn::Header)
        .name("Redrive-Defaults")
        .required(Required::False)
        .description(Some(
            "A JSON object with fields for every line that does not have them: any field of a line. \
             Of a field that the query gives as well, the query's counts.",
        ));
    let number = || ObjectBuilder::new().schema_type(Type::Number);
    let described = Described::new(
        "submitBatch",
        TAG,
        "Submit many jobs as one",
        "Accepts up to 50,000 requests and 100 MiB at once, read while they arrive. Each line, or each \
         element of the array, is what `POST /api/v1/generate` takes, or with `kind` what \
         `POST /api/v1/execute` or `POST /api/v1/execute/tests` takes, at most 1 MiB long; with a \
         `customId` of yours, which no other line of the batch may have. A field `error` is passed \
         over, so that the file of errors can be submitted again.\n\nEvery line is judged before the \
         answer. A line that breaks a rule stops the batch, and nothing is stored; with `onError=skip` \
         it is passed over, and counts as `failed`. From the 202 on every line is owed: it becomes a \
         job, a thousand or so at a time, and ends like any other.",
    )
    .parameter(
        query("onError", "What a line does that breaks a rule: stop the batch, or be passed over."),
        one_of(&["reject", "skip"]),
    )
    .parameter(query("name", "What you call the batch, at most 200 bytes."), text())
    .parameter(query("kind", "Of every line that does not say."), one_of(&kinds));
    let described = [
        "provider", "model", "system", "language", "refType", "refId",
    ]
    .into_iter()
    .fold(described, |described, name| {
        described.parameter(query(name, "Of every line that does not say."), text())
    });
    ["maxTokens", "temperature", "maxAttempts", "deadlineSeconds"]
        .into_iter()
        .fold(described, |described, name| {
            described.parameter(query(name, "Of every line that does not say."), number())
        })
        .parameter(defaults, text().examples([json!("{\"topP\":0.9}")]))
        .idempotency_key()
        .upload(&[
            (
                "application/x-ndjson",
                "One request a line; blank lines are passed over.",
            ),
            ("application/json", "An array of requests."),
        ])
        .answers(
            202,
            "The batch is accepted.",
            Some(content("BatchAcceptedDocument")),
        )
        .headers(ACCEPTED_HEADERS)
        .problems(&[
            ProblemCode::InvalidLines,
            ProblemCode::EmptyBatch,
            ProblemCode::TooManyLines,
            ProblemCode::IdempotencyKeyInvalid,
            ProblemCode::IdempotencyKeyReused,
        ])
}

pub(super) fn read() -> Described {
    Described::new(
        "readBatch",
        TAG,
        "How far is a batch?",
        "Gives the batch with its lines by where they stand, how fast they end, when it will be done, \
         and what it cost so far.",
    )
    .parameter(path_id("The batch's id."), text())
    .answers(200, "The batch.", Some(content("BatchDocument")))
    .headers(DOCUMENT_HEADERS)
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn results() -> Described {
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1.0))
        .maximum(Some(f64::from(BATCH_JOBS)));
    Described::new(
        "readBatchResults",
        TAG,
        "What came of the lines?",
        "Gives one JSON object a line, as far as the batch is; none when there is nothing new. Each has \
         a `cursor`: a request with the last one you read goes on after it, however the one before \
         ended. In the order of lines (`order=line`) the answer ends before the first line that has no \
         outcome yet. In the order in which they ended (`order=completion`) nothing is waited for, and \
         a line that was replayed comes again when it has ended again.",
    )
    .parameter(path_id("The batch's id."), text())
    .parameter(query("order", "In which order."), one_of(&["line", "completion"]))
    .parameter(query("limit", "The most results; all there are when absent."), limit)
    .parameter(
        query("cursor", "The `cursor` of the last result you read; opaque."),
        text(),
    )
    .answers(200, "The results.", Some(content("ResultLine")))
    .one_a_line()
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn errors() -> Described {
    Described::new(
        "readBatchErrors",
        TAG,
        "Which lines brought nothing?",
        "Gives the lines that failed, died or were cancelled, as they were uploaded, each with an \
         `error` that says why. The file can be submitted again as it is, once the cause is put right. \
         A line that was no JSON object stands in the field `invalidLine`.",
    )
    .parameter(path_id("The batch's id."), text())
    .answers(200, "The lines.", Some(content("UnsuccessfulLine")))
    .one_a_line()
    .problems(&[ProblemCode::NotFound, ProblemCode::PayloadDeleted])
}

pub(super) fn cancel() -> Described {
    Described::new(
        "cancelBatch",
        TAG,
        "Stop a batch",
        "Lines that are no jobs yet never become one, and jobs that wait are cancelled. Jobs that run \
         have been paid for: they go on to their end, and the batch is `cancelling` until then. \
         Cancelling again changes nothing and answers the same.",
    )
    .parameter(path_id("The batch's id."), text())
    .body("EmptyBody", json!({}), false)
    .answers(202, "The batch.", Some(content("BatchDocument")))
    .headers(DOCUMENT_HEADERS)
    .problems(&[ProblemCode::NotFound, ProblemCode::BatchEnded])
}

pub(super) fn list() -> Described {
    let statuses = BatchStatus::ALL.map(BatchStatus::as_str);
    Described::new(
        "listBatches",
        TAG,
        "Which batches are there?",
        "Gives the tenant's batches, newest first, page by page.",
    )
    .parameter(
        query("status", "Only batches that stand so."),
        one_of(&statuses),
    )
    .created()
    .limit()
    .cursor()
    .answers(200, "A page of batches.", Some(content("BatchPage")))
}
