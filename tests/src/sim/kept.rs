//! The simulated cache: eventually consistent, forgetful after its time.

use redrive_shared::clock::Instant;
use redrive_shared::status_cache::TIME_TO_LIVE;
use std::collections::BTreeMap;

/// What is kept under a key: the latest text, when it was put, and the text before it.
#[derive(Clone, Debug)]
struct Entry {
    text: String,
    put_at: Instant,
    before: Option<String>,
}

/// A cache.
#[derive(Debug, Default)]
pub(crate) struct Kept(BTreeMap<String, Entry>);

impl Kept {
    /// The text under `key`, or, when `stale`, what was there before the latest write.
    pub(crate) fn get(&self, key: &str, stale: bool, now: Instant) -> Option<String> {
        let entry = self.0.get(key).filter(|entry| entry.lives(now))?;
        if stale {
            entry.before.clone()
        } else {
            Some(entry.text.clone())
        }
    }

    /// Puts a text under `key`.
    pub(crate) fn put(&mut self, key: &str, text: String, now: Instant) {
        let before = self.get(key, false, now);
        let entry = Entry {
            text,
            put_at: now,
            before,
        };
        self.0.insert(key.to_owned(), entry);
    }

    /// Everything that is kept at `now`.
    pub(crate) fn entries(&self, now: Instant) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(move |(_, entry)| entry.lives(now))
            .map(|(key, entry)| (key.as_str(), entry.text.as_str()))
    }
}

impl Entry {
    fn lives(&self, now: Instant) -> bool {
        let lifetime = i64::try_from(TIME_TO_LIVE.as_millis()).unwrap_or(i64::MAX);
        now.millis_since(self.put_at) < lifetime
    }
}
