use crate::provider::table::usual::{WORKERS_AI, usual_status};
use crate::provider::{ProviderReply, ReplyHeaders};
use serde_json::json;

/// What the binding threw, as the reply that the same call would have brought over HTTP.
///
/// The binding throws an `Error` without a status; its text has the code in front, alone or after
/// the names of errors it was wrapped in: `3040: Capacity temporarily exceeded`,
/// `InferenceUpstreamError: 3040: …`. A number further on decides nothing, because it may be the
/// prompt's. Without a code that is known, the provider failed on its side: 500.
///
/// A connection that broke throws as well; that is for the transport to tell.
#[must_use]
pub fn reply_of_thrown(message: &str) -> ProviderReply {
    let known = code(message).and_then(|code| Some((code, usual_status(WORKERS_AI, code)?)));
    let errors = match known.and_then(|(code, _)| code.parse::<u16>().ok()) {
        Some(code) => json!([{"code": code, "message": message}]),
        None => json!([{"message": message}]),
    };
    let body = json!({"result": null, "success": false, "errors": errors, "messages": []});
    ProviderReply {
        status: known.map_or(500, |(_, status)| status),
        headers: ReplyHeaders::from_iter([("content-type", "application/json")]),
        body: body.to_string().into_bytes(),
    }
}

/// The three to five digits before a colon, behind nothing but names of errors and calls.
fn code(message: &str) -> Option<&str> {
    let mut rest = message.trim_start();
    loop {
        let (first, after) = rest.split_once(':')?;
        let first = first.trim_end();
        let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
        // A shorter or longer number is the name of a call.
        if is_number && (3..=5).contains(&first.len()) {
            return Some(first);
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.".contains(&byte);
        if !first.bytes().all(is_name) {
            return None;
        }
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::error_code::ErrorCode;
    use crate::provider::{Api, Dialect, Provider, Quirks, Verdict, classify};

    fn status(message: &str) -> u16 {
        reply_of_thrown(message).status
    }

    #[test]
    fn a_code_is_read_at_the_beginning_and_behind_names_of_errors() {
        for message in [
            "3040: Capacity temporarily exceeded, please try again.",
            "InferenceUpstreamError: 3040: Capacity temporarily exceeded",
            "AiError: AiError: 3040 : Capacity temporarily exceeded",
            " 3040:",
            "Error: 12: 3040: Capacity temporarily exceeded",
        ] {
            assert_eq!(status(message), 429, "{message}");
        }
        assert_eq!(status("AiError: 5007: No such model @cf/x/y or task"), 400);
        assert_eq!(status("5018: The account is not allowed"), 403);
        assert_eq!(status("3042: The model name is invalid"), 404);
        assert_eq!(status("5019: deprecated"), 405);
        assert_eq!(status("3007: Request timeout"), 408);
        assert_eq!(status("3006: Request is too large"), 413);
    }

    #[test]
    fn a_number_that_may_be_the_prompts_decides_nothing() {
        for message in [
            "InferenceUpstreamError: cannot read '3036: out of money'",
            "Say 3036: please",
            "AiError: 9999: 3036: nested in a code nobody knows",
            "30 3036: no",
            "1033036: no",
            "x3036: no",
            "3036",
            "Network connection lost.",
            "",
            "::::",
        ] {
            assert_eq!(status(message), 500, "{message}");
        }
    }

    #[test]
    fn what_was_thrown_is_decided_like_what_comes_over_http() {
        let quirks = Quirks::default();
        let dialect = Dialect {
            provider: Provider::WorkersAi,
            api: Api::Chat,
            quirks: &quirks,
        };
        let code = |message: &str| {
            let reply = Ok(reply_of_thrown(message));
            match classify(&dialect, &reply, Instant::from_millis(0)) {
                Verdict::Failed(failure) => failure.code,
                Verdict::Answered(_) | Verdict::Pending(_) | Verdict::Paused(_) => {
                    panic!("nothing was answered")
                }
            }
        };
        assert_eq!(code("3036: used up"), ErrorCode::ProviderBilling);
        assert_eq!(code("3040: busy"), ErrorCode::ProviderUnavailable);
        assert_eq!(code("5007: no such model"), ErrorCode::ModelUnavailable);
        assert_eq!(code("boom"), ErrorCode::ProviderError);
    }
}
