//! Azure's own rows.

use super::{CONTENT_REFUSED, retry};
use crate::error_code::ErrorCode;
use crate::provider::Provider::{self, AzureOpenAi};
use crate::provider::table::Sign::{Any, Named};
use crate::provider::table::Statuses::Of;
use crate::provider::table::Then::Fail;
use crate::provider::table::When::Status;
use crate::provider::table::{Rule, rule_of};
use crate::provider::{Budget, Fallback};
use crate::retry::Backoff::Base;

const AZURE: &[Provider] = &[AzureOpenAi];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    rule_of(18, AZURE, Status(Of(&[400]), Named(&["content_filter", "ResponsibleAIPolicyViolation"])), Fail(CONTENT_REFUSED)),
    // Quota, capacity or a temporary adjustment: Azure says by its hint how bad it is.
    rule_of(40, AZURE, Status(Of(&[429]), Any), Fail(retry(
        Budget::Throttle, Base(10), ErrorCode::ProviderRateLimited,
        "The rate limit of the deployment is reached.",
    ).counts().falls_back(Fallback::WhenHintOver(10)))),
];
