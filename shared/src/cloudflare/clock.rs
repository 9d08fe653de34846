use crate::clock::{Clock, Instant};
use std::time::Duration;
use worker::send::SendFuture;
use worker::{Date, Delay};

/// The runtime's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkerClock;

impl Clock for WorkerClock {
    fn now(&self) -> Instant {
        Instant::from_millis(i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        SendFuture::new(Delay::from(duration))
    }
}
