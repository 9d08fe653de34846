//! `GET /api/v2/runtimes`: the languages that are there in name.

use serde_json::{Value, json};

/// A language in one version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Runtime {
    pub(crate) language: &'static str,
    pub(crate) version: &'static str,
    aliases: &'static [&'static str],
    /// What runs it, where several do.
    engine: Option<&'static str>,
    pub(crate) is_compiled: bool,
}

const RUNTIMES: [Runtime; 9] = [
    interpreted("bash", "5.2.0", &["sh"], None),
    interpreted(
        "javascript",
        "18.15.0",
        &["node-javascript", "node-js", "js"],
        Some("node"),
    ),
    interpreted(
        "javascript",
        "20.11.1",
        &["node-javascript", "node-js", "js"],
        Some("node"),
    ),
    interpreted(
        "python",
        "3.12.0",
        &["py", "py3", "python3", "python3.12"],
        None,
    ),
    interpreted("ruby", "3.0.1", &["ruby3", "rb"], None),
    compiled("c++", "10.2.0", &["cpp", "g++"], Some("gcc")),
    compiled("java", "15.0.2", &[], None),
    compiled("rust", "1.68.2", &["rs"], None),
    compiled("typescript", "5.0.3", &["ts", "tsc"], None),
];

const fn interpreted(
    language: &'static str,
    version: &'static str,
    aliases: &'static [&'static str],
    engine: Option<&'static str>,
) -> Runtime {
    Runtime {
        language,
        version,
        aliases,
        engine,
        is_compiled: false,
    }
}

const fn compiled(
    language: &'static str,
    version: &'static str,
    aliases: &'static [&'static str],
    engine: Option<&'static str>,
) -> Runtime {
    Runtime {
        is_compiled: true,
        ..interpreted(language, version, aliases, engine)
    }
}

impl Runtime {
    /// The latest version of a language, by its name or an alias, that this selector takes in:
    /// `*`, `3.x`, `3`, `3.12.0`.
    pub(crate) fn find(language: &str, selector: &str) -> Option<Self> {
        RUNTIMES
            .into_iter()
            .rev()
            .filter(|runtime| runtime.language == language || runtime.aliases.contains(&language))
            .find(|runtime| takes_in(selector, runtime.version))
    }
}

fn takes_in(selector: &str, version: &str) -> bool {
    let mut parts = version.split('.');
    selector.split('.').all(|wanted| {
        let part = parts.next();
        ["*", "x"].contains(&wanted) || part == Some(wanted)
    })
}

/// The list, as the route answers it.
pub(crate) fn list() -> Value {
    RUNTIMES
        .iter()
        .map(|runtime| {
            let mut object = json!({
                "language": runtime.language,
                "version": runtime.version,
                "aliases": runtime.aliases,
            });
            if let (Some(name), Some(fields)) = (runtime.engine, object.as_object_mut()) {
                fields.insert("runtime".to_owned(), json!(name));
            }
            object
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Runtime;

    #[test]
    fn latest_version_that_is_taken_in_is_found() {
        let version = |language, selector| Some(Runtime::find(language, selector)?.version);
        assert_eq!(version("js", "*"), Some("20.11.1"));
        assert_eq!(version("javascript", "18.x"), Some("18.15.0"));
        assert_eq!(version("python3", "3"), Some("3.12.0"));
        assert_eq!(version("python", "2.x"), None);
        assert_eq!(version("cobol", "*"), None);
    }
}
