use crate::handlers::page::ListFilter;
use redrive_shared::dead_letter::filter::{DeadLetterFilter, MIN_ATTEMPTS};
use redrive_shared::ids::JobId;
use redrive_shared::json::rules::{Ruling, checked, text};
use redrive_shared::json::{Fields, Item};

impl ListFilter for DeadLetterFilter {
    type Entry = JobId;

    fn read(fields: &mut Fields<'_>) -> Self {
        Self::read(fields, attempts)
    }

    fn fingerprint(&self) -> String {
        format!("dead-letters{}", self.to_json())
    }
}

/// Reads a number of attempts as a URL has it: digits only.
pub(super) fn attempts(item: Item<'_>) -> Ruling<u32> {
    checked(text(1..=16), |digits| {
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())
            .flatten()
            .filter(|attempts| MIN_ATTEMPTS.contains(attempts))
            .ok_or_else(|| {
                let (least, most) = (MIN_ATTEMPTS.start(), MIN_ATTEMPTS.end());
                format!("must be a whole number from {least} to {most}")
            })
    })(item)
}
