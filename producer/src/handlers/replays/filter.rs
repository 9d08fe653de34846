use crate::handlers::page::ListFilter;
use redrive_shared::ids::{JobId, ReplayId};
use redrive_shared::json::Fields;

/// All replays of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replays;

impl ListFilter for Replays {
    type Entry = ReplayId;

    fn read(_: &mut Fields<'_>) -> Self {
        Self
    }

    fn fingerprint(&self) -> String {
        "replays".to_owned()
    }
}

/// All that a replay put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplayedJobs;

impl ListFilter for ReplayedJobs {
    type Entry = JobId;

    fn read(_: &mut Fields<'_>) -> Self {
        Self
    }

    fn fingerprint(&self) -> String {
        "replayed jobs".to_owned()
    }
}
