use super::*;
use crate::configuration::{ExecutorConfiguration, RemoteExecutor};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

fn remote(languages: &[(&str, &str)]) -> RemoteExecutor {
    let languages = languages.iter();
    let languages = languages.map(|(name, version)| ((*name).to_owned(), (*version).to_owned()));
    RemoteExecutor {
        base_url: "http://piston".to_owned(),
        api_key_secret: None,
        languages: languages.collect(),
        time_limit_seconds: 3,
        memory_limit_mib: 512,
    }
}

fn configuration(ours: &[Language], theirs: Option<RemoteExecutor>) -> Configuration {
    Configuration {
        executor: ExecutorConfiguration {
            languages: ours.iter().copied().collect::<BTreeSet<Language>>(),
        },
        remote_executor: theirs,
        default_providers: Vec::new(),
        providers: BTreeMap::new(),
    }
}

#[test]
fn a_language_is_found_by_its_name_and_its_aliases() {
    let configuration = Configuration::default();
    for (name, language) in [
        ("javascript", Language::JavaScript),
        ("js", Language::JavaScript),
        ("node", Language::JavaScript),
        ("python", Language::Python),
        ("py", Language::Python),
        ("python3", Language::Python),
    ] {
        let expected = (language.as_str().to_owned(), Runner::Executor(language));
        assert_eq!(find(&configuration, name), Some(expected), "{name}");
    }
    for name in ["", "Python", "python2", "java", "py "] {
        assert_eq!(find(&configuration, name), None, "{name}");
    }
}

#[test]
fn our_executors_come_before_the_remote_one() {
    let theirs = remote(&[("python", "3.12.0"), ("rust", "1.68.2")]);
    let both = configuration(&[Language::Python], Some(theirs.clone()));
    assert_eq!(
        runner_of(&both, "python"),
        Some(Runner::Executor(Language::Python))
    );
    assert_eq!(runner_of(&both, "rust"), Some(Runner::Remote("1.68.2")));
    assert_eq!(runner_of(&both, "javascript"), None);
    // Nor does another name of one of ours lead away from it.
    let renamed = configuration(&[Language::Python], Some(remote(&[("python3", "3.12.0")])));
    let ours = ("python".to_owned(), Runner::Executor(Language::Python));
    assert_eq!(find(&renamed, "python3"), Some(ours));
    assert_eq!(names(&renamed), ["python"]);
    let theirs_alone = configuration(&[], Some(theirs));
    let expected = ("python".to_owned(), Runner::Remote("3.12.0"));
    assert_eq!(find(&theirs_alone, "py"), Some(expected));
}

#[test]
fn the_list_says_who_runs_what_within_which_limits() {
    let theirs = remote(&[("python", "3.12.0"), ("rust", "1.68.2")]);
    let listed = languages(&configuration(&[Language::Python], Some(theirs)));
    assert_eq!(
        serde_json::to_value(&listed).ok(),
        Some(json!([
            {
                "language": "python", "aliases": ["py", "python3"], "runner": "executor",
                "functionCalls": true,
                "limits": {"maxTimeLimit": 30.0, "defaultTimeLimit": 10.0, "maxMemoryLimit": 64,
                           "defaultMemoryLimit": 64}
            },
            {
                "language": "rust", "aliases": [], "runner": "remote", "version": "1.68.2",
                "functionCalls": false,
                "limits": {"maxTimeLimit": 3.0, "defaultTimeLimit": 3.0, "maxMemoryLimit": 512,
                           "defaultMemoryLimit": 64}
            }
        ]))
    );
    assert_eq!(languages(&configuration(&[], None)), []);
}
