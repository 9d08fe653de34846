//! What batches in a simulated world upload, and what has to come of each line.

use super::replies::{CANARY, DEADLY};
use super::shape::{MODEL, PROVIDER, limits};
use redrive_shared::batch::intake::BatchRequest;
use redrive_shared::batch::splitter::Form;
use serde_json::{Map, json};

/// Lines of a batch at most.
pub(crate) const LINES: u8 = 8;

/// An upload of a shape.
///
/// Of the shape's bits the lowest says whose it is, the next whether invalid lines are passed over,
/// the next three how many lines there are, the next two what is wrong with some, and the last
/// whether the first line takes its run down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Upload(pub(crate) u8);

/// A line that becomes a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number in the upload, from 1, blank lines counted.
    pub(crate) number: u32,
    /// Whether it may be run; otherwise its job is failed from the start.
    pub(crate) is_valid: bool,
    /// The client's own name, as far as it can be read.
    pub(crate) custom_id: Option<String>,
    text: String,
}

impl Upload {
    /// The upload of the batch with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        name.strip_prefix("upload ")?.parse().ok().map(Self)
    }

    /// The index of the tenant whose it is.
    pub(crate) const fn tenant(self) -> u8 {
        self.0 & 1
    }

    /// Whether invalid lines are passed over.
    pub(crate) const fn skips_invalid(self) -> bool {
        self.0 & 2 != 0
    }

    /// What is asked for beside the lines.
    pub(crate) fn request(self) -> BatchRequest {
        let defaults = [("provider", json!(PROVIDER)), ("model", json!(MODEL))];
        BatchRequest {
            form: Form::Lines,
            skips_invalid: self.skips_invalid(),
            name: Some(format!("upload {}", self.0)),
            defaults: Map::from_iter(defaults.map(|(name, value)| (name.to_owned(), value))),
        }
    }

    /// The lines that become jobs, in their order. The third of the upload is blank.
    pub(crate) fn lines(self) -> Vec<Line> {
        let count = 1 + ((self.0 >> 2) & 7);
        let wrong = (self.0 >> 5) & 3;
        let line = |place: u8| {
            let number = u32::from(place) + if place < 2 { 1 } else { 2 };
            let is_last = place + 1 == count;
            let (text, is_valid, custom_id) = match wrong {
                1 if is_last => (format!("{{{CANARY} {}", self.0), false, None),
                2 if is_last && place > 0 => (self.job(place, "c0"), false, Some("c0".to_owned())),
                3 if place.is_multiple_of(2) => {
                    let name = format!("c{place}");
                    let text = json!({"customId": name, "prompt": 7}).to_string();
                    (text, false, Some(name))
                }
                _ => {
                    let name = format!("c{place}");
                    (self.job(place, &name), true, Some(name))
                }
            };
            Line {
                number,
                is_valid,
                custom_id,
                text,
            }
        };
        (0..count).map(line).collect()
    }

    /// A line that may be run.
    fn job(self, place: u8, custom_id: &str) -> String {
        let (max_attempts, deadline_seconds) = limits(place.wrapping_add(self.0 >> 2));
        let is_deadly = place == 0 && self.0 & 128 != 0;
        let word = if is_deadly { DEADLY } else { "harmless" };
        let line = json!({
            "customId": custom_id,
            "prompt": format!("{CANARY} prompt, {word}"),
            "maxAttempts": max_attempts,
            "deadlineSeconds": deadline_seconds,
        });
        line.to_string()
    }

    /// How many lines are invalid.
    pub(crate) fn invalid_lines(self) -> usize {
        self.lines().iter().filter(|line| !line.is_valid).count()
    }

    /// Whether it may be taken.
    pub(crate) fn is_fit(self) -> bool {
        self.skips_invalid() || self.invalid_lines() == 0
    }

    /// The text that is uploaded.
    pub(crate) fn text(self) -> String {
        let mut text = String::new();
        for (place, line) in self.lines().into_iter().enumerate() {
            if place == 2 {
                text.push('\n');
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        text
    }
}
