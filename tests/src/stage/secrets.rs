//! What must never be in a log.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What prompts and answers are called here.
pub(crate) const PROMPTS: &str = "a prompt or an answer";

/// Texts that are secret, each with what it is.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Mutex<Vec<(&'static str, String)>>);

impl Secrets {
    /// From now on `text` is secret.
    pub(crate) fn add(&self, what: &'static str, text: impl Into<String>) {
        self.entries().push((what, text.into()));
    }

    /// The lines that hold a secret, each told by its number, without the secret.
    pub(crate) fn found_in(&self, text: &str) -> Vec<String> {
        let entries = self.entries();
        let found = |(number, line): (usize, &str)| {
            let (what, _) = entries.iter().find(|(_, secret)| line.contains(secret))?;
            Some(format!("line {} holds {what}", number + 1))
        };
        text.lines().enumerate().filter_map(found).collect()
    }

    /// Which keys a text holds. Prompts may be in it: they have to be stored somewhere.
    pub(crate) fn keys_in(&self, text: &str) -> Vec<&'static str> {
        let entries = self.entries();
        let keys = entries.iter().filter(|(what, _)| *what != PROMPTS);
        keys.filter(|(_, secret)| text.contains(secret))
            .map(|(what, _)| *what)
            .collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<(&'static str, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_with_a_secret_is_told_and_the_secret_is_not() {
        let secrets = Secrets::default();
        secrets.add("a key", "rd_live_x");
        secrets.add("a prompt", "tell me");
        let found = secrets.found_in("GET /\nkey=rd_live_xyz\n\nplease tell me more\n");
        assert_eq!(found, ["line 2 holds a key", "line 4 holds a prompt"]);
    }
}
