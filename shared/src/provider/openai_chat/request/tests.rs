use super::*;
use crate::configuration::ProviderConfiguration;
use crate::provider::ProviderSettings;
use crate::request::{Content, GenerateInput, Message, Part, ResponseFormat, Role};
use serde_json::{Value, json};

fn settings(kind: Provider, key: Option<&str>) -> ProviderSettings {
    let mut one = ProviderConfiguration::new("p", kind, "http://127.0.0.1:8080/v1");
    one.api_key_secret = key.map(|_| "KEY".to_owned());
    ProviderSettings::new(one, |_| key.map(str::to_owned)).unwrap()
}

fn input() -> GenerateInput {
    let message = Message::new(Role::User, "Say \u{0001} \"hi\"");
    GenerateInput::new(Vec::new(), vec![message])
}

fn sent(kind: Provider, input: &GenerateInput) -> Value {
    let request = request(&settings(kind, Some("sk-hidden")), "some-model", input).unwrap();
    serde_json::from_str(&request.body).unwrap()
}

const LOCAL: Provider = Provider::Compatible;
const OPENAI: Provider = Provider::OpenAi;

#[test]
fn a_plain_request_says_nothing_that_was_not_asked() {
    assert_eq!(
        sent(LOCAL, &input()),
        json!({
            "model": "some-model",
            "messages": [{"role": "user", "content": "Say \u{0001} \"hi\""}],
        })
    );
}

#[test]
fn the_key_goes_into_the_authorization_and_nowhere_else() {
    let settings = settings(LOCAL, Some("sk-hidden"));
    let request = request(&settings, "m", &input()).unwrap();
    let authorization = request
        .headers
        .iter()
        .find(|(name, _)| *name == "authorization");
    assert_eq!(authorization.unwrap().1.as_str(), "Bearer sk-hidden");
    assert!(!request.body.contains("hidden"));
    assert!(!format!("{request:?}").contains("hidden"));
    assert!(
        !format!("{request:?}").contains("Say"),
        "the prompt is not shown either"
    );
}

#[test]
fn without_a_key_no_authorization_is_sent() {
    let request = request(&settings(LOCAL, None), "m", &input()).unwrap();
    assert!(
        request
            .headers
            .iter()
            .all(|(name, _)| *name != "authorization")
    );
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
            Message::new(Role::System, "Be brief."),
            Message::new(Role::User, "Sort a list."),
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
    input.messages = vec![Message::new(Role::User, "A Json list of colours.")];
    assert_eq!(sent(LOCAL, &input)["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn every_field_has_its_spelling_and_its_place() {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let mut input = GenerateInput {
        max_tokens: Some(9),
        temperature: Some(0.0),
        top_p: Some(0.5),
        stop: vec!["END".to_owned()],
        seed: Some(-1),
        response_format: ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema,
        },
        ..GenerateInput::new(Vec::new(), vec![Message::new(Role::User, "Hi")])
    };
    let options = json!({"user": "u", "n": 2, "stream": true});
    let options = options.as_object().unwrap().clone();
    input.provider_options.insert("p".to_owned(), options);
    let request = request(&settings(OPENAI, Some("k")), "m", &input).unwrap();
    assert_eq!(
        request.body,
        concat!(
            r#"{"model":"m","messages":[{"role":"user","content":"Hi"}],"#,
            r#""max_completion_tokens":9,"temperature":0.0,"top_p":0.5,"stop":["END"],"seed":-1,"#,
            r#""response_format":{"json_schema":{"name":"answer","schema":{"additionalProperties":false,"#,
            r#""properties":{},"type":"object"},"strict":true},"type":"json_schema"},"user":"u"}"#,
        )
    );
}

#[test]
fn images_are_parts_and_texts_stay_one_string() {
    let parts = |parts| Message {
        role: Role::User,
        content: Content::Parts(parts),
    };
    let text = |text: &str| Part::Text {
        text: text.to_owned(),
    };
    let url = "https://images.example/cat.png".to_owned();
    let input = GenerateInput::new(
        Vec::new(),
        vec![
            parts(vec![text("What "), text("is it?")]),
            parts(vec![text("And this?"), Part::Image { url }]),
        ],
    );
    assert_eq!(
        sent(LOCAL, &input)["messages"],
        json!([
            {"role": "user", "content": "What is it?"},
            {"role": "user", "content": [
                {"type": "text", "text": "And this?"},
                {"type": "image_url", "image_url": {"url": "https://images.example/cat.png"}},
            ]},
        ])
    );
}

#[test]
fn a_schema_that_would_be_refused_is_sent_as_a_wish() {
    let input = GenerateInput {
        response_format: ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema: json!({"type": "object"}),
        },
        ..input()
    };
    let format = &sent(OPENAI, &input)["response_format"];
    assert_eq!(format["json_schema"]["strict"], json!(false));
}
