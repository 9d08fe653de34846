use std::fs;
use std::path::Path;

use super::*;

const FILE: &str = r#"
default_profile = "local"

[profiles.local]
url = "http://127.0.0.1:8787"
key = "rd_live_local"

[profiles.production]
url = "https://jobs.example.com/"
key = "rd_live_production"
"#;

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        permit(&path, 0o600);
        Self { folder }
    }

    fn options(&self) -> GlobalOptions {
        GlobalOptions {
            config: Some(self.folder.path().join("config.toml")),
            ..GlobalOptions::default()
        }
    }
}

#[cfg(unix)]
fn permit(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn permit(_: &Path, _: u32) {}

fn variables() -> Environment {
    Environment {
        url: Some("https://variable.example.com".to_owned()),
        key: Some("rd_live_variable".to_owned()),
        ..Environment::default()
    }
}

fn values(settings: &Settings) -> [&str; 2] {
    [&settings.url, &settings.key].map(|found| found.as_ref().unwrap().value.as_str())
}

#[test]
fn the_default_profile_is_used_when_nothing_else_is_said() {
    let case = Case::new(FILE);
    let settings = Settings::read(&case.options(), &Environment::default()).unwrap();
    assert_eq!(
        values(&settings),
        ["http://127.0.0.1:8787", "rd_live_local"]
    );
    assert_eq!(settings.warnings, [""; 0]);
}

#[test]
fn a_variable_comes_before_the_default_profile() {
    let case = Case::new(FILE);
    let settings = Settings::read(&case.options(), &variables()).unwrap();
    assert_eq!(
        values(&settings),
        ["https://variable.example.com", "rd_live_variable"]
    );
}

#[test]
fn an_option_comes_before_everything() {
    let case = Case::new(FILE);
    let options = GlobalOptions {
        url: Some("https://flag.example.com".to_owned()),
        key: Some("rd_live_flag".to_owned()),
        profile: Some("production".to_owned()),
        ..case.options()
    };
    let settings = Settings::read(&options, &variables()).unwrap();
    assert_eq!(
        values(&settings),
        ["https://flag.example.com", "rd_live_flag"]
    );
}

#[test]
fn a_profile_asked_for_by_option_keeps_url_and_key_together() {
    let case = Case::new(FILE);
    let options = GlobalOptions {
        profile: Some("production".to_owned()),
        ..case.options()
    };
    let settings = Settings::read(&options, &variables()).unwrap();
    assert_eq!(
        values(&settings),
        ["https://jobs.example.com/", "rd_live_production"]
    );
    assert_eq!(
        settings.base().unwrap().as_str(),
        "https://jobs.example.com/"
    );
}

#[test]
fn the_profile_of_the_environment_comes_before_the_default_one() {
    let case = Case::new(FILE);
    let environment = Environment {
        profile: Some("production".to_owned()),
        ..Environment::default()
    };
    let settings = Settings::read(&case.options(), &environment).unwrap();
    assert_eq!(values(&settings)[1], "rd_live_production");
}

#[test]
fn an_unknown_profile_names_those_there_are() {
    let case = Case::new(FILE);
    let options = GlobalOptions {
        profile: Some("staging".to_owned()),
        ..case.options()
    };
    let failure = Settings::read(&options, &Environment::default()).unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    assert!(
        failure.to_string().contains("local, production"),
        "{failure}"
    );
}

#[test]
fn an_unknown_field_is_named_with_its_line_and_no_key_is_quoted() {
    let case = Case::new("[profiles.a]\nurl = \"http://x\"\nkeys = \"rd_live_secret\"\n");
    let failure = Settings::read(&case.options(), &Environment::default()).unwrap_err();
    let text = failure.to_string();
    assert!(text.contains("line 3") && text.contains("keys"), "{text}");
    assert!(!text.contains("rd_live_secret"), "{text}");
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let options = GlobalOptions {
        config: Some("/nowhere/config.toml".into()),
        ..GlobalOptions::default()
    };
    let failure = Settings::read(&options, &Environment::default()).unwrap_err();
    assert_eq!(failure.exit_code(), 2);
}

#[cfg(unix)]
#[test]
fn keys_that_others_can_read_are_warned_of() {
    let case = Case::new(FILE);
    permit(&case.folder.path().join("config.toml"), 0o644);
    let settings = Settings::read(&case.options(), &Environment::default()).unwrap();
    assert!(settings.warnings[0].contains("chmod 600"), "{settings:?}");
}

#[test]
fn a_key_that_would_go_out_in_the_clear_is_warned_of() {
    for (url, warnings) in [
        ("http://jobs.example.com", 1),
        ("https://jobs.example.com", 0),
        ("http://127.0.0.1:8787", 0),
        ("http://localhost:8787", 0),
    ] {
        let found = Found {
            value: url.to_owned(),
            source: Source::Given("--url"),
        };
        assert_eq!(plain_text_warning(&found).iter().count(), warnings, "{url}");
    }
}

#[test]
fn a_url_that_is_none_is_refused_before_anything_is_sent() {
    for url in [
        "jobs.example.com",
        "ftp://x",
        "http://user:pass@x",
        "http://x?a=b",
        "http://x/api/v1/",
        "",
    ] {
        let settings = Settings {
            url: Some(Found {
                value: url.to_owned(),
                source: Source::Given("REDRIVE_URL"),
            }),
            ..Settings::default()
        };
        assert_eq!(settings.base().unwrap_err().exit_code(), 2, "{url}");
    }
}

/// What a command would send, or why it sends nothing.
fn sent(file: &str, options: GlobalOptions, environment: &Environment) -> Result<String, String> {
    let case = Case::new(file);
    let options = GlobalOptions {
        config: case.options().config,
        ..options
    };
    let settings = Settings::read(&options, environment).unwrap();
    let key = settings.usable_key().map_err(|failure| {
        assert_eq!(failure.exit_code(), 2);
        failure.to_string()
    })?;
    let url = settings.base().map_err(|failure| failure.to_string())?;
    Ok(format!("{} to {url}", key.unwrap_or_default()))
}

#[test]
fn a_key_of_a_profile_goes_to_its_own_url_only() {
    let elsewhere = Environment {
        url: Some("https://elsewhere.example.com".to_owned()),
        ..Environment::default()
    };
    for named in [None, Some("local".to_owned())] {
        let options = GlobalOptions {
            url: Some("https://elsewhere.example.com".to_owned()),
            profile: named,
            ..GlobalOptions::default()
        };
        let refusal = sent(FILE, options.clone(), &Environment::default()).unwrap_err();
        assert!(
            refusal.contains("from profile local is not sent to the URL from --url"),
            "{refusal}"
        );
        let options = GlobalOptions {
            key: Some("rd_live_flag".to_owned()),
            ..options
        };
        assert_eq!(
            sent(FILE, options, &Environment::default()).unwrap(),
            "rd_live_flag to https://elsewhere.example.com/"
        );
    }
    let refusal = sent(FILE, GlobalOptions::default(), &elsewhere).unwrap_err();
    assert!(refusal.contains("the URL from REDRIVE_URL"), "{refusal}");
    let same = GlobalOptions {
        url: Some("http://127.0.0.1:8787/".to_owned()),
        ..GlobalOptions::default()
    };
    assert_eq!(
        sent(FILE, same, &Environment::default()).unwrap(),
        "rd_live_local to http://127.0.0.1:8787/"
    );
    let keys = "default_profile = \"a\"\n[profiles.a]\nkey = \"rd_live_a\"\n";
    let refusal = sent(keys, GlobalOptions::default(), &elsewhere).unwrap_err();
    assert!(refusal.contains("does not say for which URL"), "{refusal}");
}

#[test]
fn what_a_named_profile_lacks_is_not_taken_from_the_variables() {
    let file = "[profiles.a]\nurl = \"https://a.example.com\"\n[profiles.b]\nkey = \"rd_live_b\"\n";
    let named = |name: &str| GlobalOptions {
        profile: Some(name.to_owned()),
        ..GlobalOptions::default()
    };
    let refusal = sent(file, named("a"), &variables()).unwrap_err();
    assert!(refusal.contains("profile a has no key"), "{refusal}");
    let refusal = sent(file, named("b"), &variables()).unwrap_err();
    assert!(refusal.contains("profile b has no url"), "{refusal}");
    let options = GlobalOptions {
        key: Some("rd_live_flag".to_owned()),
        ..named("a")
    };
    assert_eq!(
        sent(file, options, &variables()).unwrap(),
        "rd_live_flag to https://a.example.com/"
    );
}

#[test]
fn a_key_that_no_header_carries_is_refused_as_it_is() {
    for (key, fault) in [
        ("", "is empty"),
        ("rd_live_a\n", "holds a line break"),
        ("rd_live\r\n_a", "holds a line break"),
        ("rd_live_a ", "begins or ends with a space"),
        ("rd_live_\u{1}", "holds a character that no key has"),
        ("rd_live_\u{fffd}", "holds a character that no key has"),
    ] {
        let options = GlobalOptions {
            key: Some(key.to_owned()),
            ..GlobalOptions::default()
        };
        let refusal = sent(FILE, options, &variables()).unwrap_err();
        assert_eq!(refusal, format!("the API key from --key {fault}"));
    }
}
