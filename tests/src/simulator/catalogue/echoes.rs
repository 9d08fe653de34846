//! Errors that repeat the keys of the call, wherever the vendor's shape has room for a text.

use super::{ALL, Case, MODELS, case, fails};
use crate::simulator::reply::{Failure, Reply};

const fn repeated(status: u16) -> Failure {
    let message = "Incorrect API key provided: {key}. The call came with {credentials}, and \
        {key} is none of ours.";
    Failure::own(status, "{key}", Some("{key}"), message)
}

pub(super) const CASES: &[Case] = &[
    fails(
        "echo-401",
        ALL,
        "401 that repeats the keys of the call",
        repeated(401),
    ),
    fails(
        "echo-400",
        ALL,
        "400 that repeats the keys of the call",
        repeated(400),
    ),
    fails(
        "echo-500",
        ALL,
        "500 that repeats the keys of the call",
        repeated(500),
    ),
    case(
        "echo-200",
        MODELS,
        "200 with an error that repeats the keys of the call",
        Reply::FailInGood(repeated(400)),
    ),
];
