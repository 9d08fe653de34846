//! What the Workers tell of themselves in the log.

use serde_json::Value;

/// Counts of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Late answers that were dropped.
    pub(super) fenced: u64,
    /// Faults at the bindings.
    pub(super) faults: u64,
    /// Those of them that held a call.
    pub(super) held: u64,
}

impl Told {
    /// Counts the events of a whole log.
    pub(super) fn of(log: &str) -> Self {
        let mut told = Self::default();
        for event in log.lines().filter_map(event) {
            match event.get("event").and_then(Value::as_str) {
                Some("fenced") => told.fenced += 1,
                Some("fault") => {
                    told.faults += 1;
                    let kind = event.get("fault").and_then(Value::as_str);
                    told.held += u64::from(kind.is_some_and(|kind| kind.starts_with("held")));
                }
                Some(_) | None => {}
            }
        }
        told
    }
}

/// The event in a line, if a Worker has written it.
fn event(line: &str) -> Option<Value> {
    let (_, event) = line.strip_prefix("[redrive-")?.split_once("] ")?;
    serde_json::from_str(event).ok()
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn events_are_counted_and_other_lines_are_not() {
        let log = "[wrangler:info] POST /api/v1/generate 202 Accepted (9ms)\n\
            [redrive-consumer] {\"event\":\"fenced\",\"attempt\":1}\n\
            [redrive-consumer] {\"event\":\"attempt\",\"attempt\":1}\n\
            [redrive-producer] {\"event\":\"fault\",\"fault\":\"after\"}\n\
            [redrive-consumer] {\"event\":\"fault\",\"fault\":\"dropped\"}\n\
            [redrive-consumer] {\"event\":\"fault\",\"fault\":\"held_before\"}\n\
            [redrive-consumer] {\"event\":\"fault\n";
        let expected = Told {
            fenced: 1,
            faults: 3,
            held: 1,
        };
        assert_eq!(Told::of(log), expected);
    }
}
