//! What a client asks for: the `generate` request, read strictly.

pub mod limits;
mod read;

pub(crate) use read::{PROVIDERS, read_model};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A `generate` request that passed every rule.
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateRequest {
    /// What the provider is asked; stored with the job and read by the consumer.
    pub input: GenerateInput,
    /// The client's own name for what this job belongs to, for example `ticket`.
    pub ref_type: Option<String>,
    /// The client's own id within `ref_type`.
    pub ref_id: Option<String>,
    /// The client's own labels, given back with the job and never read.
    pub metadata: BTreeMap<String, String>,
    /// Seconds from submission after which the job is dead-lettered; 1 to 604,800.
    pub deadline_seconds: u32,
    /// How many attempts may fail before the job is dead-lettered; 1 to 20.
    pub max_attempts: u8,
}

/// What the provider is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateInput {
    /// The conversation; never empty. A `prompt` is one message of the user.
    pub messages: Vec<Message>,
    /// The model by the provider's name; the configured default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The most tokens the answer may have; 1 to 1,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Sampling temperature; 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Plain text, or one JSON value.
    #[serde(default)]
    pub response_format: ResponseFormat,
    /// For code generation: the programming language wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// For code generation: how hard the exercise is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<String>,
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; byte-exact as the client sent it.
    pub content: String,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseFormat {
    /// Plain text.
    #[default]
    Text,
    /// One JSON value.
    Json,
}
