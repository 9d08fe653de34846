//! The rows that hold for every provider of models.

use super::{
    BILLING, CONTENT_REFUSED, CONTENT_STOPPED, CONTEXT, CONTEXT_TOO_LONG, KEY_REFUSED,
    MODEL_UNKNOWN, MODELS, NO_MESSAGE, POLICY, UNREADABLE, dead, fail, retry,
};
use crate::error_code::ErrorCode;
use crate::provider::table::Mark::{Truncated, Warning};
use crate::provider::table::Sign::{Any, Named};
use crate::provider::table::Statuses::{Between, Of};
use crate::provider::table::Then::{Fail, Instead, Mark, Reenter};
use crate::provider::table::When::{self, RetryForbidden, Status, Transport};
use crate::provider::table::{Finding, Rule, rule_of};
use crate::provider::{Action, Budget, CircuitSign, Fallback, TransportError};
use crate::retry::Backoff::{Base, Fast, Standard};

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    // A retry that the provider forbids, whatever the row below says.
    rule_of(0, MODELS, RetryForbidden(Between(400, 499)), Instead(Action::Fail, CircuitSign::Counts)),
    rule_of(0, MODELS, RetryForbidden(Between(500, 599)), Instead(Action::DeadLetter, CircuitSign::Counts)),
    // No whole reply.
    rule_of(1, MODELS, Transport(TransportError::Unreachable), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderUnreachable,
        "The provider could not be reached, or the connection broke before it answered.",
    ).counts().another_after(2))),
    rule_of(2, MODELS, Transport(TransportError::Timeout), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The provider did not answer within the time of an attempt. It may charge for the call.",
    ).possibly_billed().counts().another_after(1))),
    rule_of(3, MODELS, Transport(TransportError::BodyInterrupted), Fail(UNREADABLE)),
    rule_of(3, MODELS, Transport(TransportError::BodyTooLarge), Fail(UNREADABLE)),
    // Replies that say they succeeded.
    rule_of(3, MODELS, When::Finding(Finding::Unreadable), Fail(UNREADABLE)),
    rule_of(58, MODELS, When::Finding(Finding::EventStream), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderBadResponse,
        "The provider answered with a stream of events, which was not asked for. It may charge \
         for the call.",
    ).at_most(1).another_after(1).possibly_billed().counts())),
    rule_of(5, MODELS, When::Finding(Finding::ErrorInside), Reenter),
    rule_of(6, MODELS, When::Finding(Finding::NoMessage), Fail(NO_MESSAGE)),
    rule_of(7, MODELS, When::Finding(Finding::EmptyOutput), Mark(Warning("empty_output"))),
    rule_of(7, MODELS, When::Finding(Finding::EmptyUnwanted), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderBadResponse, "The model said nothing.",
    ).at_most(1).possibly_billed())),
    rule_of(8, MODELS, When::Finding(Finding::ContentFiltered), Fail(CONTENT_STOPPED)),
    // A job says apart what it wants of a filter and of a refusal, whoever refuses.
    rule_of(8, MODELS, When::Finding(Finding::Refused), Fail(fail(
        ErrorCode::Refused, "The model declined to answer.",
    ).falls_back(Fallback::OnRefusal))),
    rule_of(10, MODELS, When::Finding(Finding::CutShort), Mark(Truncated)),
    // A status that no server of HTTP sends as its last word.
    rule_of(3, MODELS, Status(Between(0, 199), Any), Fail(UNREADABLE)),
    rule_of(3, MODELS, Status(Between(600, u16::MAX), Any), Fail(UNREADABLE)),
    rule_of(4, MODELS, Status(Between(300, 399), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider answered with a redirect, which is never followed because the key would \
         follow it. Set its `base_url` in the configuration to where it leads.",
    ))),
    // The request.
    rule_of(17, MODELS, Status(Of(&[400, 413]), Named(CONTEXT)), Fail(CONTEXT_TOO_LONG)),
    // A gateway in front of OpenAI passes its codes on, so the row holds for all.
    rule_of(19, MODELS, Status(Of(&[400]), Named(POLICY)), Fail(CONTENT_REFUSED)),
    rule_of(24, MODELS, Status(Of(&[400]), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The provider refused the request as invalid.",
    ))),
    // The account.
    rule_of(25, MODELS, Status(Of(&[401]), Any), Fail(KEY_REFUSED)),
    rule_of(26, MODELS, Status(Of(&[402]), Any), Fail(BILLING)),
    rule_of(27, MODELS, Status(Of(&[403]), Any), Fail(dead(
        ErrorCode::ProviderForbidden,
        "The provider forbids this call: check the key's permissions, the model's terms and the \
         region.",
    ).or_another())),
    // Every 404 is an operator's to solve: what is unknown is the model or the address.
    rule_of(28, MODELS, Status(Of(&[404]), Any), Fail(MODEL_UNKNOWN)),
    rule_of(29, MODELS, Status(Of(&[405, 410, 415, 501, 505]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider does not serve this interface at this address, or not for this model. Check \
         its `base_url` and `api` in the configuration.",
    ))),
    rule_of(30, MODELS, Status(Of(&[408]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The provider took too long to read the request.",
    ).counts().another_after(1))),
    rule_of(31, MODELS, Status(Of(&[409]), Any), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderError,
        "The provider was busy with a conflicting call.",
    ))),
    rule_of(32, MODELS, Status(Of(&[412, 428]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider wants a condition that is never sent. Check its `base_url` in the \
         configuration.",
    ))),
    // The only limit of another provider that a configuration knows is its model's context.
    rule_of(33, MODELS, Status(Of(&[413]), Any), Fail(fail(
        ErrorCode::PayloadTooLarge, "The request is larger than the provider takes.",
    ).falls_back(Fallback::ToLargerContext))),
    rule_of(34, MODELS, Status(Of(&[422]), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The provider could not work with the request's values.",
    ))),
    rule_of(35, MODELS, Status(Of(&[424, 425]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError,
        "The provider was not ready for the call.",
    ))),
    rule_of(48, MODELS, Status(Of(&[414, 431]), Any), Fail(dead(
        ErrorCode::ProviderMisconfigured,
        "The provider refuses the length of the address or of the header. Check its `base_url`, \
         `headers` and key.",
    ))),
    // The provider.
    rule_of(50, MODELS, Status(Of(&[500]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError, "The provider failed on its side.",
    ).counts().another_after(2))),
    rule_of(51, MODELS, Status(Of(&[502]), Any), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderError,
        "The provider's gateway could not pass the call on.",
    ).counts().another_after(2))),
    rule_of(52, MODELS, Status(Of(&[503]), Any), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderUnavailable,
        "The provider is overloaded, or still loads the model.",
    ).counts().another_after(2))),
    rule_of(53, MODELS, Status(Of(&[504]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderTimeout,
        "The provider's gateway gave up waiting for the model. It may charge for the call.",
    ).possibly_billed().counts().another_after(1))),
    rule_of(55, MODELS, Status(Of(&[524]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderUnreachable,
        "The network in front of the provider gave up waiting. It may charge for the call.",
    ).possibly_billed().counts().another_after(1))),
    rule_of(55, MODELS, Status(Of(&[520, 521, 522, 523, 525, 526, 527, 530]), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderUnreachable,
        "The network in front of the provider could not reach it.",
    ).counts().another_after(1))),
    rule_of(56, MODELS, Status(Between(500, 599), Any), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError, "The provider failed on its side.",
    ).counts())),
    rule_of(57, MODELS, Status(Between(400, 499), Any), Fail(fail(
        ErrorCode::InvalidRequest, "The provider refused the request.",
    ))),
];
