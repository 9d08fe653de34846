//! The rows of Workers AI, which are told by Cloudflare's own codes.

use super::{MODEL_UNKNOWN, retry};
use crate::error_code::ErrorCode;
use crate::provider::Provider::{self, WorkersAi};
use crate::provider::table::Sign::Named;
use crate::provider::table::Statuses::Of;
use crate::provider::table::Then::Fail;
use crate::provider::table::When::Status;
use crate::provider::table::{Rule, Waits, rule_of};
use crate::provider::{Budget, CircuitSign};
use crate::retry::Backoff::{Base, Standard};

const WORKERS_AI: &[Provider] = &[WorkersAi];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    rule_of(22, WORKERS_AI, Status(Of(&[400]), Named(&["5007", "3039"])), Fail(MODEL_UNKNOWN)),
    rule_of(44, WORKERS_AI, Status(Of(&[429]), Named(&["3036"])), Fail(retry(
        Budget::Throttle, Standard, ErrorCode::ProviderBilling,
        "The account's free allocation of the day is used up. It begins anew at 00:00 UTC; a paid \
         plan has none.",
    ).waits_for(Waits::Midnight).says_to_circuit(CircuitSign::OpensUntilHint).or_another())),
    rule_of(45, WORKERS_AI, Status(Of(&[429]), Named(&["3040"])), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderUnavailable,
        "The provider has no capacity for the model at the moment.",
    ).counts().another_after(2))),
];
