//! How to reach the provider: base URL, key, default model.

use super::headers::HeaderText;
use super::{Action, Failure, Provider};
use crate::access::Secret;
use crate::error_code::ErrorCode;

/// How to reach a server that speaks OpenAI's chat completions, as configured.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// `OPENAI_BASE_URL`: the URL that `/chat/completions` is appended to; it usually ends in
    /// `/v1`. `http` is allowed, because local servers such as llama.cpp, Ollama and vLLM speak it.
    pub base_url: String,
    /// `OPENAI_API_KEY`: the bearer token. Many local servers want none.
    pub api_key: Option<Secret>,
    /// `OPENAI_MODEL`: the model of requests that name none.
    pub default_model: Option<String>,
}

/// A setting is missing or wrong; nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {rule}")]
pub struct Misconfigured {
    setting: &'static str,
    rule: &'static str,
}

impl Misconfigured {
    pub(crate) const MODEL: Self = Self {
        setting: "OPENAI_MODEL",
        rule: "is not set, and the request names no `model`",
    };
    const KEY_MISSING: Self = Self {
        setting: "OPENAI_API_KEY",
        rule: "is not set, and OpenAI answers nobody without a key",
    };
    const KEY_INVALID: Self = Self {
        setting: "OPENAI_API_KEY",
        rule: "must consist of visible ASCII characters",
    };

    const fn base_url(rule: &'static str) -> Self {
        Self {
            setting: "OPENAI_BASE_URL",
            rule,
        }
    }

    /// The name of the setting.
    #[must_use]
    pub const fn setting(self) -> &'static str {
        self.setting
    }
}

impl From<Misconfigured> for Failure {
    fn from(reason: Misconfigured) -> Self {
        Self::ours(
            ErrorCode::ProviderMisconfigured,
            Action::DeadLetter,
            reason.to_string(),
        )
    }
}

impl ProviderSettings {
    /// Whose rules apply: OpenAI's own at its own address, those of compatible servers elsewhere.
    ///
    /// # Errors
    /// `OPENAI_BASE_URL` is not a URL we would call.
    pub fn provider(&self) -> Result<Provider, Misconfigured> {
        let host = host_of(&self.base_url)?.to_ascii_lowercase();
        // Data residency has hosts such as eu.api.openai.com.
        if host == "api.openai.com" || host.ends_with(".api.openai.com") {
            Ok(Provider::OpenAi)
        } else {
            Ok(Provider::Compatible)
        }
    }

    /// Finds what would keep every call from being made.
    ///
    /// # Errors
    /// The first setting that is missing or wrong. A missing default model is not among them: a
    /// request may name its own.
    pub fn check(&self) -> Result<(), Misconfigured> {
        let provider = self.provider()?;
        match (self.authorization()?, provider) {
            (None, Provider::OpenAi) => Err(Misconfigured::KEY_MISSING),
            (Some(_), Provider::OpenAi) | (_, Provider::Compatible) => Ok(()),
        }
    }

    pub(crate) fn authorization(&self) -> Result<Option<HeaderText>, Misconfigured> {
        // A secret set from a file tends to end in a line end.
        let key = self.api_key.as_ref().map(|key| key.reveal().trim());
        key.filter(|key| !key.is_empty())
            .map(|key| {
                if key.contains(' ') {
                    return Err(Misconfigured::KEY_INVALID);
                }
                HeaderText::new(format!("Bearer {key}"))
                    .map_err(|_invalid| Misconfigured::KEY_INVALID)
            })
            .transpose()
    }

    /// The base URL followed by `path`, which is not appended when it is already there.
    pub(crate) fn endpoint(&self, path: &str) -> Result<String, Misconfigured> {
        host_of(&self.base_url)?;
        let base = self.base_url.trim().trim_end_matches('/');
        if base.ends_with(path) {
            Ok(base.to_owned())
        } else {
            Ok(format!("{base}{path}"))
        }
    }
}

