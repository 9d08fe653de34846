//! Page cursors: where the next page of a list begins, opaque to the client.
//!
//! A cursor is bound to its tenant and to the filter of its list by a short hash, so that a cursor
//! taken from elsewhere is refused and does not silently skip rows. The hash is no protection and
//! needs no key: a client that forges a cursor only chooses where in its own list to go on, because
//! every statement filters by tenant.

use crate::ids::{Id, TenantId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const VERSION: u8 = 1;
/// Keeps these hashes apart from any other the project makes.
const DOMAIN: &[u8] = b"redrive cursor 1\0";
const UUID_BYTES: usize = 16;
const TAG_BYTES: usize = 8;
const BYTES: usize = 1 + UUID_BYTES + TAG_BYTES;

/// The text is no cursor of this list: it is garbled, or was given for another list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the cursor of the page before, of the same list with the same filters")]
pub struct InvalidCursor;

/// The end of a page of what ids of one kind name; the next page holds what comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor<I> {
    last: I,
}

impl<I: Id> Cursor<I> {
    /// The cursor of a page that ends with `last`.
    #[must_use]
    pub const fn after(last: I) -> Self {
        Self { last }
    }

    /// The last entry of the page before.
    #[must_use]
    pub fn into_last(self) -> I {
        self.last
    }

    /// The cursor as text of 34 characters that need no escaping in a URL. `filter` spells out
    /// everything that decides what the list
    /// holds, and of which kind that is, always in the same way.
    #[must_use]
    pub fn encode(&self, tenant: &TenantId, filter: &str) -> String {
        let digits = self
            .last
            .text()
            .strip_prefix(I::prefix())
            .unwrap_or_default();
        // The digits of an id are a UUID; the nil one would make a cursor that is refused.
        let uuid = Uuid::try_parse(digits).unwrap_or_default().into_bytes();
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&uuid);
        bytes.extend(binding(tenant, filter, &uuid).iter().take(TAG_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor that [`Self::encode`] made for the same tenant and filter.
    ///
    /// # Errors
    /// [`InvalidCursor`]: answer 422; the client begins again at the first page.
    pub fn decode(text: &str, tenant: &TenantId, filter: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).or(Err(InvalidCursor))?;
        let (version, rest) = bytes.split_first().ok_or(InvalidCursor)?;
        let (uuid, presented) = rest
            .split_first_chunk::<UUID_BYTES>()
            .ok_or(InvalidCursor)?;
        let bound = binding(tenant, filter, uuid).get(..TAG_BYTES) == Some(presented);
        if *version != VERSION || !bound {
            return Err(InvalidCursor);
        }
        let id = format!("{}{}", I::prefix(), Uuid::from_bytes(*uuid).simple());
        id.parse().map(Self::after).or(Err(InvalidCursor))
    }
}

/// Binds an id to its tenant and filter; a cursor carries the first 8 bytes of it. The parts cannot
/// run into each other: a tenant id holds no NUL, a UUID has 16 bytes, and the filter is last.
fn binding(tenant: &TenantId, filter: &str, uuid: &[u8; UUID_BYTES]) -> [u8; 32] {
    Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(tenant.as_str())
        .chain_update([0])
        .chain_update(uuid)
        .chain_update(filter)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::entropy::Entropy;
    use crate::ids::JobId;
    use proptest::prelude::*;

    struct Bytes([u8; 10]);
    impl Entropy for Bytes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0[..bytes.len()]);
        }
    }

    fn job(millis: i64, random: [u8; 10]) -> JobId {
        JobId::new(Instant::from_millis(millis), &Bytes(random))
    }

    fn decode(text: &str, tenant: &TenantId, filter: &str) -> Result<Cursor<JobId>, InvalidCursor> {
        Cursor::decode(text, tenant, filter)
    }

    fn tenant(byte: u8) -> TenantId {
        TenantId::new(Instant::from_millis(1_000), &Bytes([byte; 10]))
    }

    #[test]
    fn a_cursor_has_a_stable_text() {
        let cursor = Cursor::after(job(1_795_258_517_372, [7; 10]));
        let text = cursor.encode(&tenant(1), "status=queued");
        assert_eq!(text, "AQGh_b8HfHcHhwcHBwcHBwdKJovMJFAZuQ");
        assert_eq!(decode(&text, &tenant(1), "status=queued"), Ok(cursor));
    }

    #[test]
    fn a_cursor_of_another_tenant_or_filter_is_refused() {
        let text = Cursor::after(job(1_000, [7; 10])).encode(&tenant(1), "status=queued");
        assert!(decode(&text, &tenant(1), "status=queued").is_ok());
        assert_eq!(
            decode(&text, &tenant(2), "status=queued"),
            Err(InvalidCursor)
        );
        for filter in ["", "status=failed", "status=queued ", "status=queue"] {
            assert_eq!(decode(&text, &tenant(1), filter), Err(InvalidCursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let text = Cursor::after(job(1_000, [7; 10])).encode(&tenant(1), "");
        for refused in [
            "",
            "job_0192f0c1000070008000000000000000",
            &text[..33],
            &format!("{text}A"),
            &format!("{text}="),
            &format!(" {}", &text[1..]),
            &"é".repeat(17),
            &"A".repeat(34),
        ] {
            assert_eq!(
                decode(refused, &tenant(1), ""),
                Err(InvalidCursor),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_cursor_with_bytes_missing_or_added_is_refused() {
        let text = Cursor::after(job(1_000, [7; 10])).encode(&tenant(1), "");
        let mut bytes = URL_SAFE_NO_PAD.decode(text).expect("it is base64url");
        bytes.push(0);
        for length in (0..=BYTES + 1).filter(|length| *length != BYTES) {
            let other = URL_SAFE_NO_PAD.encode(&bytes[..length]);
            assert_eq!(
                decode(&other, &tenant(1), ""),
                Err(InvalidCursor),
                "{length}"
            );
        }
    }

    #[test]
    fn a_cursor_names_a_uuid_of_version_7_only() {
        let uuid = [0_u8; UUID_BYTES];
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&uuid);
        bytes.extend_from_slice(&binding(&tenant(1), "", &uuid)[..TAG_BYTES]);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(decode(&text, &tenant(1), ""), Err(InvalidCursor));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn a_cursor_is_read_back(
            millis in 0_i64..=253_402_300_799_999,
            random: [u8; 10],
            filter: String,
        ) {
            let cursor = Cursor::after(job(millis, random));
            let text = cursor.encode(&tenant(1), &filter);
            let safe_in_a_url = text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            prop_assert!(safe_in_a_url);
            prop_assert_eq!(decode(&text, &tenant(1), &filter), Ok(cursor));
        }

        #[test]
        fn a_cursor_with_one_changed_character_is_refused(
            random: [u8; 10],
            place in 0_usize..34,
            other in "[ -~]",
        ) {
            let text = Cursor::after(job(1_000, random)).encode(&tenant(1), "");
            let mut changed = text.clone();
            changed.replace_range(place..=place, &other);
            prop_assume!(changed != text);
            prop_assert_eq!(decode(&changed, &tenant(1), ""), Err(InvalidCursor));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC{0,40}") {
            prop_assert_eq!(decode(&text, &tenant(1), ""), Err(InvalidCursor));
        }
    }
}
