//! What Azure adds to the wire formats of `OpenAI`.

pub(crate) mod errors;

use serde_json::{Value, json};

use crate::simulator::openai::chat::set;
use crate::simulator::reply::{Failure, Shape};
use crate::simulator::route::{AZURE_DEPLOYMENT, Route};

/// Checks the version of the API that the query names.
///
/// The classic route wants a date, `2024-10-21` or `2024-12-01-preview`; the v1 routes want none,
/// or `preview` or `latest`.
pub(crate) fn check_version(route: Route, query: &str) -> Result<(), Failure> {
    let version = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("api-version="));
    let known = if route == AZURE_DEPLOYMENT {
        version.is_some_and(is_dated)
    } else {
        version.is_none_or(|version| ["preview", "latest"].contains(&version))
    };
    if known {
        Ok(())
    } else {
        Err(errors::NOT_FOUND)
    }
}

fn is_dated(version: &str) -> bool {
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let fits = |(byte, form): (u8, u8)| match form {
        b'-' => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    date.len() == 10 && date.bytes().zip(*b"0000-00-00").all(fits)
}

/// Puts what the content filters found into a chat completion.
pub(crate) fn annotate(completion: &mut Value, shape: Shape) {
    let filtered = shape == Shape::Filtered;
    let mut prompt = findings(false);
    set(
        &mut prompt,
        "jailbreak",
        json!({"filtered": false, "detected": false}),
    );
    let prompt = json!([{"prompt_index": 0, "content_filter_results": prompt}]);
    set(completion, "prompt_filter_results", prompt);
    let choices = completion.get_mut("choices").and_then(Value::as_array_mut);
    for choice in choices.into_iter().flatten() {
        set(choice, "content_filter_results", findings(filtered));
        if let Some(message) = choice.get_mut("message").filter(|_| filtered) {
            set(message, "content", json!(""));
        }
    }
}

fn findings(filtered: bool) -> Value {
    let safe = json!({"filtered": false, "severity": "safe"});
    let hate = if filtered {
        json!({"filtered": true, "severity": "high"})
    } else {
        safe.clone()
    };
    json!({"hate": hate, "self_harm": safe, "sexual": safe, "violence": safe})
}

#[cfg(test)]
mod tests {
    use super::check_version;
    use crate::simulator::route::{AZURE_CHAT, AZURE_DEPLOYMENT};

    #[test]
    fn classic_route_wants_a_date_and_v1_wants_none() {
        for (query, classic, v1) in [
            ("api-version=2024-10-21", true, false),
            ("x=1&api-version=2024-12-01-preview", true, false),
            ("api-version=preview", false, true),
            ("api-version=2024-1-1", false, false),
            ("", false, true),
        ] {
            assert_eq!(
                check_version(AZURE_DEPLOYMENT, query).is_ok(),
                classic,
                "{query}"
            );
            assert_eq!(check_version(AZURE_CHAT, query).is_ok(), v1, "{query}");
        }
    }
}
