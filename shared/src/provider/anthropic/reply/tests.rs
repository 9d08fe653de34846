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

fn said(reason: &str) -> Value {
    json!({"type": "message", "content": [{"type": "text", "text": "Once"}], "stop_reason": reason})
}

#[test]
fn the_text_is_that_of_the_text_blocks() {
    let (answer, findings) = read(&json!({
        "type": "message", "model": "claude-x", "stop_reason": "end_turn",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "text", "text": "hel"},
            {"type": "text", "text": "lo", "citations": null},
        ],
    }));
    assert_eq!(answer.text, "hello");
    assert_eq!(answer.model.as_deref(), Some("claude-x"));
    assert_eq!(findings, []);
}

#[test]
fn every_reason_to_stop_is_known_and_kept() {
    for (raw, reason, found) in [
        ("end_turn", FinishReason::Stop, None),
        ("stop_sequence", FinishReason::Stop, None),
        ("max_tokens", FinishReason::Length, Some(Finding::CutShort)),
        (
            "model_context_window_exceeded",
            FinishReason::Length,
            Some(Finding::ContextFull),
        ),
        ("tool_use", FinishReason::ToolCalls, None),
        ("refusal", FinishReason::Refusal, Some(Finding::Refused)),
        ("of_a_later_day", FinishReason::Other, None),
    ] {
        let (answer, findings) = read(&said(raw));
        assert_eq!(answer.finish_reason, reason, "{raw}");
        assert_eq!(answer.raw_finish_reason.as_deref(), Some(raw));
        assert_eq!(findings, Vec::from_iter(found), "{raw}");
    }
}

#[test]
fn a_turn_that_paused_is_given_back_whole() {
    let body = said("pause_turn");
    let Reading::Paused(content, answer) = answer(&body) else {
        panic!("it paused");
    };
    assert_eq!(content, body["content"]);
    assert_eq!(answer.text, "Once");
    assert_eq!(answer.raw_finish_reason.as_deref(), Some("pause_turn"));
}

#[test]
fn the_category_of_a_refusal_is_kept_when_it_is_a_plain_word() {
    let refused = |category: &str| {
        let mut body = said("refusal");
        body["stop_details"] = json!({"type": "refusal", "category": category});
        read(&body).0.stop_category
    };
    assert_eq!(refused("cyber").as_deref(), Some("cyber"));
    assert_eq!(refused("write me a poem"), None);
}

#[test]
fn an_answer_without_a_word_is_found_empty_unless_it_calls_a_tool() {
    let with = |content: Value| read(&json!({"content": content, "stop_reason": "end_turn"})).1;
    assert_eq!(with(json!([])), [Finding::EmptyOutput]);
    assert_eq!(
        with(json!([{"type": "thinking", "thinking": "hm"}])),
        [Finding::EmptyOutput]
    );
    let calls = json!([{"type": "tool_use", "id": "t", "name": "n", "input": {}}]);
    assert_eq!(with(calls), []);
}

#[test]
fn input_is_what_was_read_anew_and_what_the_cache_had() {
    let counted = |said: Value| usage(&said);
    let full = json!({
        "input_tokens": 10, "output_tokens": 7,
        "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000,
        "output_tokens_details": {"thinking_tokens": 3},
    });
    let all = Usage {
        input_tokens: Some(1110),
        output_tokens: Some(7),
        total_tokens: Some(1117),
        cached_tokens: Some(1000),
        reasoning_tokens: Some(3),
    };
    assert_eq!(counted(full), Some(all));
    let without = json!({"input_tokens": 10, "output_tokens": 7, "cache_read_input_tokens": null});
    let plain = counted(without).unwrap();
    assert_eq!((plain.input_tokens, plain.cached_tokens), (Some(10), None));
    let cache_alone = counted(json!({"cache_read_input_tokens": 5})).unwrap();
    assert_eq!(cache_alone.input_tokens, None);
    assert_eq!(counted(json!({})), None);
}

#[test]
fn a_shape_nobody_sends_holds_no_message() {
    for body in [
        json!({}),
        json!({"content": null}),
        json!({"content": "hello"}),
        json!([]),
        json!(5),
    ] {
        assert!(matches!(answer(&body), Reading::NoMessage), "{body}");
    }
}
