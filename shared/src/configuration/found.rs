//! The configuration as a Worker finds it.

use super::{Configuration, variables};
use crate::json;
use std::sync::{Arc, Mutex, PoisonError};

/// A configuration, or what is wrong with it: one sentence for the operator a mistake.
pub type Found = Result<Arc<Configuration>, Arc<[String]>>;

/// What this isolate read, so that it is read once.
#[derive(Debug, Default)]
pub struct ConfigurationMemory(Mutex<Option<(String, Found)>>);

impl ConfigurationMemory {
    /// Knows nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The configuration that the variables hold.
    ///
    /// # Errors
    /// There is none, or it has mistakes.
    pub fn find(&self, variable: impl Fn(&str) -> Option<String>) -> Found {
        let Some(text) = variables::join(variable) else {
            let message = "`PROVIDERS` is not set: deploy again, which hands providers.toml over";
            return Err(Arc::from([message.to_owned()]));
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, found)) = known.as_ref()
            && *of == text
        {
            return found.clone();
        }
        let found = read(&text);
        *known = Some((text, found.clone()));
        found
    }
}

fn read(text: &str) -> Found {
    let value = json::parse(text.as_bytes())
        .map_err(|error| Arc::from([format!("`PROVIDERS` is damaged: {error}")]))?;
    Configuration::read(&value).map(Arc::new).map_err(|errors| {
        let sentences = errors.iter().map(ToString::to_string);
        sentences.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_and_another_one_anew() {
        let memory = ConfigurationMemory::new();
        let find = |text: &str| memory.find(|name| (name == "PROVIDERS").then(|| text.to_owned()));
        let (first, again) = (find("{}"), find("{}"));
        let (Ok(first), Ok(again)) = (first, again) else {
            panic!("an empty configuration is one");
        };
        assert!(Arc::ptr_eq(&first, &again));
        assert!(find("{ }").is_ok_and(|other| !Arc::ptr_eq(&first, &other)));
    }

    #[test]
    fn every_mistake_is_a_sentence_that_says_where() {
        let memory = ConfigurationMemory::new();
        let find = |text: Option<&str>| {
            memory.find(|name| text.filter(|_| name == "PROVIDERS").map(str::to_owned))
        };
        let mistakes = |found: Found| found.expect_err("it has mistakes").to_vec();
        assert!(mistakes(find(None))[0].contains("is not set"));
        assert!(mistakes(find(Some("{\"providers\":")))[0].contains("is damaged"));
        let two =
            r#"{"default_providers": ["x"], "providers": {"y": {"kind": "openai_compatible"}}}"#;
        assert_eq!(
            mistakes(find(Some(two))),
            [
                "`/providers/y/base_url` is required",
                "`/default_providers/0` names no provider of this file"
            ]
        );
    }
}
