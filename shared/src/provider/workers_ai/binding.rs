//! What the binding gives back, in the form that the same call over HTTP has: a result, or errors
//! with their codes, in Cloudflare's envelope.

use crate::provider::{ProviderReply, ReplyHeaders};
use serde_json::{Value, json};

/// The reply that stands for what the binding returned, which was no response but JSON.
#[must_use]
pub fn reply_of_object(json: &str) -> ProviderReply {
    ProviderReply {
        status: 200,
        headers: ReplyHeaders::from_iter([("content-type", "application/json")]),
        body: enveloped(json.as_bytes()),
    }
}

/// The reply that stands for a response of the service behind the binding, which has neither the
/// envelope around a result nor the list around an error.
#[must_use]
pub fn reply_of_response(response: ProviderReply) -> ProviderReply {
    let Ok(Value::Object(said)) = serde_json::from_slice::<Value>(&response.body) else {
        return response;
    };
    let body = if said.contains_key("success") {
        return response;
    } else if (200..300).contains(&response.status) {
        enveloped(&response.body)
    } else {
        let text = ["description", "message", "name"];
        let text = text.iter().find_map(|key| said.get(*key)?.as_str());
        let Some(code) = said.get("internalCode").filter(|code| code.is_u64()) else {
            return response;
        };
        let error = json!({"code": code, "message": text.unwrap_or_default()});
        let envelope = json!({"success": false, "errors": [error], "messages": [], "result": null});
        envelope.to_string().into_bytes()
    };
    ProviderReply { body, ..response }
}

fn enveloped(result: &[u8]) -> Vec<u8> {
    [br#"{"success":true,"result":"#, result, b"}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> ProviderReply {
        ProviderReply {
            status,
            headers: ReplyHeaders::from_iter([("cf-ai-req-id", "r1")]),
            body: body.as_bytes().to_vec(),
        }
    }

    fn body(reply: &ProviderReply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    #[test]
    fn a_result_gets_the_envelope_that_it_has_over_http() {
        let reply = reply_of_object(r#"{"response":"hi"}"#);
        assert_eq!(reply.status, 200);
        assert_eq!(
            body(&reply),
            json!({"success": true, "result": {"response": "hi"}})
        );
        let reply = reply_of_response(response(200, r#"{"response":"hi"}"#));
        assert_eq!(
            body(&reply),
            json!({"success": true, "result": {"response": "hi"}})
        );
        assert_eq!(reply.headers.get("cf-ai-req-id"), Some("r1"));
    }

    #[test]
    fn an_error_of_the_service_becomes_one_of_the_list() {
        let raw = r#"{"internalCode":3040,"name":"InferenceUpstreamError","description":"Capacity temporarily exceeded"}"#;
        let reply = reply_of_response(response(429, raw));
        assert_eq!(reply.status, 429);
        assert_eq!(
            body(&reply)["errors"],
            json!([{"code": 3040, "message": "Capacity temporarily exceeded"}])
        );
    }

    #[test]
    fn what_has_an_envelope_or_is_no_json_stays_as_it_is() {
        for (status, body) in [
            (200, r#"{"success":true,"result":{}}"#),
            (403, r#"{"success":false,"errors":[{"code":5018}]}"#),
            (500, r#"{"error":"?"}"#),
            (502, "<html>"),
            (200, "data: {}\n\n"),
            (200, r#"{"response":"#),
        ] {
            let raw = response(status, body);
            assert_eq!(reply_of_response(raw.clone()), raw);
        }
    }
}
