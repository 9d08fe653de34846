//! The time, as the host tells it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use boa_engine::context::time::{Clock, JsInstant};

/// Reads the host's clock each time. Boa's own remembers when it was made, and this interpreter is
/// made once and copied into every run.
#[derive(Debug)]
pub(crate) struct HostClock;

impl HostClock {
    fn since_epoch() -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }
}

impl Clock for HostClock {
    fn now(&self) -> JsInstant {
        let now = Self::since_epoch();
        JsInstant::new(now.as_secs(), now.subsec_nanos())
    }

    fn system_time_millis(&self) -> i64 {
        i64::try_from(Self::since_epoch().as_millis()).unwrap_or(i64::MAX)
    }
}
