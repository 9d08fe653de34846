use super::super::fault::Fault;
use super::*;
use serde_json::{Value, json};

const MADE: Instant = Instant::from_millis(1_795_258_517_999);

fn batch() -> BatchObject {
    BatchObject {
        id: "bat_1".to_owned(),
        object: "batch",
        endpoint: Endpoint::ChatCompletions,
        model: None,
        errors: None,
        input_file_id: "file-1".to_owned(),
        completion_window: "24h",
        status: BatchStatus::Validating,
        output_file_id: None,
        error_file_id: None,
        created_at: MADE,
        in_progress_at: None,
        expires_at: Some(MADE.plus_seconds(86_400)),
        finalizing_at: None,
        completed_at: None,
        failed_at: None,
        expired_at: None,
        cancelling_at: None,
        cancelled_at: None,
        request_counts: RequestCounts::default(),
        usage: None,
        metadata: None,
    }
}

#[test]
fn a_new_batch_has_every_field_and_null_for_what_is_to_come() {
    let expected = json!({
        "id": "bat_1",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "errors": null,
        "input_file_id": "file-1",
        "completion_window": "24h",
        "status": "validating",
        "output_file_id": null,
        "error_file_id": null,
        "created_at": 1_795_258_517,
        "in_progress_at": null,
        "expires_at": 1_795_344_917,
        "finalizing_at": null,
        "completed_at": null,
        "failed_at": null,
        "expired_at": null,
        "cancelling_at": null,
        "cancelled_at": null,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": null,
    });
    assert_eq!(json!(batch()), expected);
}

#[test]
fn a_batch_tells_its_errors_and_its_usage() {
    let failed = BatchObject {
        status: BatchStatus::Failed,
        errors: BatchErrors::of(vec![Fault::empty_file().at(None)]),
        usage: Some(BatchUsage {
            input_tokens: 5,
            total_tokens: 5,
            ..BatchUsage::default()
        }),
        ..batch()
    };
    let failed = json!(failed);
    assert_eq!(failed["errors"]["object"], "list");
    assert_eq!(failed["errors"]["data"][0]["code"], "empty_file");
    let usage = json!({
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 5,
    });
    assert_eq!(failed["usage"], usage);
    assert_eq!(BatchErrors::of(vec![]), None);
}

#[test]
fn a_file_is_shown_with_its_times_in_seconds() {
    let mut file = FileObject {
        id: "file-1".to_owned(),
        object: "file",
        bytes: 17,
        created_at: MADE,
        expires_at: Some(MADE.plus_seconds(3_600)),
        filename: "lines.jsonl".to_owned(),
        purpose: "batch_output",
        status: FileStatus::Processed,
        status_details: None,
    };
    let expected = json!({
        "id": "file-1",
        "object": "file",
        "bytes": 17,
        "created_at": 1_795_258_517,
        "expires_at": 1_795_262_117,
        "filename": "lines.jsonl",
        "purpose": "batch_output",
        "status": "processed",
        "status_details": null,
    });
    assert_eq!(json!(file), expected);
    file.expires_at = None;
    assert_eq!(json!(file).get("expires_at"), None);
}

#[test]
fn a_list_names_its_ends() {
    let list = |ids: &[&str], more| {
        let ids = ids.iter().copied().map(str::to_owned).collect();
        json!(List::new(ids, String::clone, more))
    };
    let expected = json!({
        "object": "list", "data": ["a", "b"], "first_id": "a", "last_id": "b", "has_more": true,
    });
    assert_eq!(list(&["a", "b"], true), expected);
    let empty = list(&[], false);
    assert_eq!(
        (&empty["first_id"], &empty["last_id"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(empty["has_more"], false);
}

#[test]
fn a_deleted_file_says_so() {
    let expected = json!({"id": "file-1", "object": "file", "deleted": true});
    assert_eq!(json!(DeletedFile::new("file-1")), expected);
}
