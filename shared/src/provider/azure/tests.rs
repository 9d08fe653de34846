use super::*;
use crate::configuration::ProviderConfiguration;
use crate::provider::{HeaderText, Method, Provider};
use crate::request::{Message, Role};

fn settings(base: &str, version: Option<&str>, api: Api) -> ProviderSettings {
    let mut one = ProviderConfiguration::new("azure", Provider::AzureOpenAi, base);
    one.api = api;
    one.api_key_secret = Some("KEY".to_owned());
    one.reached = Reached::Url {
        base_url: base.to_owned(),
        api_version: version.map(str::to_owned),
        account_id: None,
    };
    ProviderSettings::new(one, |_| Some("hidden".to_owned())).unwrap()
}

fn input() -> GenerateInput {
    GenerateInput {
        max_tokens: Some(20),
        ..GenerateInput::new(Vec::new(), vec![Message::new(Role::User, "Hi")])
    }
}

fn asked(settings: &ProviderSettings) -> String {
    let request = request(settings, "my-gpt", &input()).unwrap();
    let Destination::Url(url) = request.to else {
        panic!("{:?}", request.to);
    };
    url
}

const RESOURCE: &str = "https://res.openai.azure.com";

#[test]
fn a_classic_deployment_stands_in_the_path_and_the_version_in_the_query() {
    let whole =
        format!("{RESOURCE}/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21");
    for base in [
        "",
        "/",
        "/openai",
        "/openai/deployments",
        "/openai/deployments/my-gpt",
    ] {
        let base = format!("{RESOURCE}{base}");
        let settings = settings(&base, Some("2024-10-21"), Api::Chat);
        assert_eq!(asked(&settings), whole, "{base}");
    }
}

#[test]
fn the_v1_interface_has_neither() {
    for base in ["", "/openai", "/openai/v1/"] {
        let base = format!("{RESOURCE}{base}");
        let chat = settings(&base, None, Api::Chat);
        let responses = settings(&base, None, Api::Responses);
        assert_eq!(
            asked(&chat),
            format!("{RESOURCE}/openai/v1/chat/completions")
        );
        assert_eq!(asked(&responses), format!("{RESOURCE}/openai/v1/responses"));
    }
}

#[test]
fn a_response_is_asked_for_at_its_own_url() {
    let v1 = poll(&settings(RESOURCE, None, Api::Responses), "resp_1").unwrap();
    let url = format!("{RESOURCE}/openai/v1/responses/resp_1");
    assert_eq!((v1.method, v1.to), (Method::Get, Destination::Url(url)));
    let version = Some("2025-04-01-preview");
    let classic = poll(&settings(RESOURCE, version, Api::Responses), "resp_1").unwrap();
    let url = format!("{RESOURCE}/openai/responses/resp_1?api-version=2025-04-01-preview");
    assert_eq!(classic.to, Destination::Url(url));
}

#[test]
fn a_gateway_has_resource_and_deployment_one_behind_the_other() {
    let base = "https://gateway.ai.cloudflare.com/v1/acc/gw/azure-openai/res";
    let settings = settings(base, Some("2024-10-21"), Api::Chat);
    let url = format!("{base}/my-gpt/chat/completions?api-version=2024-10-21");
    assert_eq!(asked(&settings), url);
}

#[test]
fn the_key_has_a_field_of_its_own_and_the_body_is_openais() {
    let request = request(&settings(RESOURCE, None, Api::Chat), "my-gpt", &input()).unwrap();
    let fields: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("api-key", "hidden"),
        ]
    );
    assert_eq!(
        request.body,
        r#"{"model":"my-gpt","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":20}"#
    );
    assert!(!format!("{request:?}").contains("hidden"));
}

#[test]
fn a_token_of_entra_comes_from_the_configuration() {
    let mut settings = settings(RESOURCE, None, Api::Chat);
    settings.api_key = None;
    let token = HeaderText::new("Bearer token").unwrap();
    settings.headers.push(("Authorization".to_owned(), token));
    let request = request(&settings, "my-gpt", &input()).unwrap();
    let named = |wanted: &str| request.headers.iter().find(|(name, _)| name == wanted);
    assert!(named("api-key").is_none());
    assert_eq!(named("authorization").unwrap().1.as_str(), "Bearer token");
}

#[test]
fn a_version_that_is_no_date_is_refused() {
    let settings = settings(RESOURCE, Some("2024&x=y"), Api::Chat);
    let refused = request(&settings, "my-gpt", &input()).unwrap_err();
    assert_eq!(refused.setting(), "providers.azure.api_version");
}
