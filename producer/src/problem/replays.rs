//! Problems with replays of many letters, and with purges.

use super::{Extension, Problem, ProblemCode};
use redrive_shared::ids::ReplayId;
use redrive_shared::store::ReplayStatus;

impl Problem {
    /// 404 for a replay of many letters: unknown, of another tenant, or no id at all.
    pub(crate) fn no_such_replay() -> Self {
        Self::new(ProblemCode::NotFound, "There is no such replay.")
    }

    /// 409: another replay of the tenant runs or is paused.
    pub(crate) fn replay_running(replay: ReplayId) -> Self {
        let detail = format!(
            "The replay `{replay}` has not ended, and a tenant has one at a time: wait for it, or \
             abort it."
        );
        let mut problem = Self::new(ProblemCode::ReplayRunning, detail);
        problem.extension = Some(Box::new(Extension::Replay(replay)));
        problem
    }

    /// 409: the replay has ended.
    pub(crate) fn replay_ended(status: ReplayStatus) -> Self {
        let detail = format!(
            "The replay is `{}`: it has ended, and nothing moves it any more.",
            status.as_str()
        );
        Self::new(ProblemCode::ReplayEnded, detail)
    }

    /// 422: there is no dead letter to act on.
    pub(crate) fn nothing_matches() -> Self {
        Self::new(
            ProblemCode::NothingMatches,
            "No dead letter matches: nothing is to be done.",
        )
    }

    /// 409: other letters match than the caller counted.
    pub(crate) fn count_changed(count: u64) -> Self {
        let detail = format!(
            "Nothing was deleted: {count} dead letters match now. Look at them again, and send \
             that number as `expectedCount`."
        );
        let mut problem = Self::new(ProblemCode::CountChanged, detail);
        problem.extension = Some(Box::new(Extension::Count(count)));
        problem
    }
}