/// The host of a base URL, which is refused when it is not plainly `http(s)://host[:port][/path]`.
///
/// A user name and password would end up in logs, a query or fragment would swallow the path that
/// is appended, and a backslash is read as a slash by some parsers and not by others.
fn host_of(base_url: &str) -> Result<&str, Misconfigured> {
    let wrong = Misconfigured::base_url;
    let base_url = base_url.trim();
    if base_url.is_empty() {
        return Err(wrong("is not set"));
    }
    let (scheme, rest) = base_url
        .split_once("://")
        .ok_or(wrong("must begin with `https://` or `http://`"))?;
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return Err(wrong("must begin with `https://` or `http://`"));
    }
    if rest.contains(['?', '#']) {
        return Err(wrong("must have no query and no fragment"));
    }
    if rest.contains('\\') || !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong(
            "must consist of visible ASCII characters without `\\`",
        ));
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Err(wrong(
            "must hold no user name or password; use OPENAI_API_KEY",
        ));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| !matches!(port.parse::<u16>(), Ok(1..))) {
        return Err(wrong("must have a port between 1 and 65535"));
    }
    if is_host(host) {
        Ok(host)
    } else {
        Err(wrong("must name a host"))
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets; whether it exists is found out later.
fn is_host(host: &str) -> bool {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(base_url: &str) -> ProviderSettings {
        ProviderSettings {
            base_url: base_url.to_owned(),
            api_key: Some(Secret::new("sk-hidden\n".to_owned())),
            default_model: None,
        }
    }

    #[test]
    fn a_base_url_that_could_not_be_meant_is_refused_by_name() {
        for base_url in [
            "",
            "api.openai.com/v1",
            "ftp://api.openai.com/v1",
            "https://",
            "https:///v1",
            "https://user:password@api.openai.com/v1",
            "https://api.openai.com\\@elsewhere.example/v1",
            "https://api.openai.com/v1#part",
            "https://api.openai.com/v1?key=1",
            "https://api.openai.com:0/v1",
            "https://api.openai.com:port/v1",
            "https://api openai.com/v1",
            "https://[::1/v1",
        ] {
            let refused = settings(base_url).check().unwrap_err();
            assert_eq!(refused.setting(), "OPENAI_BASE_URL", "{base_url}");
        }
    }

    #[test]
    fn local_servers_are_reached_over_http() {
        for base_url in [
            "http://127.0.0.1:8080/v1",
            "http://[::1]:11434/v1/",
            "http://localhost",
        ] {
            assert_eq!(
                settings(base_url).provider(),
                Ok(Provider::Compatible),
                "{base_url}"
            );
        }
    }

    #[test]
    fn openai_is_known_by_its_host_alone() {
        for (base_url, provider) in [
            ("https://api.openai.com/v1", Provider::OpenAi),
            ("https://API.OpenAI.com:443/v1", Provider::OpenAi),
            ("https://eu.api.openai.com/v1", Provider::OpenAi),
            ("https://api.openai.com.example/v1", Provider::Compatible),
            ("https://notapi.openai.com/v1", Provider::Compatible),
            (
                "https://gateway.example/api.openai.com/v1",
                Provider::Compatible,
            ),
        ] {
            assert_eq!(settings(base_url).provider(), Ok(provider), "{base_url}");
        }
    }

    #[test]
    fn the_path_is_appended_once() {
        for base_url in [
            "http://127.0.0.1:8080/v1",
            "http://127.0.0.1:8080/v1//",
            "http://127.0.0.1:8080/v1/chat/completions",
            " http://127.0.0.1:8080/v1/chat/completions/ ",
        ] {
            assert_eq!(
                settings(base_url).endpoint("/chat/completions").unwrap(),
                "http://127.0.0.1:8080/v1/chat/completions"
            );
        }
    }

    #[test]
    fn a_key_loses_its_line_end_and_must_be_sendable() {
        let sent = settings("http://localhost/v1")
            .authorization()
            .unwrap()
            .unwrap();
        assert_eq!(sent.as_str(), "Bearer sk-hidden");
        let mut broken = settings("http://localhost/v1");
        broken.api_key = Some(Secret::new("sk\r\nhost: elsewhere".to_owned()));
        assert_eq!(broken.check().unwrap_err().setting(), "OPENAI_API_KEY");
    }

    #[test]
    fn openai_without_a_key_is_a_mistake_and_a_local_server_without_one_is_not() {
        let mut keyless = settings("https://api.openai.com/v1");
        keyless.api_key = Some(Secret::new(" ".to_owned()));
        assert_eq!(keyless.check().unwrap_err().setting(), "OPENAI_API_KEY");
        keyless.base_url = "http://127.0.0.1:8080/v1".to_owned();
        assert_eq!(keyless.check(), Ok(()));
    }

    #[test]
    fn a_missing_setting_becomes_a_dead_letter_that_names_it() {
        let failure = Failure::from(Misconfigured::MODEL);
        assert_eq!(failure.code, ErrorCode::ProviderMisconfigured);
        assert_eq!(failure.action, Action::DeadLetter);
        assert!(failure.message.contains("OPENAI_MODEL"));
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", settings("http://localhost/v1")).contains("hidden"));
    }
}
