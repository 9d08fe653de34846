use super::*;
use crate::configuration::ProviderConfiguration;
use crate::provider::{Api, Method};
use crate::request::{Content, Message};

fn settings(kind: Provider) -> ProviderSettings {
    let mut one = ProviderConfiguration::new("p", kind, "https://api.openai.com/v1/");
    one.api = Api::Responses;
    one.api_key_secret = Some("KEY".to_owned());
    ProviderSettings::new(one, |_| Some("sk-hidden".to_owned())).unwrap()
}

fn input() -> GenerateInput {
    GenerateInput::new(Vec::new(), vec![Message::new(Role::User, "Hi")])
}

fn with_options(input: GenerateInput, options: Value) -> GenerateInput {
    let Value::Object(options) = options else {
        unreachable!()
    };
    let provider_options = [("p".to_owned(), options)].into();
    GenerateInput {
        provider_options,
        ..input
    }
}

fn sent(input: &GenerateInput) -> String {
    request(&settings(Provider::OpenAi), "m", input)
        .unwrap()
        .body
}

fn fields(request: &ProviderRequest) -> Vec<(&str, &str)> {
    let fields = request.headers.iter();
    fields
        .map(|(name, value)| (name.as_ref(), value.as_str()))
        .collect()
}

#[test]
fn a_plain_request_is_not_kept_by_the_provider() {
    let request = request(&settings(Provider::OpenAi), "m", &input()).unwrap();
    assert_eq!(
        request.body,
        r#"{"model":"m","input":[{"role":"user","content":"Hi"}],"store":false}"#
    );
    assert_eq!(request.method, Method::Post);
    assert_eq!(
        request.to,
        Destination::Url("https://api.openai.com/v1/responses".to_owned())
    );
    assert_eq!(
        fields(&request),
        [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("authorization", "Bearer sk-hidden"),
        ]
    );
    assert!(!format!("{request:?}").contains("hidden"));
}

#[test]
fn one_made_in_the_background_is_kept() {
    let body = sent(&with_options(input(), json!({"background": true})));
    assert_eq!(
        body,
        r#"{"model":"m","input":[{"role":"user","content":"Hi"}],"background":true}"#
    );
}

#[test]
fn every_field_has_its_spelling_and_its_place() {
    let parts = vec![
        Part::Text {
            text: "See".to_owned(),
        },
        Part::Image {
            url: "https://images.example/a.png".to_owned(),
        },
    ];
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let input = GenerateInput {
        messages: vec![
            Message::new(Role::System, "Be brief."),
            Message {
                role: Role::User,
                content: Content::Parts(parts),
            },
            Message::new(Role::Assistant, "A cat."),
            Message::new(Role::User, "Sure?"),
        ],
        max_tokens: Some(20),
        temperature: Some(1.0),
        top_p: Some(0.25),
        language: Some("Rust".to_owned()),
        response_format: ResponseFormat::JsonSchema {
            name: "answer".to_owned(),
            schema,
        },
        ..input()
    };
    let options = json!({
        "text": {"verbosity": "low", "format": 1}, "instructions": "x", "stream": true, "store": true,
    });
    assert_eq!(
        sent(&with_options(input, options)),
        concat!(
            r#"{"model":"m","input":[{"role":"system","content":"Write code in Rust."},"#,
            r#"{"role":"system","content":"Be brief."},{"role":"user","content":["#,
            r#"{"type":"input_text","text":"See"},{"type":"input_image","#,
            r#""image_url":"https://images.example/a.png","detail":"auto"}]},"#,
            r#"{"role":"assistant","content":"A cat."},{"role":"user","content":"Sure?"}],"#,
            r#""max_output_tokens":20,"temperature":1.0,"top_p":0.25,"#,
            r#""text":{"format":{"name":"answer","schema":{"additionalProperties":false,"properties":{},"#,
            r#""type":"object"},"strict":true,"type":"json_schema"},"verbosity":"low"},"store":true}"#,
        )
    );
}

#[test]
fn a_poll_has_no_body_and_says_so() {
    let request = poll(&settings(Provider::Compatible), "resp_68a-1").unwrap();
    assert_eq!((request.method, request.body.as_str()), (Method::Get, ""));
    assert_eq!(
        request.to,
        Destination::Url("https://api.openai.com/v1/responses/resp_68a-1".to_owned())
    );
    assert_eq!(
        fields(&request),
        [
            ("accept", "application/json"),
            ("authorization", "Bearer sk-hidden"),
        ]
    );
}

#[test]
fn a_name_of_a_response_is_one_piece_of_a_url() {
    assert!(is_response_id("resp_0a-Z"));
    for text in ["", "..", "a/b", "a?b", "a b", "é", &"a".repeat(257)] {
        assert!(!is_response_id(text), "{text}");
    }
}
