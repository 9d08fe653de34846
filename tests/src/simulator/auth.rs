//! Who may call: the key of each vendor, in the header of each vendor.

use crate::simulator::asked::InvalidRequest;
use crate::simulator::error_body::{ErrorBody, Known};
use crate::simulator::incoming::Incoming;
use crate::simulator::reply::Failure;
use crate::simulator::route::Vendor;
use crate::simulator::{anthropic, azure, openai, piston, workers_ai};

/// Checks the key of a call, and the headers that stand beside it.
///
/// `OpenAI` and Piston want a key only where the simulator has one; the others always want one, and
/// take any where the simulator has none.
pub(crate) fn check(incoming: &Incoming, known: &Known) -> Result<(), ErrorBody> {
    let required = incoming.provider.options.require_key.as_deref();
    let fits = |given: Option<&str>| match (given, required) {
        (given, Some(required)) => given == Some(required),
        (Some(given), None) => !given.is_empty(),
        (None, None) => false,
    };
    let authorization = incoming.header("authorization");
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let refused = |failure: Failure| Err(ErrorBody::of(failure, known));
    match known.vendor {
        Vendor::OpenAi if required.is_none() || fits(bearer) => Ok(()),
        Vendor::OpenAi => Err(openai::errors::unauthorized(bearer)),
        Vendor::Azure if fits(incoming.header("api-key")) || fits(bearer) => Ok(()),
        Vendor::Azure => refused(azure::errors::UNAUTHORIZED),
        Vendor::Anthropic => {
            let key = incoming.header("x-api-key");
            if !fits(key) {
                return Err(anthropic::errors::unauthorized(known, key.is_none()));
            }
            let version = anthropic::request::check_version(&incoming.headers);
            version.map_err(|invalid: InvalidRequest| known.invalid(&invalid))
        }
        Vendor::WorkersAi if fits(bearer) => Ok(()),
        Vendor::WorkersAi => refused(workers_ai::errors::of_status(401)),
        Vendor::Piston if required.is_none() || fits(authorization) || fits(bearer) => Ok(()),
        Vendor::Piston => refused(piston::errors::of_status(401)),
    }
}
