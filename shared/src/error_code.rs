//! Why a job did not succeed: one bounded list, used by the API, the log and the dead letters.

use serde::{Deserialize, Serialize};

/// The reason of an attempt or a job that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The provider could not be connected to, or the connection broke.
    ProviderUnreachable,
    /// The provider did not answer within the attempt's time; the call may have been billed.
    ProviderTimeout,
    /// The provider answered with something that is not a usable reply.
    ProviderBadResponse,
    /// The provider's settings are missing or wrong: base URL, key, or a redirect.
    ProviderMisconfigured,
    /// The provider failed on its side.
    ProviderError,
    /// The provider works on the answer in the background.
    ProviderPending,
    /// The provider asked to slow down.
    ProviderRateLimited,
    /// The provider is overloaded or loading.
    ProviderUnavailable,
    /// The account at the provider has no credit, or hit a spend limit.
    ProviderBilling,
    /// The provider refused the key.
    ProviderAuth,
    /// The key may not do this at the provider.
    ProviderForbidden,
    /// The provider does not know the model.
    ModelUnavailable,
    /// The provider refused the request as invalid.
    InvalidRequest,
    /// The prompt does not fit the model's context.
    ContextLengthExceeded,
    /// The request is larger than the provider takes.
    PayloadTooLarge,
    /// The provider's content filter stopped the answer.
    ContentFiltered,
    /// The model declined to answer.
    Refused,
    /// The answer does not have the form that was asked for.
    InvalidOutput,
    /// The answer is larger than can be stored.
    OutputTooLarge,
    /// The consumer cannot read what the producer stored: they are of different versions.
    UnreadableRequest,
    /// The lease ran out: the run that held the job stopped without a word.
    LeaseExpired,
    /// As many attempts failed as the job may have.
    AttemptsExhausted,
    /// The job took down or outlived its run three times.
    Poison,
    /// The job's deadline passed before it could succeed.
    DeadlineExceeded,
    /// A code that only a later version knows.
    #[serde(other)]
    Unknown,
}

impl ErrorCode {
    /// Every code that this version writes.
    pub const ALL: [Self; 24] = [
        Self::ProviderUnreachable,
        Self::ProviderTimeout,
        Self::ProviderBadResponse,
        Self::ProviderMisconfigured,
        Self::ProviderError,
        Self::ProviderPending,
        Self::ProviderRateLimited,
        Self::ProviderUnavailable,
        Self::ProviderBilling,
        Self::ProviderAuth,
        Self::ProviderForbidden,
        Self::ModelUnavailable,
        Self::InvalidRequest,
        Self::ContextLengthExceeded,
        Self::PayloadTooLarge,
        Self::ContentFiltered,
        Self::Refused,
        Self::InvalidOutput,
        Self::OutputTooLarge,
        Self::UnreadableRequest,
        Self::LeaseExpired,
        Self::AttemptsExhausted,
        Self::Poison,
        Self::DeadlineExceeded,
    ];

    /// The code as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderUnreachable => "provider_unreachable",
            Self::ProviderTimeout => "provider_timeout",
            Self::ProviderBadResponse => "provider_bad_response",
            Self::ProviderMisconfigured => "provider_misconfigured",
            Self::ProviderError => "provider_error",
            Self::ProviderPending => "provider_pending",
            Self::ProviderRateLimited => "provider_rate_limited",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderBilling => "provider_billing",
            Self::ProviderAuth => "provider_auth",
            Self::ProviderForbidden => "provider_forbidden",
            Self::ModelUnavailable => "model_unavailable",
            Self::InvalidRequest => "invalid_request",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::PayloadTooLarge => "payload_too_large",
            Self::ContentFiltered => "content_filtered",
            Self::Refused => "refused",
            Self::InvalidOutput => "invalid_output",
            Self::OutputTooLarge => "output_too_large",
            Self::UnreadableRequest => "unreadable_request",
            Self::LeaseExpired => "lease_expired",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::Poison => "poison",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_everywhere_alike() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::json!(code), code.as_str());
        }
    }
}
