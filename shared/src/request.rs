//! What a client asks for, read strictly.

mod execute;
pub mod limits;
mod read;
mod submission;
mod whom;

pub use execute::{ExecuteRequest, ExecuteTestsRequest};
pub use submission::Submission;
pub use whom::{Known, Wanted, Whom, read_list};

pub(crate) use read::read_model;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A `generate` request that passed every rule.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateRequest {
    /// What the provider is asked; stored with the job and read by the consumer.
    pub input: GenerateInput,
    /// What else is said about the job.
    pub submission: Submission,
}

/// What the provider is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateInput {
    /// Whom to ask, in this order; empty only in rows of a version that knew one provider.
    #[serde(default)]
    pub providers: Vec<Target>,
    /// The conversation; never empty. A `prompt` is one message of the user.
    pub messages: Vec<Message>,
    /// The most tokens the answer may have; 1 to 1,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Sampling temperature; 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Nucleus sampling: the part of the probability that is sampled from; 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Texts at which the model stops; at most 4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// For answers that repeat, as far as the provider can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// Plain text, or JSON.
    #[serde(default)]
    pub response_format: ResponseFormat,
    /// For code generation: the programming language wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// For code generation: how hard the exercise is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<String>,
    /// Fields of each provider's own, by the provider's name, sent as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provider_options: BTreeMap<String, Map<String, Value>>,
    /// What becomes of the job when a filter stops prompt or answer.
    #[serde(default)]
    pub on_content_filter: OnContentFilter,
    /// What becomes of the job when the model declines.
    #[serde(default)]
    pub on_refusal: OnRefusal,
}

impl GenerateInput {
    /// A conversation of which nothing else is said.
    #[must_use]
    pub fn new(providers: Vec<Target>, messages: Vec<Message>) -> Self {
        Self {
            providers,
            messages,
            max_tokens: None,
            temperature: None,
            top_p: None,
            stop: Vec::new(),
            seed: None,
            response_format: ResponseFormat::Text,
            language: None,
            difficulty: None,
            provider_options: BTreeMap::new(),
            on_content_filter: OnContentFilter::Fail,
            on_refusal: OnRefusal::Fail,
        }
    }
}

impl Message {
    /// A message of text.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            content: Content::Text(text.into()),
        }
    }
}

/// One provider of a chain, and the model to ask it for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Target {
    /// The provider by its name in the configuration.
    pub provider: String,
    /// The model by the provider's name for it.
    pub model: String,
}

impl Target {
    /// A provider and a model.
    #[must_use]
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
        }
    }
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

/// What is said in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// Text; byte-exact as the client sent it.
    Text(String),
    /// Text and images, one after the other; never empty.
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Part {
    /// Text.
    Text {
        /// Byte-exact as the client sent it.
        text: String,
    },
    /// An image that the provider fetches.
    Image {
        /// Where it is: an `https` URL.
        url: String,
    },
}

/// What becomes of a job when a filter stops prompt or answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnContentFilter {
    /// It fails.
    #[default]
    Fail,
    /// The next provider is asked; it fails when there is none.
    Fallback,
}

/// What becomes of a job when the model declines to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnRefusal {
    /// It fails.
    #[default]
    Fail,
    /// It succeeds with what the model said, marked by its finish reason.
    Succeed,
    /// The next provider is asked; it fails when there is none.
    Fallback,
}

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// The person or program that asks.
    User,
    /// The model's earlier answer.
    Assistant,
}

/// The form the answer is to have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResponseFormat {
    /// Plain text.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// JSON that a schema describes; an answer that does not fit it is refused.
    JsonSchema {
        /// What the provider is told it is called.
        name: String,
        /// JSON Schema.
        schema: Value,
    },
}
