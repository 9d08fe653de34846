//! What it takes to read a reply and to decide what it means.

use anyhow::{Result, ensure};
use redrive_shared::clock::Instant;
use redrive_shared::provider::{
    Api, Dialect, Provider, ProviderReply, Quirks, ReplyHeaders, Verdict, classify,
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant as Stopwatch;

/// Bytes of an answer's text, so that a reply has about 2 KB.
const TEXT_BYTES: usize = 1_500;

/// Replies of each sort that are read.
const REPLIES: u32 = 20_000;

/// A protocol, with what it says of an answer.
struct Protocol {
    name: &'static str,
    provider: Provider,
    api: Api,
    answer: fn(&str) -> Value,
}

const PROTOCOLS: [Protocol; 4] = [
    Protocol {
        name: "chat completions",
        provider: Provider::OpenAi,
        api: Api::Chat,
        answer: chat,
    },
    Protocol {
        name: "responses",
        provider: Provider::OpenAi,
        api: Api::Responses,
        answer: response,
    },
    Protocol {
        name: "anthropic",
        provider: Provider::Anthropic,
        api: Api::Chat,
        answer: message,
    },
    Protocol {
        name: "workers ai",
        provider: Provider::WorkersAi,
        api: Api::Chat,
        answer: envelope,
    },
];

/// Adds nanoseconds a reply, of an answer of 2 KB and of a throttled call.
///
/// # Errors
/// If a reply is not decided as it should be, so that the figures would be of something else.
pub(super) fn measure(report: &mut String) -> Result<()> {
    writeln!(report, "\nReading a reply, nanoseconds (native)")?;
    writeln!(report, "  {:<18} {:>9} {:>9}", "", "2 KB", "throttled")?;
    let text = "All is well that ends well. ".repeat(TEXT_BYTES / 28);
    for protocol in &PROTOCOLS {
        let answer = reply(200, &(protocol.answer)(&text));
        let throttled = reply(
            429,
            &json!({"error": {"message": "Rate limit reached.", "type": "rate_limit_error", "code": "rate_limit_exceeded"}}),
        );
        let answered = nanoseconds(protocol, answer, |verdict| {
            matches!(verdict, Verdict::Answered(_))
        })?;
        let failed = nanoseconds(protocol, throttled, |verdict| {
            matches!(verdict, Verdict::Failed(_))
        })?;
        writeln!(report, "  {:<18} {answered:>9} {failed:>9}", protocol.name)?;
    }
    Ok(())
}

fn nanoseconds(
    protocol: &Protocol,
    reply: ProviderReply,
    is_right: fn(&Verdict) -> bool,
) -> Result<u128> {
    let quirks = Quirks::default();
    let dialect = Dialect {
        provider: protocol.provider,
        api: protocol.api,
        quirks: &quirks,
    };
    let outcome = Ok(reply);
    let now = Instant::from_millis(1_795_258_517_000);
    ensure!(
        is_right(&classify(&dialect, &outcome, now)),
        "{} is decided otherwise",
        protocol.name
    );
    let started = Stopwatch::now();
    for _ in 0..REPLIES {
        black_box(classify(&dialect, black_box(&outcome), now));
    }
    Ok(started.elapsed().as_nanos() / u128::from(REPLIES))
}

fn reply(status: u16, body: &Value) -> ProviderReply {
    ProviderReply {
        status,
        headers: ReplyHeaders::from_iter([
            ("content-type", "application/json"),
            ("x-request-id", "req_4f1c2a7be0d94c6f8a1b"),
            ("retry-after", "20"),
        ]),
        body: body.to_string().into_bytes(),
    }
}

fn chat(text: &str) -> Value {
    json!({
        "id": "chatcmpl-CZ1", "object": "chat.completion", "created": 1_795_258_517, "model": "gpt-5-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": null}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 19, "completion_tokens": 400, "total_tokens": 419,
            "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 64},
        },
    })
}

fn response(text: &str) -> Value {
    json!({
        "id": "resp_1", "object": "response", "status": "completed", "error": null, "model": "gpt-5-mini",
        "output": [
            {"id": "rs_1", "type": "reasoning", "summary": []},
            {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]},
        ],
        "usage": {
            "input_tokens": 19, "output_tokens": 400, "total_tokens": 419,
            "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 64},
        },
    })
}

fn message(text: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 19, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 400},
    })
}

fn envelope(text: &str) -> Value {
    json!({
        "result": {"response": text, "usage": {"prompt_tokens": 19, "completion_tokens": 400, "total_tokens": 419}},
        "success": true, "errors": [], "messages": [],
    })
}
