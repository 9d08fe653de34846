//! The words of the fixtures and of the documentation.

use crate::provider::{Action, Budget, Fallback};
use crate::retry::Backoff;

/// A fallback.
pub(super) fn fallback(fallback: Fallback) -> String {
    match fallback {
        Fallback::Never => "never".to_owned(),
        Fallback::Now => "now".to_owned(),
        Fallback::After(times) => format!("after {times}"),
        Fallback::WhenHintOver(seconds) => format!("hint over {seconds}"),
        Fallback::ToLargerContext => "larger context".to_owned(),
        Fallback::OnContentFilter => "on content filter".to_owned(),
        Fallback::OnRefusal => "on refusal".to_owned(),
    }
}

/// An action.
pub(super) const fn action(action: Action) -> &'static str {
    match action {
        Action::Retry => "retry",
        Action::Fail => "fail",
        Action::DeadLetter => "dead_letter",
    }
}

/// A series of delays.
pub(super) fn backoff(backoff: Backoff) -> String {
    match backoff {
        Backoff::Standard => "standard".to_owned(),
        Backoff::Fast => "fast".to_owned(),
        Backoff::Base(seconds) => format!("base {seconds}"),
    }
}

/// A budget.
pub(super) const fn budget(budget: Budget) -> &'static str {
    match budget {
        Budget::Throttle => "throttle",
        Budget::Failure => "failure",
        Budget::Immediate => "immediate",
    }
}
