//! Anthropic's own rows.

use super::{BILLING, CONTEXT_TOO_LONG, SPEND_LIMITS, THROTTLED, fail, retry};
use crate::error_code::ErrorCode;
use crate::provider::Provider::{self, Anthropic};
use crate::provider::table::Mark::Truncated;
use crate::provider::table::Sign::{Any, Begins, Named};
use crate::provider::table::Statuses::Of;
use crate::provider::table::Then::{Fail, GoOn, Mark};
use crate::provider::table::When::{self, Status};
use crate::provider::table::{Finding, Rule, Waits, rule_of};
use crate::provider::{Budget, Fallback};
use crate::retry::Backoff::{Base, Fast};

const ANTHROPIC: &[Provider] = &[Anthropic];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    rule_of(9, ANTHROPIC, When::Finding(Finding::Refused), Fail(fail(
        ErrorCode::Refused, "The model declined to answer.",
    ).falls_back(Fallback::OnRefusal))),
    rule_of(11, ANTHROPIC, When::Finding(Finding::TurnPaused), GoOn),
    rule_of(12, ANTHROPIC, When::Finding(Finding::ContextFull), Mark(Truncated)),
    rule_of(17, ANTHROPIC, Status(Of(&[400, 413]), Begins(&["prompt is too long"])), Fail(CONTEXT_TOO_LONG)),
    rule_of(20, ANTHROPIC, Status(Of(&[400]), Named(&["organization_on_hold"])), Fail(BILLING)),
    // Neither the limit that the customer set nor the older word for no credit has a code.
    rule_of(20, ANTHROPIC, Status(Of(&[400]), Begins(&["You have reached your specified API usage limits", "Your credit balance is too low"])), Fail(BILLING)),
    rule_of(21, ANTHROPIC, Status(Of(&[400]), Named(&["request_body_timeout"])), Fail(retry(
        Budget::Failure, Fast, ErrorCode::ProviderUnreachable,
        "The request did not reach the provider whole.",
    ))),
    rule_of(41, ANTHROPIC, Status(Of(&[429]), Named(SPEND_LIMITS)), Fail(BILLING)),
    rule_of(42, ANTHROPIC, Status(Of(&[429]), Named(&["ramp_limit_exceeded"])), Fail(retry(
        Budget::Throttle, Base(15), ErrorCode::ProviderRateLimited,
        "The provider asks for a number of calls that grows more slowly.",
    ).counts())),
    rule_of(43, ANTHROPIC, Status(Of(&[429]), Any), Fail(THROTTLED.waits_for(Waits::Reset))),
    rule_of(54, ANTHROPIC, Status(Of(&[529]), Any), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderUnavailable, "The provider is overloaded.",
    ).counts().another_after(1))),
];
