//! What the binding throws, as the reply that the same call would have had over HTTP.

use crate::provider::{ProviderReply, ReplyHeaders};
use serde_json::json;

/// The reply that stands for an error with this message: the code in it gives the status.
#[must_use]
pub fn reply_of_thrown(message: &str) -> ProviderReply {
    let code = codes(message).find_map(|code| Some((code, status_of(code)?)));
    let (code, status) = code.unwrap_or((0, 500));
    let error = json!({"code": code, "message": message});
    ProviderReply {
        status,
        headers: ReplyHeaders::from_iter([("content-type", "application/json")]),
        body: json!({"success": false, "errors": [error], "messages": [], "result": null})
            .to_string()
            .into_bytes(),
    }
}

/// Numbers of three to five digits that stand alone with a colon behind them, as in `3040: Capacity
/// temporarily exceeded`.
fn codes(message: &str) -> impl Iterator<Item = u32> {
    message.split_inclusive(':').filter_map(|piece| {
        let said = piece.strip_suffix(':')?.trim_end();
        let before = said.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = said.strip_prefix(before)?;
        let alone =
            !before.ends_with(|letter: char| letter == '_' || letter.is_ascii_alphanumeric());
        (alone && (3..=5).contains(&digits.len())).then(|| digits.parse().ok())?
    })
}

fn status_of(code: u32) -> Option<u16> {
    Some(match code {
        5007 | 5004 | 3039 | 3003 => 400,
        5018 | 5016 | 3023 | 3041 => 403,
        5019 | 5005 => 405,
        3042 => 404,
        3006 => 413,
        3007 | 3008 => 408,
        3036 | 3040 => 429,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_in_the_message_gives_the_status() {
        for (message, status) in [
            ("3040: Capacity temporarily exceeded", 429),
            ("InferenceUpstreamError: 5007: No such model", 400),
            ("Error: 12: 3006: too large", 413),
            ("é3042: not found", 404),
            ("x3042: not found", 500),
            ("1033042: not found", 500),
            ("AiError: what", 500),
            ("", 500),
        ] {
            assert_eq!(reply_of_thrown(message).status, status, "{message}");
        }
    }
}
