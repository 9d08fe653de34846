use super::*;
use crate::configuration::{ProviderConfiguration, Reached};
use crate::provider::{Destination, HeaderText, Method};
use crate::request::{Content, Message, Part, ResponseFormat, Role};
use proptest::prelude::*;
use serde_json::json;

const KEY: &str = "sk-hidden-key";
const GATEWAY_KEY: &str = "Bearer hidden-gateway-key";

/// Who can be asked for a model, and how.
const MODELS: [(Provider, Api); 8] = [
    (Provider::OpenAi, Api::Chat),
    (Provider::OpenAi, Api::Responses),
    (Provider::AzureOpenAi, Api::Chat),
    (Provider::AzureOpenAi, Api::Responses),
    (Provider::Anthropic, Api::Chat),
    (Provider::WorkersAi, Api::Chat),
    (Provider::Compatible, Api::Chat),
    (Provider::Compatible, Api::Responses),
];

fn settings(kind: Provider, api: Api) -> ProviderSettings {
    let mut one = ProviderConfiguration::new("p", kind, "https://provider.example/v1");
    one.api = api;
    one.api_key_secret = Some("KEY".to_owned());
    let mut settings = ProviderSettings::new(one, |_| Some(KEY.to_owned())).unwrap();
    let value = HeaderText::new(GATEWAY_KEY).unwrap();
    settings
        .headers
        .push(("cf-aig-authorization".to_owned(), value));
    settings
}

fn plain() -> GenerateInput {
    GenerateInput::new(Vec::new(), vec![Message::new(Role::User, "Hi")])
}

#[test]
fn every_kind_of_models_is_asked_at_its_own_url() {
    let urls = MODELS.map(|(kind, api)| {
        let request = generate(&settings(kind, api), "m", &plain()).unwrap();
        let Destination::Url(url) = request.to else {
            panic!("{:?}", request.to);
        };
        assert_eq!(request.method, Method::Post);
        url
    });
    assert_eq!(
        urls.map(|url| url.replace("https://provider.example", "")),
        [
            "/v1/chat/completions",
            "/v1/responses",
            "/v1/openai/v1/chat/completions",
            "/v1/openai/v1/responses",
            "/v1/messages",
            "/v1/m",
            "/v1/chat/completions",
            "/v1/responses",
        ]
    );
}

#[test]
fn what_runs_code_is_no_model() {
    for kind in [Provider::Executor, Provider::Piston] {
        let failure = generate(&settings(kind, Api::Chat), "m", &plain()).unwrap_err();
        assert_eq!(failure.code, ErrorCode::ProviderMisconfigured);
        assert_eq!(failure.action, Action::DeadLetter);
    }
}

#[test]
fn what_a_provider_cannot_do_is_not_asked_of_it() {
    let input = GenerateInput {
        seed: Some(1),
        temperature: Some(1.5),
        ..plain()
    };
    let failure = generate(&settings(Provider::Anthropic, Api::Chat), "m", &input).unwrap_err();
    assert_eq!(failure.code, ErrorCode::ProviderMisconfigured);
    assert_eq!(failure.action, Action::DeadLetter);
    assert_eq!(failure.fallback, Fallback::Now);
    assert_eq!(
        failure.message,
        "The provider, as it is configured now, cannot do what is asked: `/seed` must be absent for the provider `p`; \
         `/temperature` must be at most 1 for the provider `p`."
    );
}

#[test]
fn only_responses_are_asked_for_again() {
    for (kind, api) in MODELS {
        let request = poll(&settings(kind, api), "resp_1");
        match api {
            Api::Responses => assert_eq!(request.unwrap().method, Method::Get),
            Api::Chat => {
                assert_eq!(request.unwrap_err().code, ErrorCode::ProviderBadResponse);
            }
        }
    }
}

#[test]
fn a_name_that_would_change_the_url_is_not_asked_for() {
    let settings = settings(Provider::OpenAi, Api::Responses);
    let failure = poll(&settings, "../files").unwrap_err();
    assert_eq!(failure.action, Action::DeadLetter);
    assert!(!failure.message.contains("files"));
}

#[test]
fn a_binding_is_only_for_workers_ai() {
    for (kind, api) in MODELS {
        let mut settings = settings(kind, api);
        settings.configuration.reached = Reached::Binding("AI".to_owned());
        let request = generate(&settings, "m", &plain());
        assert_eq!(request.is_ok(), kind == Provider::WorkersAi, "{kind:?}");
    }
}

fn any_message() -> impl Strategy<Value = Message> {
    let role = prop_oneof![Just(Role::System), Just(Role::User), Just(Role::Assistant)];
    let text = ".{1,12}".prop_map(|text| Part::Text { text });
    let image = Just(Part::Image {
        url: "https://images.example/a.png".to_owned(),
    });
    let parts = prop::collection::vec(prop_oneof![text, image], 1..3);
    let content = prop_oneof![
        ".{1,12}".prop_map(Content::Text),
        parts.prop_map(Content::Parts)
    ];
    (role, content).prop_map(|(role, content)| Message { role, content })
}

prop_compose! {
    fn any_input()(
        messages in prop::collection::vec(any_message(), 1..4),
        max_tokens in prop::option::of(1_u32..100_000),
        temperature in prop::option::of(0.0..2.0_f64),
        top_p in prop::option::of(0.0..1.0_f64),
        stop in prop::collection::vec(".{1,3}", 0..3),
        seed in any::<Option<i64>>(),
        format in 0..3,
        language in prop::option::of("[a-z]{1,5}"),
        options in prop::collection::btree_map("[a-z_]{1,6}|stream|text|store|output_config", any::<bool>(), 0..3),
    ) -> GenerateInput {
        let options = options.into_iter().map(|(name, value)| (name, json!(value))).collect();
        GenerateInput {
            max_tokens,
            temperature,
            top_p,
            stop,
            seed,
            response_format: match format {
                0 => ResponseFormat::Text,
                1 => ResponseFormat::Json,
                _ => ResponseFormat::JsonSchema { name: "a".to_owned(), schema: json!({"type": "array", "items": {"type": "null"}}) },
            },
            language,
            provider_options: [("p".to_owned(), options)].into(),
            ..GenerateInput::new(Vec::new(), messages)
        }
    }
}

proptest! {
    /// A key in a body would be stored by the provider; a field twice is read one way or another.
    #[test]
    fn a_request_is_json_without_a_key_and_with_every_field_once(input in any_input(), model in "[a-z/.@-]{1,12}") {
        for (kind, api) in MODELS {
            let settings = settings(kind, api);
            let Ok(request) = generate(&settings, &model, &input) else {
                prop_assert!(!capabilities::unsupported(&settings.configuration, &model, &input).is_empty());
                continue;
            };
            let body = crate::json::parse(request.body.as_bytes());
            prop_assert!(body.is_ok_and(|body| body.is_object()), "{}", request.body);
            prop_assert!(!request.body.contains("hidden"));
            let shown = format!("{request:?}");
            prop_assert!(!shown.contains("hidden"));
            let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_ref()).collect();
            let keys = request.headers.iter().filter(|(_, value)| value.as_str().contains(KEY));
            prop_assert_eq!(keys.count(), 1);
            prop_assert!(names.contains(&"cf-aig-authorization"));
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), all);
        }
    }
}
