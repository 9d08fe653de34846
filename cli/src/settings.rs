//! Which server to ask, and with which key: flags, environment, and the profiles of a file.

mod file;

use std::fmt;
use std::path::PathBuf;

use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use reqwest::Url;

use crate::arguments::GlobalOptions;
use crate::failure::Failure;
use file::{ConfigurationFile, Profile};

/// Where a setting was found, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An option of the command line, or a variable of the environment.
    Given(&'static str),
    /// A profile of the configuration file.
    Profile(String),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => write!(formatter, "from {name}"),
            Self::Profile(name) => write!(formatter, "from profile {name}"),
        }
    }
}

/// A setting, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// What is set for this command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The base URL of the server.
    pub(crate) url: Option<Found>,
    /// The API key. It is never shown.
    pub(crate) key: Option<Found>,
    /// Why there is no key although there should be one.
    keyless: Option<String>,
    /// The profile of `--profile`.
    named: Option<String>,
    /// What is wrong, and no reason to stop.
    pub(crate) warnings: Vec<String>,
}

/// The variables that are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    url: Option<String>,
    key: Option<String>,
    profile: Option<String>,
    config: Option<String>,
}

impl Environment {
    /// The variables of this process; an empty one counts as not set.
    pub(crate) fn of_process() -> Self {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            url: read("REDRIVE_URL"),
            // What is no text is no key, which is to be said.
            key: std::env::var_os("REDRIVE_KEY")
                .map(|value| value.to_string_lossy().into_owned())
                .filter(|value| !value.is_empty()),
            profile: read("REDRIVE_PROFILE"),
            config: read("REDRIVE_CONFIG"),
        }
    }
}

impl Settings {
    /// Settles URL and key: an option comes before a variable, and that before the profile of
    /// `REDRIVE_PROFILE` or the file's default one. With `--profile` no variable is read, and the key
    /// of a profile goes to the URL of that profile only: so it is never sent to another server.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such profile.
    pub(crate) fn read(
        options: &GlobalOptions,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let (file, mut warnings) = read_file(options, environment)?;
        let named = options.profile.as_deref();
        let chosen = named
            .or(environment.profile.as_deref())
            .or(file.default_profile.as_deref());
        let profile = chosen.map(|name| file.profile(name)).transpose()?;
        let variable = |value: &'_ Option<String>, name| {
            let value = value.as_ref().filter(|_| named.is_none());
            found(value, Source::Given(name))
        };
        let of_profile = |value: fn(&Profile) -> Option<&String>| {
            let (name, profile) = profile.as_ref()?;
            found(value(profile), Source::Profile(name.clone()))
        };
        let own_url = of_profile(|profile| profile.url.as_ref());
        let url = found(options.url.as_ref(), Source::Given("--url"))
            .or_else(|| variable(&environment.url, "REDRIVE_URL"))
            .or_else(|| own_url.clone());
        let given = found(options.key.as_ref(), Source::Given("--key"))
            .or_else(|| variable(&environment.key, "REDRIVE_KEY"));
        let mut settings = Self {
            url,
            key: given,
            ..Self::default()
        };
        if settings.key.is_none() {
            let own_key = of_profile(|profile| profile.key.as_ref());
            settings.take_key(own_key, own_url.as_ref(), named);
        }
        warnings.extend(settings.url.as_ref().and_then(plain_text_warning));
        settings.warnings = warnings;
        settings.named = named.map(str::to_owned);
        Ok(settings)
    }

    /// Takes the key of the profile if it is the key to the server that is asked, or else notes why
    /// there is none.
    fn take_key(&mut self, key: Option<Found>, its_url: Option<&Found>, named: Option<&str>) {
        let Some(key) = key else {
            self.keyless = named.map(|name| {
                format!(
                    "profile {name} has no key, and with --profile REDRIVE_KEY is not read: write \
                     the key into the profile, or give --key"
                )
            });
            return;
        };
        // Without a server nothing is sent.
        let is_its_own = self.url.as_ref().is_none_or(|asked| {
            its_url.is_some_and(|own| is_same_server(&own.value, &asked.value))
        });
        if is_its_own {
            self.key = Some(key);
            return;
        }
        let its_server = match its_url {
            Some(_) => "it is for the URL of that profile only",
            None => "the profile does not say for which URL it is",
        };
        self.keyless = Some(format!(
            "the key {} is not sent to the URL {}: {its_server}; give --key with --url",
            key.source,
            self.url
                .as_ref()
                .map_or_else(String::new, |asked| asked.source.to_string())
        ));
    }

    /// The API key, fit to be sent.
    ///
    /// # Errors
    /// Says why there is none although there should be, or what is wrong with it.
    pub(crate) fn usable_key(&self) -> Result<Option<String>, Failure> {
        if let Some(reason) = &self.keyless {
            return Err(Failure::Usage(reason.clone()));
        }
        let Some(found) = &self.key else {
            return Ok(None);
        };
        match fault_of_key(&found.value) {
            Some(fault) => Err(Failure::Usage(format!(
                "the API key {} {fault}",
                found.source
            ))),
            None => Ok(Some(found.value.clone())),
        }
    }

    /// The base URL as a URL.
    ///
    /// # Errors
    /// Says how to set it, or what is wrong with it.
    pub(crate) fn base(&self) -> Result<Url, Failure> {
        let found = self.url.as_ref().ok_or_else(|| {
            Failure::Usage(match &self.named {
                Some(name) => format!(
                    "profile {name} has no url, and with --profile REDRIVE_URL is not read: write \
                     the url into the profile, or give --url"
                ),
                None => "no server: give --url, set REDRIVE_URL, or write a profile (see `redrive \
                         help`)"
                    .to_owned(),
            })
        })?;
        read_url(&found.value).map_err(|rule| {
            // What stands before an @ may be a password.
            let shown = found.value.rsplit('@').next().unwrap_or_default();
            Failure::Usage(format!("the URL {} {rule}: {shown}", found.source))
        })
    }
}

