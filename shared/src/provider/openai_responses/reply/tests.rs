use super::*;
use serde_json::json;

fn read(body: &Value) -> (Answer, Vec<Finding>) {
    match answer(body) {
        Reading::Answer(answer, findings) => (answer, findings),
        Reading::Error(_) | Reading::NoMessage | Reading::Pending(_) | Reading::Paused(..) => {
            panic!("no answer in {body}")
        }
    }
}

fn message(parts: &Value) -> Value {
    json!({"type": "message", "role": "assistant", "status": "completed", "content": parts})
}

#[test]
fn the_text_is_that_of_the_messages() {
    let (answer, findings) = read(&json!({
        "id": "resp_1", "status": "completed", "model": "gpt-x",
        "output": [
            {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
            message(&json!([{"type": "output_text", "text": "hel"}, {"type": "output_text", "text": "lo"}])),
        ],
    }));
    assert_eq!(answer.text, "hello");
    assert_eq!(answer.finish_reason, FinishReason::Stop);
    assert_eq!(answer.raw_finish_reason.as_deref(), Some("completed"));
    assert_eq!(findings, []);
}

#[test]
fn a_refusal_is_found_and_is_the_text() {
    let (answer, findings) = read(&json!({
        "status": "completed",
        "output": [message(&json!([{"type": "refusal", "refusal": "I can't."}]))],
    }));
    assert_eq!(answer.text, "I can't.");
    assert_eq!(answer.finish_reason, FinishReason::Refusal);
    assert_eq!(findings, [Finding::Refused]);
}

#[test]
fn why_an_answer_is_incomplete_is_known_and_kept() {
    for (reason, known, found) in [
        ("max_output_tokens", FinishReason::Length, Finding::CutShort),
        ("max_messages", FinishReason::Length, Finding::CutShort),
        ("steered", FinishReason::Other, Finding::CutShort),
        (
            "content_filter",
            FinishReason::ContentFilter,
            Finding::ContentFiltered,
        ),
    ] {
        let (answer, findings) = read(&json!({
            "status": "incomplete", "incomplete_details": {"reason": reason},
            "output": [message(&json!([{"type": "output_text", "text": "Once"}]))],
        }));
        assert_eq!(answer.finish_reason, known, "{reason}");
        assert_eq!(answer.raw_finish_reason.as_deref(), Some(reason));
        assert_eq!(findings, [found], "{reason}");
    }
}

#[test]
fn an_answer_that_is_worked_on_has_a_name() {
    for status in ["queued", "in_progress"] {
        let body = json!({"id": "resp_1", "status": status, "output": []});
        assert!(matches!(answer(&body), Reading::Pending(id) if id == "resp_1"));
        let nameless = json!({"status": status, "output": []});
        assert!(matches!(answer(&nameless), Reading::NoMessage));
    }
}

#[test]
fn an_answer_without_a_word_is_found_empty_unless_it_calls_a_tool() {
    let with = |output: Value| read(&json!({"status": "completed", "output": output}));
    assert_eq!(with(json!([])).1, [Finding::EmptyOutput]);
    let (answer, findings) = with(json!([{"type": "function_call", "name": "f"}]));
    assert_eq!(answer.finish_reason, FinishReason::ToolCalls);
    assert_eq!(findings, []);
}

#[test]
fn what_was_cached_and_reasoned_is_counted() {
    let said = json!({
        "input_tokens": 9, "output_tokens": 12, "total_tokens": 21,
        "input_tokens_details": {"cached_tokens": 4},
        "output_tokens_details": {"reasoning_tokens": 8},
    });
    let read = usage(&said).unwrap();
    assert_eq!(read.cached_tokens, Some(4));
    assert_eq!(read.reasoning_tokens, Some(8));
    assert_eq!(usage(&json!({"total_tokens": null})), None);
}

#[test]
fn what_failed_or_was_cancelled_or_has_another_shape_is_no_answer() {
    let failed = json!({"status": "failed", "error": null, "output": []});
    assert!(matches!(answer(&failed), Reading::Error(_)));
    for body in [
        json!({}),
        json!({"status": "cancelled", "output": []}),
        json!({"status": "completed"}),
        json!({"status": "completed", "output": "hello"}),
        json!([]),
    ] {
        assert!(matches!(answer(&body), Reading::NoMessage), "{body}");
    }
}
