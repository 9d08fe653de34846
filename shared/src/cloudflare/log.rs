use super::Meter;
use crate::log::{Event, Log};
use std::sync::Arc;

/// The runtime's console, which Workers Logs and `wrangler tail` read.
#[derive(Clone, Debug, Default)]
pub struct Console {
    meter: Arc<Meter>,
}

impl Console {
    /// A console that ends each invocation with the counts of `meter`.
    #[must_use]
    pub const fn new(meter: Arc<Meter>) -> Self {
        Self { meter }
    }
}

impl Log for Console {
    fn write(&self, event: Event) {
        worker::console_log!("{}", event.to_line());
    }

    fn conclude(&self, event: Event) {
        self.write(self.meter.on(event));
    }
}
