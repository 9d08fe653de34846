//! What dead letters of one cause share, as text that a person can read.

use crate::error_code::ErrorCode;
use crate::job::ErrorDetail;

/// `code:cause:provider:model:providerStatus`, with `-` for what is not known.
///
/// The statements that dead-letter without an attempt (`expire_jobs.sql`, `sweep_deadline.sql`,
/// `sweep_poison.sql`) write the same form.
#[must_use]
pub fn of(code: ErrorCode, error: &ErrorDetail, model: Option<&str>) -> String {
    let status = error.provider_status.map(|status| status.to_string());
    let parts = [
        Some(code.as_str()),
        error.cause.map(ErrorCode::as_str),
        error.provider.as_deref(),
        model,
        status.as_deref(),
    ];
    parts.map(|part| part.unwrap_or("-")).join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_one_cause_have_one_fingerprint() {
        let mut error = ErrorDetail::ours("All 5 attempts failed", false);
        assert_eq!(of(ErrorCode::Poison, &error, None), "poison:-:-:-:-");
        error.cause = Some(ErrorCode::ProviderError);
        error.provider = Some("openai".to_owned());
        error.provider_status = Some(500);
        assert_eq!(
            of(ErrorCode::AttemptsExhausted, &error, Some("gpt-4o-mini")),
            "attempts_exhausted:provider_error:openai:gpt-4o-mini:500"
        );
    }
}