fn found(value: Option<&String>, source: Source) -> Option<Found> {
    let value = value?.clone();
    Some(Found { value, source })
}

/// What keeps a key from being sent as it stands; it is never shown, and nothing is cut off.
fn fault_of_key(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        Some("is empty")
    } else if key.contains(['\n', '\r']) {
        Some("holds a line break")
    } else if key.starts_with(' ') || key.ends_with(' ') {
        Some("begins or ends with a space")
    } else if !key.chars().all(|one| one.is_ascii_graphic() || one == ' ') {
        Some("holds a character that no key has")
    } else {
        None
    }
}

fn is_same_server(one: &str, other: &str) -> bool {
    match (read_url(one), read_url(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn read_url(text: &str) -> Result<Url, &'static str> {
    const BEGIN: &str = "must begin with http:// or https://";
    if !text.contains("://") {
        return Err(BEGIN);
    }
    let url = Url::parse(text.trim_end_matches('/')).or(Err("is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        Err(BEGIN)
    } else if !url.username().is_empty() || url.password().is_some() {
        Err("must not hold a password: use --key")
    } else if url.query().is_some() || url.fragment().is_some() {
        Err("must have no query and no fragment")
    } else if url.path().ends_with("/api/v1") {
        Err("must be without /api/v1 at its end: leave that away")
    } else {
        Ok(url)
    }
}

/// A key that goes over the network unencrypted can be read on the way.
fn plain_text_warning(found: &Found) -> Option<String> {
    let url = read_url(&found.value).ok()?;
    let host = url.host_str()?;
    let is_local = matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
    (url.scheme() == "http" && !is_local)
        .then(|| format!("{url} is not encrypted: whoever is on the way can read the key"))
}

/// The file that was named, which must be there; or the one in its usual place, if it is.
fn read_file(
    options: &GlobalOptions,
    environment: &Environment,
) -> Result<(ConfigurationFile, Vec<String>), Failure> {
    let named = options
        .config
        .clone()
        .or_else(|| environment.config.as_ref().map(PathBuf::from));
    let Some(path) = named.clone().or_else(usual_place) else {
        return Ok(Default::default());
    };
    if named.is_none() && !path.exists() {
        return Ok(Default::default());
    }
    ConfigurationFile::read(&path)
}

/// `redrive/config.toml` in the folder where this platform keeps configurations.
pub(crate) fn usual_place() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy()
        .context("no home folder")
        .ok()?;
    Some(folders.config_dir().join("redrive").join("config.toml"))
}

#[cfg(test)]
mod tests;
