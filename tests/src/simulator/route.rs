//! Whose API is called, and in which wire format.

use std::fmt;

use serde::Serialize;

/// Whose API a route belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vendor {
    /// `OpenAI`, and every server that follows it.
    #[serde(rename = "openai")]
    OpenAi,
    /// Azure `OpenAI`, both its classic and its v1 routes.
    Azure,
    /// Anthropic.
    Anthropic,
    /// Workers AI, over REST.
    WorkersAi,
    /// Piston, which runs code instead of models.
    Piston,
}

/// What a request and its good answer look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Chat completions.
    Chat,
    /// The responses of `OpenAI`.
    Responses,
    /// The messages of Anthropic.
    Messages,
    /// The models of Workers AI, in its envelope.
    Run,
    /// The executions of Piston.
    Execute,
}

/// One route of the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// As the ledger names it.
    pub(crate) name: &'static str,
    pub(crate) vendor: Vendor,
    pub(crate) format: Format,
}

const fn route(name: &'static str, vendor: Vendor, format: Format) -> Route {
    Route {
        name,
        vendor,
        format,
    }
}

/// `POST /v1/chat/completions`.
pub(crate) const OPENAI_CHAT: Route = route("openai.chat", Vendor::OpenAi, Format::Chat);
/// `POST /v1/responses`.
pub(crate) const OPENAI_RESPONSES: Route =
    route("openai.responses", Vendor::OpenAi, Format::Responses);
/// `GET /v1/responses/{id}`.
pub(crate) const OPENAI_RETRIEVE: Route =
    route("openai.responses.get", Vendor::OpenAi, Format::Responses);
/// `POST /openai/deployments/{deployment}/chat/completions`.
pub(crate) const AZURE_DEPLOYMENT: Route = route("azure.deployment", Vendor::Azure, Format::Chat);
/// `POST /openai/v1/chat/completions`.
pub(crate) const AZURE_CHAT: Route = route("azure.chat", Vendor::Azure, Format::Chat);
/// `POST /openai/v1/responses`.
pub(crate) const AZURE_RESPONSES: Route =
    route("azure.responses", Vendor::Azure, Format::Responses);
/// `GET /openai/v1/responses/{id}`.
pub(crate) const AZURE_RETRIEVE: Route =
    route("azure.responses.get", Vendor::Azure, Format::Responses);
/// `POST /v1/messages`.
pub(crate) const ANTHROPIC_MESSAGES: Route =
    route("anthropic.messages", Vendor::Anthropic, Format::Messages);
/// `POST /client/v4/accounts/{account}/ai/run/{model}`.
pub(crate) const WORKERS_AI_RUN: Route = route("workers-ai.run", Vendor::WorkersAi, Format::Run);
/// `POST /client/v4/accounts/{account}/ai/v1/chat/completions`.
pub(crate) const WORKERS_AI_CHAT: Route = route("workers-ai.chat", Vendor::WorkersAi, Format::Chat);
/// `POST /api/v2/execute`.
pub(crate) const PISTON_EXECUTE: Route = route("piston.execute", Vendor::Piston, Format::Execute);

impl Vendor {
    /// Whose path this is, for what stands at no route.
    pub(crate) fn of_path(path: &str) -> Self {
        let prefixes = [
            ("/openai/", Self::Azure),
            ("/v1/messages", Self::Anthropic),
            ("/client/", Self::WorkersAi),
            ("/api/v2/", Self::Piston),
        ];
        prefixes
            .into_iter()
            .find(|(prefix, _)| path.starts_with(prefix))
            .map_or(Self::OpenAi, |(_, vendor)| vendor)
    }

    /// The header in which the vendor names its answer.
    pub(crate) fn id_header(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("x-request-id"),
            Self::Azure => Some("apim-request-id"),
            Self::Anthropic => Some("request-id"),
            Self::WorkersAi => Some("cf-ray"),
            Self::Piston => None,
        }
    }

    /// The name of the answer with this number, in the manner of the vendor.
    pub(crate) fn request_id(self, sequence: u64) -> String {
        match self {
            Self::OpenAi | Self::Piston => format!("req_{sequence:032x}"),
            Self::Azure => format!("00000000-0000-4000-8000-{sequence:012x}"),
            Self::Anthropic => format!("req_sim{sequence:021x}"),
            Self::WorkersAi => format!("{sequence:016x}-SIM"),
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Anthropic => "anthropic",
            Self::WorkersAi => "workers-ai",
            Self::Piston => "piston",
        })
    }
}
