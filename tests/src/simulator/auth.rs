//! Who may call: the key of each vendor, in the header of each vendor.

use crate::simulator::asked::InvalidRequest;
use crate::simulator::error_body::{ErrorBody, Known};
use crate::simulator::incoming::Incoming;
use crate::simulator::route::Vendor;
use crate::simulator::{anthropic, azure, openai, piston, workers_ai};

/// Checks the key of a call, and the headers that stand beside it.
///
/// `OpenAI` and Piston want a key only where the simulator or the customer has one; the others always
/// want one, and take any where there is none.
pub(crate) fn check(incoming: &Incoming, known: &Known) -> Result<(), ErrorBody> {
    let options = &incoming.provider.options;
    let is_allowed = options
        .key_of(incoming.named("customer"), &incoming.headers)
        .is_ok_and(|required| has_key(incoming, known.vendor, required));
    if !is_allowed {
        return Err(unauthorized(incoming, known));
    }
    if known.vendor == Vendor::Anthropic {
        let version = anthropic::request::check_version(&incoming.headers);
        return version.map_err(|invalid: InvalidRequest| known.invalid(&invalid));
    }
    Ok(())
}

fn has_key(incoming: &Incoming, vendor: Vendor, required: Option<&str>) -> bool {
    let fits = |given: Option<&str>| match (given, required) {
        (given, Some(required)) => given == Some(required),
        (Some(given), None) => !given.is_empty(),
        (None, None) => false,
    };
    match vendor {
        Vendor::OpenAi => required.is_none() || fits(bearer(incoming)),
        Vendor::Azure => fits(incoming.header("api-key")) || fits(bearer(incoming)),
        Vendor::Anthropic => fits(incoming.header("x-api-key")),
        Vendor::WorkersAi => fits(bearer(incoming)),
        Vendor::Piston => {
            let key = incoming.header("authorization");
            required.is_none() || fits(key) || fits(bearer(incoming))
        }
    }
}

fn bearer(incoming: &Incoming) -> Option<&str> {
    incoming.header("authorization")?.strip_prefix("Bearer ")
}

/// 401 in the words of the vendor.
fn unauthorized(incoming: &Incoming, known: &Known) -> ErrorBody {
    let failure = match known.vendor {
        Vendor::OpenAi => return openai::errors::unauthorized(bearer(incoming)),
        Vendor::Anthropic => {
            let is_missing = incoming.header("x-api-key").is_none();
            return anthropic::errors::unauthorized(known, is_missing);
        }
        Vendor::Azure => azure::errors::UNAUTHORIZED,
        Vendor::WorkersAi => workers_ai::errors::of_status(401),
        Vendor::Piston => piston::errors::of_status(401),
    };
    ErrorBody::of(failure, known)
}
