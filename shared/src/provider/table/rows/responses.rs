//! The rows of OpenAI's responses, whose status is 200 even when they failed.

use super::{CONTENT_REFUSED, KEY_REFUSED, fail, retry};
use crate::error_code::ErrorCode;
use crate::provider::Budget;
use crate::provider::Provider::{self, AzureOpenAi, Compatible, OpenAi};
use crate::provider::table::Sign::Coded;
use crate::provider::table::Statuses::Of;
use crate::provider::table::Then::{Fail, Poll};
use crate::provider::table::When::{self, Status};
use crate::provider::table::{Finding, Rule, rule_of};
use crate::retry::Backoff::{Base, Standard};

const RESPONSES: &[Provider] = &[OpenAi, AzureOpenAi, Compatible];

/// The prompt is refused for what it says or shows.
const POLICIES: &[&str] = &[
    "bio_policy",
    "cyber_policy",
    "misalignment_policy_violation",
    "content_policy_violation",
    "image_content_policy_violation",
    "invalid_prompt",
];

/// What else is wrong with the request.
const INVALID: &[&str] = &[
    "invalid_*",
    "image_*",
    "data_residency_mismatch",
    "failed_to_download_image",
    "unsupported_image_media_type",
    "empty_image_file",
];

#[rustfmt::skip]
pub(super) static RULES: &[Rule] = &[
    rule_of(13, RESPONSES, Status(Of(&[200]), Coded(&["server_error", "vector_store_timeout"])), Fail(retry(
        Budget::Failure, Standard, ErrorCode::ProviderError, "The provider failed on its side.",
    ).counts())),
    rule_of(14, RESPONSES, Status(Of(&[200]), Coded(&["rate_limit_exceeded"])), Fail(retry(
        Budget::Throttle, Base(5), ErrorCode::ProviderRateLimited,
        "The provider's rate limit is reached.",
    ).counts())),
    rule_of(15, RESPONSES, Status(Of(&[200]), Coded(POLICIES)), Fail(CONTENT_REFUSED)),
    // It begins like the codes of row 15, and is none of them.
    rule_of(25, RESPONSES, Status(Of(&[200]), Coded(&["invalid_api_key"])), Fail(KEY_REFUSED)),
    rule_of(15, RESPONSES, Status(Of(&[200]), Coded(INVALID)), Fail(fail(
        ErrorCode::InvalidRequest, "The provider refused the request as invalid.",
    ))),
    rule_of(16, RESPONSES, When::Finding(Finding::InProgress), Poll(5)),
];
