use redrive_shared::request::{OnContentFilter, OnRefusal, Role, Wanted};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a language model is asked for, and how patiently.
///
/// Give either `prompt` or `messages`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::openapi) struct GenerateBody {
    /// What the user says; a conversation of one message. At most 1 MiB of UTF-8.
    #[schema(
        nullable = false,
        min_length = 1,
        example = "Explain queues in one sentence."
    )]
    prompt: Option<String>,
    /// The conversation so far.
    #[schema(nullable = false, min_items = 1, max_items = 1000)]
    messages: Option<Vec<MessageBody>>,
    /// Instructions that stand above the conversation. At most 1 MiB of UTF-8.
    #[schema(nullable = false, min_length = 1)]
    system: Option<String>,
    /// The model, by the provider's own name: ASCII letters, digits and `._:/@+-`. The provider's
    /// default model when absent. Without `provider`, the one of the default providers is asked that
    /// lists this model, or else the first of them.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9._:/@+-]+$",
        example = "gpt-4o-mini"
    )]
    model: Option<String>,
    /// Who is asked, and nobody else: a name of `GET /api/v1/providers`. Without it, without
    /// `providers` and without `model`, the tenant's default providers are, or else the deployment's.
    #[schema(nullable = false, min_length = 1, max_length = 32, example = "openai")]
    provider: Option<String>,
    /// Who is asked, one after the other until one answers; excludes `provider` and `model`.
    #[schema(nullable = false, min_items = 1, max_items = 5)]
    providers: Option<Vec<Wanted>>,
    /// The most tokens the answer may have.
    #[schema(nullable = false, minimum = 1, maximum = 1_000_000)]
    max_tokens: Option<u32>,
    /// Sampling temperature.
    #[schema(nullable = false, minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// Nucleus sampling: the part of the probability that is sampled from.
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    top_p: Option<f64>,
    /// Texts at which the model stops, each of at most 256 bytes.
    #[schema(nullable = false, min_items = 1, max_items = 4)]
    stop: Option<Vec<String>>,
    /// For answers that repeat, as far as the provider can.
    #[schema(
        nullable = false,
        minimum = -9_007_199_254_740_991_i64,
        maximum = 9_007_199_254_740_991_i64
    )]
    seed: Option<i64>,
    /// The form the answer is to have; `text` when absent. An answer of another form is not given
    /// back as a result.
    #[schema(nullable = false)]
    response_format: Option<FormatBody>,
    /// For code generation: the programming language wanted. At most 64 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 64)]
    language: Option<String>,
    /// For code generation: how hard the exercise is to be. At most 64 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 64)]
    difficulty: Option<String>,
    /// Fields of a provider's own, by the provider's name, sent as they are: at most 64 KiB of JSON
    /// each. Fields that this API has itself are refused.
    #[schema(nullable = false, example = json!({"openai": {"reasoning_effort": "low"}}))]
    provider_options: Option<BTreeMap<String, Map<String, Value>>>,
    /// What becomes of the job when a filter of the provider stops prompt or answer: it fails, or
    /// the next provider is asked.
    #[schema(nullable = false, default = "fail")]
    on_content_filter: Option<OnContentFilter>,
    /// What becomes of the job when the model declines: it fails, it succeeds with what the model
    /// said, or the next provider is asked.
    #[schema(nullable = false, default = "fail")]
    on_refusal: Option<OnRefusal>,
    /// Your own labels, given back with the job: at most 64, keys of at most 64 bytes, values of at
    /// most 512.
    #[schema(nullable = false)]
    metadata: Option<BTreeMap<String, String>>,
    /// Your own name for what the job belongs to; with `refId` it finds the job in the list. At
    /// most 128 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 128, example = "ticket")]
    ref_type: Option<String>,
    /// Your own id within `refType`. At most 128 bytes.
    #[schema(nullable = false, min_length = 1, max_length = 128, example = "4711")]
    ref_id: Option<String>,
    /// Seconds after which no attempt begins any more and the job is dead-lettered; a day when
    /// absent.
    #[schema(nullable = false, minimum = 1, maximum = 604_800, default = 86_400)]
    deadline_seconds: Option<u32>,
    /// How many attempts may fail before the job is dead-lettered.
    #[schema(nullable = false, minimum = 1, maximum = 20, default = 5)]
    max_attempts: Option<u8>,
}

/// One message of a conversation.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageBody {
    /// Who speaks.
    role: Role,
    /// What is said.
    content: ContentBody,
}

/// What is said in a message.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
enum ContentBody {
    /// Text, of 1 byte to 1 MiB of UTF-8.
    Text(String),
    /// Text and images, one after the other: 1 to 64 parts. Only the user shows images, at most 16
    /// in a request.
    Parts(Vec<PartBody>),
}

/// A part of a message.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its description is used")]
enum PartBody {
    /// Text.
    Text {
        /// At most 1 MiB of UTF-8.
        #[schema(min_length = 1)]
        text: String,
    },
    /// An image that the provider fetches.
    Image {
        /// Where it is: an `https` URL.
        #[schema(
            min_length = 9,
            max_length = 8192,
            example = "https://example.com/cat.png"
        )]
        url: String,
    },
}

/// The form an answer is to have.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
enum FormatBody {
    /// Plain text, or one JSON object.
    Word(FormatWord),
    /// JSON that a schema describes.
    Schema(SchemaBody),
}

/// Plain text, or one JSON object.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its description is used")]
enum FormatWord {
    /// Plain text.
    Text,
    /// One JSON object.
    Json,
}

/// JSON that a schema describes. The answer is held to it, whoever gave it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SchemaBody {
    /// Always `jsonSchema`.
    #[serde(rename = "type")]
    kind: SchemaWord,
    /// What the provider is told it is called: ASCII letters, digits, `-` and `_`.
    #[schema(nullable = false, min_length = 1, max_length = 64, default = "answer")]
    name: Option<String>,
    /// JSON Schema, of at most 64 KiB.
    schema: Map<String, Value>,
}

/// Always `jsonSchema`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its description is used")]
enum SchemaWord {
    /// The only type so far.
    JsonSchema,
}
