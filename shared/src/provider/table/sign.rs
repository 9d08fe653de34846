//! What a rule looks for in a failed reply.

use crate::provider::Quirks;
use crate::provider::error_body::ErrorBody;

/// Some statuses.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) enum Statuses {
    Of(&'static [u16]),
    /// From the first to the last, both included.
    Between(u16, u16),
}

/// What has to be true of a failed reply besides its status.
///
/// Words are compared with codes and types, never searched for in a message: it may echo the
/// prompt. Where only the wording tells, it has to stand at the message's beginning, which is the
/// provider's own, so a prompt quoted further on cannot imitate it.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) enum Sign {
    /// Nothing.
    Any,
    /// Its code or type is one of these. `*_limit` stands for every word that ends in `_limit`,
    /// `image_*` for every one that begins so.
    Named(&'static [&'static str]),
    /// Its code is one of these, whatever its type is.
    Coded(&'static [&'static str]),
    /// Its message begins with one of these.
    Begins(&'static [&'static str]),
    /// It lists why the prompt was flagged.
    Moderated,
    /// It says how long to wait.
    Hinted,
    /// It says that the request alone is above what the account may use in a minute.
    AloneTooLarge,
    /// The configuration says that a message which begins so means a model that loads.
    Loading,
    /// The configuration says that this code means an account without money.
    BillingCode,
    /// The configuration says that this status means a context that is too long.
    MeansContext,
}

impl Statuses {
    pub(super) fn contain(self, status: u16) -> bool {
        match self {
            Self::Of(list) => list.contains(&status),
            Self::Between(first, last) => (first..=last).contains(&status),
        }
    }
}

impl Sign {
    pub(super) fn shows(self, error: &ErrorBody, quirks: &Quirks, hinted: bool) -> bool {
        let message = error.message.as_deref().unwrap_or_default();
        match self {
            Self::Any => true,
            Self::Named(patterns) => error.names().any(|name| is_named(patterns, name)),
            Self::Coded(patterns) => {
                let code = error.code.as_deref();
                code.is_some_and(|code| is_named(patterns, code))
            }
            Self::Begins(beginnings) => beginnings.iter().any(|text| message.starts_with(text)),
            Self::Moderated => error.moderated,
            Self::Hinted => hinted,
            Self::AloneTooLarge => is_alone_too_large(message),
            Self::Loading => {
                let loading = quirks.loading.iter();
                let mut loading = loading.filter(|text| !text.is_empty());
                loading.any(|text| message.starts_with(text.as_str()))
            }
            Self::BillingCode => error
                .names()
                .any(|name| quirks.billing_codes.iter().any(|code| code == name)),
            Self::MeansContext => quirks.forbidden_means_context,
        }
    }
}

/// Whether `name` fits one of the patterns, where `*` at either end stands for anything.
pub(super) fn is_named(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(
        |pattern| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(ending), _) => name.ends_with(ending),
            (None, Some(beginning)) => name.starts_with(beginning),
            (None, None) => *pattern == name,
        },
    )
}

/// OpenAI's "Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit
/// 30000, Requested 40000." Where it gives both numbers, they have to say the same.
fn is_alone_too_large(message: &str) -> bool {
    let Some(rest) = message.strip_prefix("Request too large") else {
        return false;
    };
    let Some((_, numbers)) = rest.split_once("tokens per min") else {
        return false;
    };
    match (
        number_after(numbers, "Limit "),
        number_after(numbers, "Requested "),
    ) {
        (Some(limit), Some(requested)) => requested > limit,
        (Some(_) | None, Some(_) | None) => true,
    }
}

fn number_after(text: &str, word: &str) -> Option<u64> {
    let (_, rest) = text.split_once(word)?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_either_end_of_a_pattern_stands_for_anything() {
        let patterns = ["slow_down", "*_limit", "image_*"];
        for name in ["slow_down", "spend_limit", "image_", "image_too_small"] {
            assert!(is_named(&patterns, name), "{name}");
        }
        for name in ["slow_downs", "limit", "an_image_", "", "*_limit2"] {
            assert!(!is_named(&patterns, name), "{name}");
        }
    }

    #[test]
    fn a_request_is_too_large_alone_unless_its_own_numbers_say_otherwise() {
        let on = |numbers: &str| format!("Request too large for m on tokens per min{numbers}");
        for numbers in [
            "",
            " (TPM): Limit 30000, Requested 40000. Reduce it.",
            " (TPM): Limit many, Requested 40000",
            " (TPM): Limit 30000",
        ] {
            assert!(is_alone_too_large(&on(numbers)), "{numbers}");
        }
        assert!(!is_alone_too_large(&on(
            " (TPM): Limit 30000, Requested 30000"
        )));
        assert!(!is_alone_too_large(
            "Request too large for m on requests per min"
        ));
        assert!(!is_alone_too_large(&format!("You said: {}", on(""))));
    }
}
