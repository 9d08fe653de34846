//! The log: one JSON line an event, readable alone. Ids, counts, codes and lengths of time only:
//! never a prompt, an answer, a key or a token.

use serde_json::{Map, Value};

/// One event with its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Event(Map<String, Value>);

impl Event {
    /// An event of this name.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let mut fields = Map::new();
        fields.insert("event".to_owned(), name.into());
        Self(fields)
    }

    /// The event with one more field. Names are those of the vocabulary: `job.id`, `attempt`,
    /// `error.code`, `duration_ms`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The event as one line of JSON.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

/// Where events go. Two implementations: the runtime's console, and a list for the tests.
pub trait Log: Send + Sync {
    /// Writes one event.
    fn write(&self, event: Event);

    /// Writes the event that ends a request, a delivery or a sweep. A log that knows what the
    /// invocation used of the platform tells it here.
    fn conclude(&self, event: Event) {
        self.write(event);
    }
}
