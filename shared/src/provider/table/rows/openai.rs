//! OpenAI's own rows: 429 is out of money or out of patience, told apart by code and type alone.

use super::{BILLING, OUT_OF_MONEY, THROTTLED, fail, retry};
use crate::error_code::ErrorCode;
use crate::provider::Budget;
use crate::provider::Provider::{self, OpenAi};
use crate::provider::table::Sign::{AloneTooLarge, Any, Named};
use crate::provider::table::Statuses::Of;
use crate::provider::table::Then::Fail;
use crate::provider::table::When::Status;
use crate::provider::table::{Rule, Waits, rule_of};
use crate::retry::Backoff::Base;

const OPENAI: &[Provider] = &[OpenAi];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    rule_of(36, OPENAI, Status(Of(&[429]), Named(OUT_OF_MONEY)), Fail(BILLING)),
    rule_of(37, OPENAI, Status(Of(&[429]), Named(&["slow_down"])), Fail(retry(
        Budget::Throttle, Base(15), ErrorCode::ProviderRateLimited,
        "The provider asks for fewer calls.",
    ).counts())),
    rule_of(38, OPENAI, Status(Of(&[429]), AloneTooLarge), Fail(fail(
        ErrorCode::PayloadTooLarge,
        "The request alone exceeds the account's tokens per minute, so waiting never helps. \
         Shorten it or have the limit raised.",
    ).or_another())),
    rule_of(39, OPENAI, Status(Of(&[429]), Any), Fail(THROTTLED.waits_for(Waits::Reset))),
];
