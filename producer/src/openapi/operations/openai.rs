use super::{Described, one_of, path_id, query, text};
use crate::openapi::content;
use crate::problem::ProblemCode;
use redrive_shared::store::PAGE_LIMIT;
use serde_json::json;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Type};

const TAG: &str = "OpenAI";

const REPLAYED: &[(&str, &str)] = &[(
    "Idempotent-Replayed",
    "`true` when an earlier request with the same key got this answer first.",
)];

fn limit(described: Described, most: u32, usual: u32) -> Described {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1.0))
        .maximum(Some(f64::from(most)))
        .default(Some(usual.into()));
    described.parameter(query("limit", "The most entries on the page."), schema)
}

pub(super) fn upload() -> Described {
    Described::new(
        "openaiUploadFile",
        TAG,
        "Upload a file",
        "`client.files.create(…)` of OpenAI's SDKs. Stores the lines of a batch: one \
         `{\"custom_id\",\"method\":\"POST\",\"url\",\"body\"}` a line. They are judged when a batch \
         is made of them.",
    )
    .form("OpenAiUpload")
    .answers(200, "The file.", Some(content("OpenAiFile")))
    .problems(&[ProblemCode::InvalidForm])
}

pub(super) fn list_files() -> Described {
    let described = Described::new(
        "openaiListFiles",
        TAG,
        "Which files are there?",
        "`client.files.list(…)` of OpenAI's SDKs. Gives a page of at most 1,000 files, newest first \
         unless told otherwise.",
    )
    .parameter(query("purpose", "Only files for this."), text())
    .parameter(query("order", "Oldest or newest first."), one_of(&["asc", "desc"]))
    .parameter(query("after", "`last_id` of the page before."), text());
    limit(described, 10_000, 10_000).answers(
        200,
        "A page of files.",
        Some(content("OpenAiFileList")),
    )
}

pub(super) fn read_file() -> Described {
    Described::new(
        "openaiReadFile",
        TAG,
        "What is known of a file?",
        "`client.files.retrieve(…)` of OpenAI's SDKs.",
    )
    .parameter(path_id("The file's id."), text())
    .answers(200, "The file.", Some(content("OpenAiFile")))
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn read_content() -> Described {
    let bytes = ObjectBuilder::new().schema_type(Type::String);
    let bytes = ContentBuilder::new().schema(Some(bytes.build())).build();
    Described::new(
        "openaiReadFileContent",
        TAG,
        "What is in a file?",
        "`client.files.content(…)` of OpenAI's SDKs. Gives the file as it was sent, or the lines of a \
         batch's output or errors.",
    )
    .parameter(path_id("The file's id."), text())
    .answers(200, "The file, byte for byte.", Some(bytes))
    .sent_as("application/octet-stream")
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn delete_file() -> Described {
    Described::new(
        "openaiDeleteFile",
        TAG,
        "Delete a file",
        "`client.files.delete(…)` of OpenAI's SDKs. A file that a batch still needs is not deleted.",
    )
    .parameter(path_id("The file's id."), text())
    .answers(200, "It is deleted.", Some(content("OpenAiDeletedFile")))
    .problems(&[ProblemCode::NotFound, ProblemCode::FileInUse])
}

pub(super) fn submit() -> Described {
    let example = json!({
        "input_file_id": "file-019dc2d7c93c7c3a9d2f5a1b7c8e9f00",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
    });
    Described::new(
        "openaiSubmitBatch",
        TAG,
        "Make a batch of a file",
        "`client.batches.create(…)` of OpenAI's SDKs. Every line of the file is judged before the first \
         is run: a batch whose file has mistakes is `failed`, and `errors` tells the first hundred. \
         Otherwise each line becomes a `generate` job like any other, also to be found at \
         `/api/v1/jobs`; the batch itself is also at `/api/v1/batches/{id}`.",
    )
    .idempotency_key()
    .body("OpenAiBatchRequest", example, true)
    .answers(200, "The batch.", Some(content("OpenAiBatch")))
    .headers(REPLAYED)
    .problems(&[ProblemCode::IdempotencyKeyReused])
}

pub(super) fn list_batches() -> Described {
    let described = Described::new(
        "openaiListBatches",
        TAG,
        "Which batches of files are there?",
        "`client.batches.list(…)` of OpenAI's SDKs. Gives a page of batches that were made of files, \
         newest first.",
    )
    .parameter(query("after", "`last_id` of the page before."), text());
    limit(described, PAGE_LIMIT, 20).answers(
        200,
        "A page of batches.",
        Some(content("OpenAiBatchList")),
    )
}

pub(super) fn read_batch() -> Described {
    Described::new(
        "openaiReadBatch",
        TAG,
        "How far is a batch of a file?",
        "`client.batches.retrieve(…)` of OpenAI's SDKs.",
    )
    .parameter(path_id("The batch's id."), text())
    .answers(200, "The batch.", Some(content("OpenAiBatch")))
    .problems(&[ProblemCode::NotFound])
}

pub(super) fn cancel() -> Described {
    Described::new(
        "openaiCancelBatch",
        TAG,
        "Stop a batch of a file",
        "`client.batches.cancel(…)` of OpenAI's SDKs. What runs goes on to its end; then the files are \
         written with what was done, and the batch is `cancelled`.",
    )
    .parameter(path_id("The batch's id."), text())
    .answers(200, "The batch.", Some(content("OpenAiBatch")))
    .problems(&[ProblemCode::NotFound, ProblemCode::BatchEnded])
}
