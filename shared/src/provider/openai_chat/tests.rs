use super::*;
use crate::access::Secret;
use crate::request::Message;
use serde_json::json;

fn settings(base_url: &str) -> ProviderSettings {
    ProviderSettings {
        base_url: base_url.to_owned(),
        api_key: Some(Secret::new("sk-hidden".to_owned())),
        default_model: Some("default-model".to_owned()),
    }
}

fn message(role: Role, content: &str) -> Message {
    Message {
        role,
        content: content.to_owned(),
    }
}

fn input() -> GenerateInput {
    GenerateInput {
        messages: vec![message(Role::User, "Say \u{0001} \"hi\"")],
        model: None,
        max_tokens: None,
        temperature: None,
        response_format: ResponseFormat::Text,
        language: None,
        difficulty: None,
    }
}

fn sent(base_url: &str, input: &GenerateInput) -> Value {
    let request = request(&settings(base_url), input).unwrap();
    serde_json::from_str(&request.body).unwrap()
}

const LOCAL: &str = "http://127.0.0.1:8080/v1";
const OPENAI: &str = "https://api.openai.com/v1";

#[test]
fn a_plain_request_says_nothing_that_was_not_asked() {
    assert_eq!(
        sent(LOCAL, &input()),
        json!({
            "model": "default-model",
            "messages": [{"role": "user", "content": "Say \u{0001} \"hi\""}],
        })
    );
}

#[test]
fn the_key_goes_into_the_authorization_and_nowhere_else() {
    let request = request(&settings(LOCAL), &input()).unwrap();
    let authorization = request
        .headers
        .iter()
        .find(|(name, _)| *name == "authorization");
    assert_eq!(authorization.unwrap().1.as_str(), "Bearer sk-hidden");
    assert!(!request.body.contains("hidden") && !request.url.contains("hidden"));
    assert!(!format!("{request:?}").contains("hidden"));
    assert!(
        !format!("{request:?}").contains("Say"),
        "the prompt is not shown either"
    );
}

#[test]
fn without_a_key_no_authorization_is_sent() {
    let mut settings = settings(LOCAL);
    for key in [None, Some(Secret::new("\n".to_owned()))] {
        settings.api_key = key;
        let request = request(&settings, &input()).unwrap();
        assert!(
            request
                .headers
                .iter()
                .all(|(name, _)| *name != "authorization")
        );
    }
}

#[test]
fn openai_is_told_its_own_name_of_the_token_limit_and_others_theirs() {
    let input = GenerateInput {
        max_tokens: Some(7),
        temperature: Some(0.5),
        ..input()
    };
    let openai = sent(OPENAI, &input);
    assert_eq!(openai.get("max_completion_tokens"), Some(&json!(7)));
    assert_eq!(openai.get("max_tokens"), None);
    let other = sent(LOCAL, &input);
    assert_eq!(other.get("max_tokens"), Some(&json!(7)));
    assert_eq!(other.get("max_completion_tokens"), None);
    assert_eq!(other.get("temperature"), Some(&json!(0.5)));
}

#[test]
fn the_requests_model_wins_over_the_default() {
    let input = GenerateInput {
        model: Some("asked-model".to_owned()),
        ..input()
    };
    assert_eq!(sent(LOCAL, &input)["model"], "asked-model");
}

#[test]
fn no_model_at_all_names_the_setting() {
    let mut settings = settings(LOCAL);
    for default_model in [None, Some("  ".to_owned())] {
        settings.default_model = default_model;
        let refused = request(&settings, &input()).unwrap_err();
        assert_eq!(refused.setting(), "OPENAI_MODEL");
    }
}

#[test]
fn language_and_difficulty_become_a_message_of_the_system() {
    let input = GenerateInput {
        language: Some("Rust".to_owned()),
        difficulty: Some("hard".to_owned()),
        ..input()
    };
    assert_eq!(
        sent(LOCAL, &input)["messages"][0],
        json!({"role": "system", "content": "Write code in Rust. The difficulty is hard."})
    );
}

#[test]
fn a_hint_joins_the_conversations_own_message_of_the_system() {
    let input = GenerateInput {
        messages: vec![
            message(Role::System, "Be brief."),
            message(Role::User, "Sort a list."),
        ],
        language: Some("Python".to_owned()),
        ..input()
    };
    assert_eq!(
        sent(LOCAL, &input)["messages"],
        json!([
            {"role": "system", "content": "Be brief.\n\nWrite code in Python."},
            {"role": "user", "content": "Sort a list."},
        ])
    );
}

#[test]
fn json_is_asked_for_by_format_and_in_words_when_nobody_else_says_it() {
    let mut input = GenerateInput {
        response_format: ResponseFormat::Json,
        ..input()
    };
    let silent = sent(LOCAL, &input);
    assert_eq!(silent["response_format"], json!({"type": "json_object"}));
    assert_eq!(
        silent["messages"][0]["content"],
        "Answer with one JSON object and nothing else."
    );
    input.messages = vec![message(Role::User, "A Json list of colours.")];
    assert_eq!(sent(LOCAL, &input)["messages"].as_array().unwrap().len(), 1);
}

fn read(choice: &Value) -> (Answer, Vec<Finding>) {
    match answer(&json!({"choices": [choice]})) {
        Reading::Answer(answer, findings) => (answer, findings),
        Reading::Error(error) => panic!("{error:?}"),
        Reading::NoMessage => panic!("no message in {choice}"),
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
