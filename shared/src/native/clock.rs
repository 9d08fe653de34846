use super::lock;
use crate::clock::{Clock, Instant};
use std::sync::Mutex;
use std::time::Duration;

/// A clock that stands still until it is moved. A sleep moves it.
#[derive(Debug)]
pub struct ManualClock(Mutex<Instant>);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock.
    pub fn advance_millis(&self, millis: i64) {
        let mut now = lock(&self.0);
        *now = now.plus_millis(millis);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        *lock(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance_millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
    }
}
