//! The rows of other servers that speak OpenAI's interfaces, and of their configuration.

use super::{BILLING, CONTENT_REFUSED, CONTEXT_TOO_LONG, OUT_OF_MONEY_ELSEWHERE, THROTTLED, retry};
use crate::error_code::ErrorCode;
use crate::provider::Budget;
use crate::provider::Provider::{self, Compatible, WorkersAi};
use crate::provider::table::Sign::{
    Any, Begins, BillingCode, Hinted, Loading, MeansContext, Moderated, Named,
};
use crate::provider::table::Statuses::Of;
use crate::provider::table::Then::Fail;
use crate::provider::table::When::Status;
use crate::provider::table::{Rule, Waits, rule_of};
use crate::retry::Backoff::Standard;

const COMPATIBLE: &[Provider] = &[Compatible];
const THROTTLING: &[Provider] = &[Compatible, WorkersAi];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    // vLLM has no code of its own for it, and says so in the words that OpenAI once had.
    rule_of(17, COMPATIBLE, Status(Of(&[400, 413]), Begins(&["This model's maximum context length is"])), Fail(CONTEXT_TOO_LONG)),
    rule_of(19, COMPATIBLE, Status(Of(&[403]), Moderated), Fail(CONTENT_REFUSED)),
    rule_of(23, COMPATIBLE, Status(Of(&[400]), Loading), Fail(retry(
        Budget::Throttle, Standard, ErrorCode::ProviderUnavailable,
        "The provider still loads the model.",
    ))),
    rule_of(26, COMPATIBLE, Status(Of(&[402]), Hinted), Fail(retry(
        Budget::Throttle, Standard, ErrorCode::ProviderBilling,
        "The provider holds back credit for calls that are under way.",
    ).counts())),
    // Together answers 403 where others answer 400.
    rule_of(17, COMPATIBLE, Status(Of(&[403]), MeansContext), Fail(CONTEXT_TOO_LONG)),
    rule_of(46, COMPATIBLE, Status(Of(&[429]), Named(OUT_OF_MONEY_ELSEWHERE)), Fail(BILLING)),
    rule_of(46, COMPATIBLE, Status(Of(&[429]), BillingCode), Fail(BILLING)),
    rule_of(47, THROTTLING, Status(Of(&[429]), Any), Fail(THROTTLED.waits_for(Waits::Reset))),
    rule_of(49, COMPATIBLE, Status(Of(&[498, 499]), Any), Fail(retry(
        Budget::Throttle, Standard, ErrorCode::ProviderUnavailable,
        "The provider has no room for the call at the moment.",
    ))),
];
