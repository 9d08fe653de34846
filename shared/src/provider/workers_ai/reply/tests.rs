use super::*;
use crate::provider::Usage;
use serde_json::json;

fn read(body: &Value) -> (Answer, Vec<Finding>) {
    match answer(body) {
        Reading::Answer(answer, findings) => (answer, findings),
        Reading::Error(_) | Reading::NoMessage | Reading::Pending(_) | Reading::Paused(..) => {
            panic!("no answer in {body}")
        }
    }
}

fn envelope(result: &Value) -> Value {
    json!({"result": result, "success": true, "errors": [], "messages": []})
}

#[test]
fn a_response_is_read_from_whatever_json_it_is() {
    for (response, text) in [
        (json!("hello"), "hello"),
        (json!({"a": [1, 2.5]}), r#"{"a":[1,2.5]}"#),
        (json!([1]), "[1]"),
        (json!(42), "42"),
        (json!(true), "true"),
    ] {
        let result = json!({"response": response});
        for body in [envelope(&result), result.clone()] {
            let (answer, findings) = read(&body);
            assert_eq!(answer.text, text, "{body}");
            assert_eq!(findings, []);
        }
    }
    assert_eq!(read(&envelope(&json!("hello"))).0.text, "hello");
}

#[test]
fn no_response_is_an_empty_answer_unless_it_calls_a_tool() {
    let nothing = json!({"response": null, "usage": {}});
    let (answer, findings) = read(&envelope(&nothing));
    assert_eq!((answer.text.as_str(), answer.usage), ("", None));
    assert_eq!(findings, [Finding::EmptyOutput]);
    let calls = json!({"response": null, "tool_calls": [{"name": "f", "arguments": {}}]});
    let (answer, findings) = read(&envelope(&calls));
    assert_eq!(answer.finish_reason, FinishReason::ToolCalls);
    assert_eq!(findings, []);
}

#[test]
fn openais_shapes_are_read_with_and_without_the_envelope() {
    let chat = json!({
        "choices": [{"message": {"content": "hello"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    });
    let responses = json!({
        "object": "response", "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "hello"}]}],
        "usage": {"input_tokens": 1, "output_tokens": 2},
    });
    for result in [chat, responses] {
        for body in [envelope(&result), result.clone()] {
            let (answer, findings) = read(&body);
            assert_eq!(answer.text, "hello");
            assert_eq!(findings, [Finding::CutShort]);
            let usage = Usage {
                input_tokens: Some(1),
                output_tokens: Some(2),
                ..Usage::default()
            };
            assert_eq!(answer.usage, Some(usage));
        }
    }
}

#[test]
fn an_error_in_the_result_is_an_error() {
    let body = envelope(&json!({"error": {"code": 502, "message": "gone"}}));
    assert!(matches!(answer(&body), Reading::Error(error) if error.status() == Some(502)));
}

#[test]
fn a_shape_nobody_sends_holds_no_message() {
    for body in [
        json!({}),
        envelope(&json!({})),
        envelope(&json!(null)),
        envelope(&json!([1])),
        json!(5),
    ] {
        assert!(matches!(answer(&body), Reading::NoMessage), "{body}");
    }
}
