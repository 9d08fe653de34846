use super::*;
use serde_json::json;

fn read(choice: &Value) -> (Answer, Vec<Finding>) {
    match answer(&json!({"choices": [choice]})) {
        Reading::Answer(answer, findings) => (answer, findings),
        Reading::Error(_) | Reading::NoMessage | Reading::Pending(_) | Reading::Paused(..) => {
            panic!("no answer in {choice}")
        }
    }
}

#[test]
fn text_is_read_from_a_string_and_from_parts() {
    for content in [
        json!("hello"),
        json!([{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]),
        json!(["hel", "lo", {"type": "image_url", "image_url": {}}]),
    ] {
        let (answer, findings) =
            read(&json!({"message": {"content": content}, "finish_reason": "stop"}));
        assert_eq!(answer.text, "hello");
        assert_eq!(findings, []);
    }
}

#[test]
fn an_answer_without_a_word_is_found_empty_unless_it_calls_a_tool() {
    for content in [json!(null), json!(""), json!([])] {
        let (_, findings) =
            read(&json!({"message": {"content": content}, "finish_reason": "stop"}));
        assert_eq!(findings, [Finding::EmptyOutput]);
    }
    let calls = json!({"message": {"content": null, "tool_calls": [{"id": "1"}]}, "finish_reason": "tool_calls"});
    let (answer, findings) = read(&calls);
    assert_eq!(answer.finish_reason, FinishReason::ToolCalls);
    assert_eq!(findings, []);
}

#[test]
fn a_refusal_is_found_wherever_it_is_said() {
    for choice in [
        json!({"message": {"content": null, "refusal": "I can't."}, "finish_reason": "stop"}),
        json!({"message": {"content": [{"type": "refusal", "refusal": "I can't."}]}, "finish_reason": "stop"}),
    ] {
        let (answer, findings) = read(&choice);
        assert_eq!(findings, [Finding::Refused]);
        assert_eq!(answer.text, "I can't.");
        assert_eq!(answer.finish_reason, FinishReason::Refusal);
    }
}

#[test]
fn what_azures_filter_stopped_is_found_with_its_category() {
    let results = |filtered: bool| {
        json!({
            "hate": {"filtered": false, "severity": "safe"},
            "violence": {"filtered": filtered, "severity": "medium"},
        })
    };
    for message in [json!({"role": "assistant", "content": ""}), json!(null)] {
        let (answer, findings) = read(&json!({
            "message": message, "finish_reason": "content_filter",
            "content_filter_results": results(true),
        }));
        assert_eq!(findings.first(), Some(&Finding::ContentFiltered));
        assert_eq!(answer.stop_category.as_deref(), Some("violence"));
    }
    let (answer, findings) = read(&json!({
        "message": {"content": "Hello"}, "finish_reason": "stop",
        "content_filter_results": results(false),
    }));
    assert_eq!((answer.stop_category, findings), (None, Vec::new()));
}

#[test]
fn an_unknown_reason_to_stop_is_kept_in_the_providers_word() {
    for (raw, reason) in [
        (json!("stop"), FinishReason::Stop),
        (json!("length"), FinishReason::Length),
        (json!("MAX_TOKENS"), FinishReason::Length),
        (json!("function_call"), FinishReason::ToolCalls),
        (json!("eos"), FinishReason::Other),
        (json!("error"), FinishReason::Other),
        (json!(null), FinishReason::Other),
    ] {
        let (answer, _) = read(&json!({"message": {"content": "x"}, "finish_reason": raw}));
        assert_eq!(answer.finish_reason, reason);
        assert_eq!(answer.raw_finish_reason.as_deref(), raw.as_str());
    }
}

#[test]
fn usage_is_absent_where_the_provider_said_nothing() {
    let full = json!({
        "prompt_tokens": 9, "completion_tokens": "12", "total_tokens": 21,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 8},
    });
    assert_eq!(
        usage(Some(&full)),
        Some(Usage {
            input_tokens: Some(9),
            output_tokens: Some(12),
            total_tokens: Some(21),
            cached_tokens: Some(4),
            reasoning_tokens: Some(8),
        })
    );
    let partly = usage(Some(&json!({"prompt_tokens": 9, "completion_tokens": -1}))).unwrap();
    assert_eq!((partly.output_tokens, partly.total_tokens), (None, None));
    for nothing in [
        json!(null),
        json!({}),
        json!([1]),
        json!({"prompt_tokens": "many"}),
    ] {
        assert_eq!(usage(Some(&nothing)), None, "{nothing}");
    }
}

#[test]
fn a_shape_nobody_sends_holds_no_message() {
    for body in [
        json!({}),
        json!({"choices": []}),
        json!({"choices": null}),
        json!({"choices": [{}]}),
        json!({"choices": [{"message": null}]}),
        json!({"choices": [{"message": "hello"}]}),
        json!({"choices": [{"message": {"content": 5}}]}),
        json!([]),
        json!("hello"),
    ] {
        assert!(matches!(answer(&body), Reading::NoMessage), "{body}");
    }
}

#[test]
fn an_error_in_the_place_of_a_message_is_an_error() {
    let body =
        json!({"choices": [{"error": {"code": 502, "message": "gone"}, "finish_reason": "error"}]});
    let Reading::Error(error) = answer(&body) else {
        panic!("it is an error");
    };
    assert_eq!(error.status(), Some(502));
}
