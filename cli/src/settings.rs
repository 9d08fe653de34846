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
            key: read("REDRIVE_KEY"),
            profile: read("REDRIVE_PROFILE"),
            config: read("REDRIVE_CONFIG"),
        }
    }
}

impl Settings {
    /// Settles URL and key: an option comes before a profile named by `--profile`, that before a
    /// variable, and that before the profile of `REDRIVE_PROFILE` or the file's default one. A key
    /// is so never sent to another server than the profile's that was asked for.
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
        let of_profile = |value: fn(&Profile) -> Option<&String>| {
            let (name, profile) = profile.as_ref()?;
            Some(Found {
                value: value(profile)?.clone(),
                source: Source::Profile(name.clone()),
            })
        };
        let settle = |flag: (Option<&String>, &'static str),
                      variable: (Option<&String>, &'static str),
                      value: fn(&Profile) -> Option<&String>| {
            let flag = found(flag.0, Source::Given(flag.1));
            let variable = found(variable.0, Source::Given(variable.1));
            let profile = of_profile(value);
            if named.is_some() {
                flag.or(profile).or(variable)
            } else {
                flag.or(variable).or(profile)
            }
        };
        let url = settle(
            (options.url.as_ref(), "--url"),
            (environment.url.as_ref(), "REDRIVE_URL"),
            |profile| profile.url.as_ref(),
        );
        let key = settle(
            (options.key.as_ref(), "--key"),
            (environment.key.as_ref(), "REDRIVE_KEY"),
            |profile| profile.key.as_ref(),
        );
        warnings.extend(url.as_ref().and_then(plain_text_warning));
        Ok(Self { url, key, warnings })
    }

    /// The base URL as a URL.
    ///
    /// # Errors
    /// Says how to set it, or what is wrong with it.
    pub(crate) fn base(&self) -> Result<Url, Failure> {
        let found = self.url.as_ref().ok_or_else(|| {
            Failure::Usage(
                "no server: give --url, set REDRIVE_URL, or write a profile (see `redrive help`)"
                    .to_owned(),
            )
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

fn read_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim_end_matches('/')).or(Err("is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        Err("must begin with http:// or https://")
    } else if !url.username().is_empty() || url.password().is_some() {
        Err("must not hold a password: use --key")
    } else if url.query().is_some() || url.fragment().is_some() {
        Err("must have no query and no fragment")
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
