//! One call, as the ledger has it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::simulator::ledger::now_ms;
use crate::simulator::route::{Route, Vendor};

/// The name of the job to which calls belong that name none.
pub(crate) const NO_JOB: &str = "-";

/// What a caller says of its call.
pub(crate) struct Caller {
    pub(crate) job: String,
    pub(crate) attempt: Option<u32>,
    /// Under whose path it is made.
    pub(crate) customer: Option<String>,
    pub(crate) model: String,
    pub(crate) route: Route,
    pub(crate) authorization: bool,
    /// How the caller says who it is: `bearer`, `authorization`, `api-key`, `x-api-key`.
    pub(crate) auth: Vec<&'static str>,
    pub(crate) query: Option<String>,
    /// The headers that matter; never a key.
    pub(crate) headers: BTreeMap<&'static str, String>,
    /// What a program may use, as the caller says it.
    pub(crate) limits: BTreeMap<&'static str, Value>,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It has no answer yet.
    InFlight,
    /// It got an answer that a client can use.
    Answered,
    /// It was told to come back for the answer.
    Pending,
    /// It got a fault.
    Fault,
    /// The caller went before the answer.
    Abandoned,
}

/// One call, as `GET /control/calls/{job}` shows it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    /// The place of the call among all calls, from 1.
    pub(crate) number: u64,
    job: String,
    attempt: Option<u32>,
    customer: Option<String>,
    pub(crate) model: String,
    vendor: Vendor,
    route: &'static str,
    /// The status that was sent; none before the answer, or when there was none.
    status: Option<u16>,
    started_at_ms: u64,
    finished_at_ms: Option<u64>,
    authorization: bool,
    auth: Vec<&'static str>,
    query: Option<String>,
    headers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<&'static str, Value>,
    pub(crate) outcome: Outcome,
}

impl Call {
    /// A call that begins now.
    pub(crate) fn begun(caller: Caller, number: u64) -> Self {
        Self {
            number,
            job: caller.job,
            attempt: caller.attempt,
            customer: caller.customer,
            model: caller.model,
            vendor: caller.route.vendor,
            route: caller.route.name,
            status: None,
            started_at_ms: now_ms(),
            finished_at_ms: None,
            authorization: caller.authorization,
            auth: caller.auth,
            query: caller.query,
            headers: caller.headers,
            limits: caller.limits,
            outcome: Outcome::InFlight,
        }
    }

    /// The call has ended so.
    pub(crate) fn end(&mut self, status: Option<u16>, outcome: Outcome, finished_at_ms: u64) {
        self.status = status;
        self.finished_at_ms = Some(finished_at_ms);
        self.outcome = outcome;
    }
}
