//! API keys: `rd_live_`, 32 random base62 characters, and a checksum of 6.
//!
//! 32 characters are 190 bits, so a fast keyed hash is enough to store them. The checksum lets us,
//! and those who scan for leaked keys, tell a key from a typing error without asking the database.

use super::secret::{KeyHashSecret, Secret};
use crate::entropy::Entropy;
use crate::hex::hex;
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use hmac::Mac;

const PREFIX: &str = "rd_live_";
const RANDOM_CHARACTERS: usize = 32;
const BODY_LENGTH: usize = PREFIX.len() + RANDOM_CHARACTERS;
const CHECKSUM_CHARACTERS: u32 = 6;
const START_LENGTH: usize = PREFIX.len() + 4;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The checksum of zip files and Ethernet. It notices every change of one character. A key has 40
/// bytes to sum, so the table of the faster variants is left out of the Worker.
const CHECKSUM: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// The text is not a well-formed API key. It says no more: the answer is the same as for a key
/// that nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed API key")]
pub struct MalformedKey;

/// A well-formed API key; whether it is known, the database says.
#[derive(Clone, Debug)]
pub struct ApiKey(Secret);

impl ApiKey {
    /// A new key. It draws until it has enough bytes that map evenly to characters.
    #[must_use]
    pub fn generate(entropy: &impl Entropy) -> Self {
        let mut text = String::with_capacity(BODY_LENGTH + 6);
        text.push_str(PREFIX);
        let mut random = [0_u8; RANDOM_CHARACTERS];
        while text.len() < BODY_LENGTH {
            entropy.fill(&mut random);
            let missing = BODY_LENGTH - text.len();
            text.extend(
                random
                    .iter()
                    .filter_map(|byte| even_character(*byte))
                    .take(missing),
            );
        }
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(Secret::new(text))
    }

    /// Reads a key that a client presents.
    ///
    /// # Errors
    /// [`MalformedKey`] when prefix, length, alphabet or checksum are wrong; answer as for an
    /// unknown key.
    pub fn parse(text: &str) -> Result<Self, MalformedKey> {
        let (body, presented) = text.split_at_checked(BODY_LENGTH).ok_or(MalformedKey)?;
        let random = body.strip_prefix(PREFIX).ok_or(MalformedKey)?;
        let well_formed =
            random.bytes().all(|byte| byte.is_ascii_alphanumeric()) && presented == checksum(body);
        if well_formed {
            Ok(Self(Secret::new(text.to_owned())))
        } else {
            Err(MalformedKey)
        }
    }

    /// The whole key, shown once: in the answer that creates it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The beginning of the key, by which people recognise it in a list. The 28 random characters
    /// left out are 166 bits.
    #[must_use]
    pub fn start(&self) -> &str {
        self.reveal().get(..START_LENGTH).unwrap_or_default()
    }

    /// The hash under which the key is stored and found.
    #[must_use]
    pub fn hash(&self, secret: &KeyHashSecret) -> KeyHash {
        let mut mac = secret.mac.clone();
        mac.update(self.reveal().as_bytes());
        KeyHash(hex(&mac.finalize().into_bytes()))
    }
}

/// HMAC-SHA-256 of a whole key under the deployment's secret, as 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(String);

impl KeyHash {
    /// The hash as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The character for a random byte. 256 is no multiple of 62: the last 8 values are refused,
/// because they would make the first 8 characters likelier than the others.
fn even_character(byte: u8) -> Option<char> {
    (byte < 248)
        .then_some(byte % 62)
        .and_then(|digit| character(digit.into()))
}

fn character(digit: u32) -> Option<char> {
    let index = usize::try_from(digit).ok()?;
    BASE62.get(index).map(|byte| char::from(*byte))
}

/// The checksum of `body` in base62, most significant digit first; 62^6 is more than 2^32.
fn checksum(body: &str) -> String {
    let sum = CHECKSUM.checksum(body.as_bytes());
    (0..CHECKSUM_CHARACTERS)
        .rev()
        .filter_map(|place| character(sum / 62_u32.pow(place) % 62))
        .collect()
}

#[cfg(test)]
mod tests;
