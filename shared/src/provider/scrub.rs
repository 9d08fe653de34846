//! Replies without the secrets of the calls that they answer.
//!
//! A provider may repeat what it got, such as the key in the message of an error. Where a provider's
//! words are kept, what looks like a key is redacted, but not every key looks like one. So the
//! secrets that were sent are taken out by their value, before anything else reads the reply.

use super::{
    ProviderReply, ProviderRequest, ProviderSettings, ReplyHeaders, Transport, TransportError,
};
use crate::configuration::HeaderSource;
use crate::provider::redact::REDACTED;
use std::time::Duration;

/// A shorter secret is left: it may well be a word of an answer, as the `ollama` that some servers
/// are given for a key.
const SHORTEST: usize = 16;

impl ProviderSettings {
    /// Sends `request`, and reads the reply without the secrets that the request carried.
    ///
    /// # Errors
    /// There is no whole reply.
    pub(crate) async fn send(
        &self,
        transport: &impl Transport,
        request: &ProviderRequest,
        timeout: Duration,
    ) -> Result<ProviderReply, TransportError> {
        let mut reply = transport.send(request, timeout).await?;
        self.scrub(&mut reply);
        Ok(reply)
    }

    fn scrub(&self, reply: &mut ProviderReply) {
        for secret in self.secrets() {
            reply.headers = std::mem::take(&mut reply.headers).without(secret);
            if let Some(body) = without(&reply.body, secret) {
                reply.body = body;
            }
        }
    }

    /// The key and the header fields that are secret: whole, and without a scheme in front.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let key = self.api_key.iter().map(super::Secret::reveal);
        let sources = &self.configuration.headers;
        let is_secret = |name: &str| matches!(sources.get(name), Some(HeaderSource::Secret(_)));
        let fields = self.headers.iter();
        let fields = fields.filter(move |(name, _)| is_secret(name));
        let parts = fields.flat_map(|(_, value)| {
            let whole = value.as_str();
            let bare = whole.split_once(' ').map(|(_scheme, bare)| bare);
            std::iter::once(whole).chain(bare)
        });
        key.chain(parts).filter(|secret| secret.len() >= SHORTEST)
    }
}

impl ReplyHeaders {
    fn without(self, secret: &str) -> Self {
        self.into_iter()
            .map(|(name, value)| (name, value.replace(secret, REDACTED)))
            .collect()
    }
}

/// The bytes with every `secret` replaced; `None` when there is none in them.
fn without(bytes: &[u8], secret: &str) -> Option<Vec<u8>> {
    let mut rest = bytes;
    let mut kept = Vec::new();
    while let Some(start) = find(rest, secret.as_bytes()) {
        let (before, after) = rest.split_at_checked(start)?;
        kept.extend_from_slice(before);
        kept.extend_from_slice(REDACTED.as_bytes());
        rest = after.get(secret.len()..)?;
    }
    (rest.len() < bytes.len()).then(|| {
        kept.extend_from_slice(rest);
        kept
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    // Most places are told apart by their first byte, without a comparison of slices.
    bytes
        .windows(wanted.len())
        .position(|window| window.first() == Some(first) && window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::ProviderConfiguration;
    use crate::provider::Provider;

    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const GATEWAY: &str = "Bearer gateway-token-0123456789";

    fn settings(key: &str) -> ProviderSettings {
        let mut one = ProviderConfiguration::new("a", Provider::OpenAi, "https://a");
        one.api_key_secret = Some("KEY".to_owned());
        let secret = HeaderSource::Secret("GATEWAY".to_owned());
        one.headers
            .insert("cf-aig-authorization".to_owned(), secret);
        let text = HeaderSource::Text("an-organization-of-ours".to_owned());
        one.headers.insert("openai-organization".to_owned(), text);
        let secret = |name: &str| Some(if name == "KEY" { key } else { GATEWAY }.to_owned());
        ProviderSettings::new(one, secret).unwrap()
    }

    fn scrubbed(key: &str, said: &str) -> ProviderReply {
        let mut reply = ProviderReply {
            status: 401,
            headers: ReplyHeaders::from_iter([("x-request-id", said)]),
            body: said.as_bytes().to_vec(),
        };
        settings(key).scrub(&mut reply);
        reply
    }

    #[test]
    fn secrets_of_the_call_are_in_neither_the_body_nor_the_header_fields() {
        for (said, left) in [
            (KEY.to_owned(), "[redacted]"),
            (format!("{KEY}, {KEY}"), "[redacted], [redacted]"),
            (format!("x{KEY}x"), "x[redacted]x"),
            (format!("sent: {GATEWAY}"), "sent: [redacted]"),
            ("gateway-token-0123456789".to_owned(), "[redacted]"),
            (
                "an-organization-of-ours".to_owned(),
                "an-organization-of-ours",
            ),
            (KEY[1..].to_owned(), &KEY[1..]),
            (String::new(), ""),
        ] {
            let reply = scrubbed(KEY, &said);
            assert_eq!(String::from_utf8(reply.body).unwrap(), left, "{said}");
            assert_eq!(reply.headers.get("x-request-id"), Some(left), "{said}");
        }
    }

    #[test]
    fn short_key_that_may_be_a_word_is_left_in_answers() {
        let reply = scrubbed("ollama", "Run ollama serve.");
        assert_eq!(reply.body, b"Run ollama serve.");
    }
}
