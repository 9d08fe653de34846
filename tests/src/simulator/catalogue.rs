//! Every model that can be asked for by name, and what it does.
//!
//! A row is a row of the decision table of the provider semantics: which reply a consumer must
//! meet with which action. `row-36` is the row in the vendor's plainest words, and
//! `row-36-billing_not_active` one of its discriminators.

mod billing;
mod client_errors;
mod compatible;
mod echoes;
mod limits;
mod named;
mod responses;
mod rows_of_answers;
mod server_errors;
mod transport;

use crate::simulator::reply::{Failure, Reply};
use crate::simulator::route::Vendor;

/// One model of the catalogue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// What stands behind `sim-`.
    name: &'static str,
    /// Whose routes have it.
    vendors: &'static [Vendor],
    does: &'static str,
    reply: Reply,
}

/// A model that can be asked for.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its whole name.
    pub name: String,
    /// The row of the decision table that it stands for.
    pub row: Option<u8>,
    /// Whose routes have it.
    pub vendors: Vec<Vendor>,
    /// What a call of it gets.
    pub does: &'static str,
}

const ALL: &[Vendor] = &[
    Vendor::OpenAi,
    Vendor::Azure,
    Vendor::Anthropic,
    Vendor::WorkersAi,
    Vendor::Piston,
];
const MODELS: &[Vendor] = &[
    Vendor::OpenAi,
    Vendor::Azure,
    Vendor::Anthropic,
    Vendor::WorkersAi,
];
const OPENAI: &[Vendor] = &[Vendor::OpenAi];
const OPENAI_AND_AZURE: &[Vendor] = &[Vendor::OpenAi, Vendor::Azure];
const OPENAI_AND_CLOUDFLARE: &[Vendor] = &[Vendor::OpenAi, Vendor::Azure, Vendor::WorkersAi];
const AZURE: &[Vendor] = &[Vendor::Azure];
const ANTHROPIC: &[Vendor] = &[Vendor::Anthropic];
const WORKERS_AI: &[Vendor] = &[Vendor::WorkersAi];
const PISTON: &[Vendor] = &[Vendor::Piston];

/// All tables. In each, the first entry of a name that a vendor has is the one.
const TABLES: [&[Case]; 10] = [
    named::CASES,
    echoes::CASES,
    transport::CASES,
    rows_of_answers::CASES,
    responses::CASES,
    client_errors::CASES,
    billing::CASES,
    limits::CASES,
    compatible::CASES,
    server_errors::CASES,
];

const fn case(
    name: &'static str,
    vendors: &'static [Vendor],
    does: &'static str,
    reply: Reply,
) -> Case {
    Case {
        name,
        vendors,
        does,
        reply,
    }
}

const fn fails(
    name: &'static str,
    vendors: &'static [Vendor],
    does: &'static str,
    failure: Failure,
) -> Case {
    case(name, vendors, does, Reply::Fail(failure))
}

fn cases() -> impl Iterator<Item = &'static Case> {
    TABLES.into_iter().flatten()
}

/// What a model of this name, without its `sim-`, gets from a vendor.
///
/// A row whose discriminator the vendor does not have gets the row in the vendor's plainest words.
pub(crate) fn find(vendor: Vendor, name: &str) -> Option<Reply> {
    let of = |name: &str| {
        cases()
            .find(|case| case.name == name && case.vendors.contains(&vendor))
            .map(|case| case.reply)
    };
    of(name).or_else(|| {
        let known = cases().any(|case| case.name == name);
        let number = row_of(name).filter(|_| known)?;
        of(&format!("row-{number}"))
    })
}

/// The number in `row-36` and `row-36-billing_not_active`.
fn row_of(name: &str) -> Option<u8> {
    let rest = name.strip_prefix("row-")?;
    let number = rest.split_once('-').map_or(rest, |(number, _)| number);
    number.parse().ok()
}

/// Every model of the catalogue and every family of models with a number.
#[must_use]
pub fn models() -> Vec<Model> {
    let numbered = named::NUMBERED.iter().map(|(name, does)| Model {
        name: format!("sim-{name}"),
        row: None,
        vendors: ALL.to_vec(),
        does,
    });
    let cases = cases().map(|case| Model {
        name: format!("sim-{}", case.name),
        row: row_of(case.name),
        vendors: case.vendors.to_vec(),
        does: case.does,
    });
    numbered.chain(cases).collect()
}
