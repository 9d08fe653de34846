//! Servers that follow `OpenAI` in their own words: vLLM, Ollama, llama.cpp, `OpenRouter`, Groq,
//! Together, `DeepSeek`, and gateways built with `FastAPI`.

use super::{Case, OPENAI, WORKERS_AI, fails};
use crate::simulator::reply::{Failure, Hint, Words};

const fn says(name: &'static str, does: &'static str, status: u16, text: &'static str) -> Case {
    fails(name, OPENAI, does, Failure::json(status, text))
}

pub(super) const CASES: &[Case] = &[
    says(
        "row-17-llama-cpp",
        "the prompt is too long, told by llama.cpp",
        400,
        r#"{"error":{"code":400,"message":"the request exceeds the available context size, try increasing it","type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}}"#,
    ),
    says(
        "row-17-vllm",
        "the prompt is too long, told by vLLM, whose code is a number",
        400,
        r#"{"error":{"message":"This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages.","type":"BadRequestError","param":"input_tokens","code":400}}"#,
    ),
    says(
        "row-17-vllm-old",
        "the same, told by an older vLLM without a wrapper",
        400,
        r#"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.","type":"BadRequestError","param":null,"code":400}"#,
    ),
    says(
        "row-23",
        "the model is cold",
        400,
        r#"{"error":{"message":"The model is cold. Please try again in a few minutes.","type":"model_cold","param":null,"code":"model_cold"}}"#,
    ),
    says(
        "row-23-loading",
        "the model is loading",
        400,
        r#"{"error":{"message":"The model is loading","type":"model_loading","param":null,"code":null}}"#,
    ),
    says(
        "row-24-vllm",
        "400 with a number for a code",
        400,
        r#"{"error":{"message":"temperature must be non-negative, got -1.0.","type":"BadRequestError","param":"temperature","code":400}}"#,
    ),
    says(
        "row-24-vllm-old",
        "400 without a wrapper",
        400,
        r#"{"object":"error","message":"[{'type': 'missing'}]","type":"BadRequestError","param":null,"code":400}"#,
    ),
    says("row-24-ollama", "400 with a text", 400, r#"{"error":"invalid options: temperature"}"#),
    says("row-24-detail", "400 with a detail", 400, r#"{"detail":"Messages must not be empty"}"#),
    says(
        "row-24-gemini",
        "400 with the error in an array",
        400,
        r#"[{"error":{"code":400,"message":"Invalid value at 'messages'","status":"INVALID_ARGUMENT"}}]"#,
    ),
    says(
        "row-27-moderation",
        "403 of OpenRouter for what was asked",
        403,
        r#"{"error":{"code":403,"message":"Your chosen model requires moderation and your input was flagged","metadata":{"reasons":["violence"],"flagged_input":"...","provider_name":"simulated"}}}"#,
    ),
    says(
        "row-27-context",
        "403 of Together for a prompt that is too long",
        403,
        r#"{"error":{"message":"Input token count + max_tokens must be less than the context length","type":"invalid_request_error","param":null,"code":null}}"#,
    ),
    says(
        "row-28-ollama",
        "404 of Ollama",
        404,
        r#"{"error":{"message":"model \"{model}\" not found, try pulling it first","type":"not_found_error","param":null,"code":null}}"#,
    ),
    says(
        "row-33-groq",
        "413 of Groq for a request larger than its limit",
        413,
        r#"{"error":{"message":"Request too large for model `{model}` on tokens per minute (TPM): Limit 1, Requested 2","type":"tokens","code":"rate_limit_exceeded"}}"#,
    ),
    says("row-34-detail", "422 with a text", 422, r#"{"detail":"Unprocessable"}"#),
    says(
        "row-34-error",
        "422 with an error in its detail",
        422,
        r#"{"detail":{"error":{"message":"Unprocessable","type":"invalid_request_error","code":null}}}"#,
    ),
    fails(
        "row-47-openrouter",
        OPENAI,
        "429 of OpenRouter",
        Failure::json(
            429,
            r#"{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-min","metadata":{"provider_name":"simulated"}}}"#,
        )
        .hint(Hint::Text("2")),
    ),
    says("row-47-bare", "429 with a text", 429, r#"{"error":"too many requests"}"#),
    fails(
        "row-47-1015",
        OPENAI,
        "429 of Cloudflare in front",
        Failure::of(429, Words::Plain("error code: 1015")),
    ),
    says(
        "row-49",
        "498 of Groq: no flex capacity",
        498,
        r#"{"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded","code":"capacity_exceeded"}}"#,
    ),
    says(
        "row-49-498",
        "498 of Groq: no flex capacity",
        498,
        r#"{"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded","code":"capacity_exceeded"}}"#,
    ),
    says("row-49-499", "499: the client is gone", 499, r#"{"error":{"message":"Client closed request","type":"cancelled","param":null,"code":null}}"#),
    says(
        "row-51-openrouter",
        "502 of OpenRouter",
        502,
        r#"{"error":{"code":502,"message":"Provider returned error","metadata":{"error_type":"provider_unavailable","provider_name":"simulated"}}}"#,
    ),
    says(
        "row-52-llama-cpp",
        "503 of llama.cpp while it loads",
        503,
        r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
    ),
    fails(
        "row-45-openai",
        WORKERS_AI,
        "3040 in the shape of OpenAI",
        Failure::json(
            429,
            r#"{"error":{"message":"3040: Capacity temporarily exceeded","type":"rate_limit_error","param":null,"code":3040}}"#,
        ),
    ),
];
