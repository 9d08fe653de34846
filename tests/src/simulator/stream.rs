//! Events where JSON was asked for.

use axum::response::Response;
use serde_json::{Value, json};

use crate::simulator::exchange::{Exchange, created};
use crate::simulator::openai::responses::Standing;
use crate::simulator::reply::{Events, Shape};
use crate::simulator::route::Format;

/// What the stream says before it ends or fails.
const SOME_TEXT: &str = "Simulated";

/// The events, all at once, with status 200.
pub(crate) fn response(exchange: &Exchange<'_>, events: Events) -> Response {
    let text = match exchange.route.format {
        Format::Chat => chat(exchange, events),
        Format::Responses => responses(exchange, events),
        Format::Messages => messages(exchange, events),
        Format::Run | Format::Execute => run(exchange, events),
    };
    exchange.sender().of_type("text/event-stream", text)
}

fn has_text(events: Events) -> bool {
    events != Events::ErrorFirst
}

fn has_error(events: Events) -> bool {
    matches!(events, Events::ErrorFirst | Events::ErrorAfter)
}

fn is_whole(events: Events) -> bool {
    events == Events::Whole
}

/// An event without a name.
fn unnamed(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// An event that is named after the type in it.
fn named(value: &Value) -> String {
    let name = value.get("type").and_then(Value::as_str);
    format!("event: {}\n{}", name.unwrap_or_default(), unnamed(value))
}

fn chat(exchange: &Exchange<'_>, events: Events) -> String {
    let chunk = |delta: Value, reason: Value| {
        unnamed(&json!({
            "id": format!("chatcmpl-sim{:029x}", exchange.known.sequence),
            "object": "chat.completion.chunk",
            "created": created(),
            "model": exchange.asked.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }))
    };
    let mut text = String::new();
    if has_text(events) {
        text += &chunk(
            json!({"role": "assistant", "content": SOME_TEXT}),
            Value::Null,
        );
    }
    if has_error(events) {
        let message = "The server had an error while processing your request.";
        let error =
            json!({"message": message, "type": "server_error", "param": null, "code": null});
        text += &unnamed(&json!({"error": error}));
    }
    if is_whole(events) {
        text += &chunk(json!({}), json!("stop"));
        text += "data: [DONE]\n\n";
    }
    text
}

fn responses(exchange: &Exchange<'_>, events: Events) -> String {
    let draft = exchange.draft();
    let begun = draft.object(Standing::InProgress);
    let begun = json!({"type": "response.created", "sequence_number": 0, "response": begun});
    let mut text = named(&begun);
    if has_text(events) {
        text += &named(&json!({
            "type": "response.output_text.delta",
            "sequence_number": 1,
            "output_index": 0,
            "content_index": 0,
            "delta": SOME_TEXT,
        }));
    }
    if has_error(events) {
        text += &named(&json!({
            "type": "error",
            "sequence_number": 2,
            "code": "server_error",
            "message": "The server had an error while processing your request.",
            "param": null,
        }));
    }
    if is_whole(events) {
        let whole = draft.object(Standing::Whole(Shape::Good));
        let ended = json!({"type": "response.completed", "sequence_number": 2, "response": whole});
        text += &named(&ended);
    }
    text
}

fn messages(exchange: &Exchange<'_>, events: Events) -> String {
    let message = json!({
        "id": format!("msg_sim{:021x}", exchange.known.sequence),
        "type": "message",
        "role": "assistant",
        "model": exchange.asked.model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": {"input_tokens": exchange.known.prompt_tokens, "output_tokens": 1},
    });
    let mut text = named(&json!({"type": "message_start", "message": message}));
    text += &named(&json!({"type": "ping"}));
    if has_text(events) {
        let block = json!({"type": "text", "text": ""});
        let delta = json!({"type": "text_delta", "text": SOME_TEXT});
        text += &named(&json!({"type": "content_block_start", "index": 0, "content_block": block}));
        text += &named(&json!({"type": "content_block_delta", "index": 0, "delta": delta}));
    }
    if has_error(events) {
        let error = json!({"type": "overloaded_error", "message": "Overloaded"});
        text += &named(&json!({"type": "error", "error": error}));
    }
    if is_whole(events) {
        let delta = json!({"stop_reason": "end_turn", "stop_sequence": null});
        let usage = json!({"output_tokens": 3});
        text += &named(&json!({"type": "content_block_stop", "index": 0}));
        text += &named(&json!({"type": "message_delta", "delta": delta, "usage": usage}));
        text += &named(&json!({"type": "message_stop"}));
    }
    text
}

fn run(exchange: &Exchange<'_>, events: Events) -> String {
    let mut text = String::new();
    if has_text(events) {
        text += &unnamed(&json!({"response": SOME_TEXT}));
    }
    if has_error(events) {
        let message = "Capacity temporarily exceeded";
        text += &unnamed(&exchange.known.own_error("", Some("3040"), message));
    }
    if is_whole(events) {
        text += "data: [DONE]\n\n";
    }
    text
}
