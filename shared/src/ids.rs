//! Identifiers: a prefix that says what is named, then a UUID version 7 as 32 lower-case hex digits.
//!
//! Version 7 begins with the instant of creation in milliseconds, so ids of one kind sort by age
//! and a page of jobs, newest first, is a range of the primary key.

mod batch;
mod replay;

pub use batch::BATCH_JOBS;

use crate::clock::Instant;
use crate::entropy::Entropy;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::{Builder, Uuid, Version};

/// The text is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `{prefix}` followed by 32 lower-case hexadecimal digits of a UUID version 7")]
pub struct InvalidId {
    prefix: &'static str,
}

fn mint(prefix: &str, now: Instant, entropy: &impl Entropy) -> String {
    let mut random = [0_u8; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    let uuid = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    format!("{prefix}{}", uuid.simple())
}

fn is_valid(prefix: &str, text: &str) -> bool {
    let Some(digits) = text.strip_prefix(prefix) else {
        return false;
    };
    let canonical = digits.len() == 32
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    canonical
        && Uuid::try_parse(digits).is_ok_and(|uuid| uuid.get_version() == Some(Version::SortRand))
}

/// An id, of whatever kind.
pub trait Id: Clone + FromStr<Err = InvalidId> {
    /// What every id of the kind begins with.
    fn prefix() -> &'static str;

    /// The id as text.
    fn text(&self) -> &str;
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, made at `now`.
            #[must_use]
            pub fn new(now: Instant, entropy: &impl Entropy) -> Self {
                Self(mint(Self::PREFIX, now, entropy))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Id for $name {
            fn prefix() -> &'static str {
                Self::PREFIX
            }

            fn text(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                if is_valid(Self::PREFIX, &text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { prefix: Self::PREFIX })
                }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names a job.
    JobId,
    "job_"
);
id!(
    /// Names a tenant: whoever owns jobs and keys.
    TenantId,
    "ten_"
);
id!(
    /// Names one delivery of messages, so that it knows the jobs it claimed.
    DeliveryId,
    "dlv_"
);
id!(
    /// Names an entry of the audit log.
    AuditId,
    "aud_"
);
id!(
    /// Names an API key. It is not the key: it may be shown and logged.
    KeyId,
    "key_"
);
id!(
    /// Names a batch: many jobs submitted as one.
    BatchId,
    "bat_"
);
id!(
    /// Names a file that was uploaded or made.
    FileId,
    "file-"
);
id!(
    /// Names a replay of many dead letters.
    ReplayId,
    "rep_"
);
id!(
    /// Names one HTTP request, in `X-Request-Id` and in the log.
    RequestId,
    "req_"
);

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn ids_sort_by_the_instant_of_their_creation() {
        let early = JobId::new(Instant::from_millis(1_000), &Zeros);
        let late = JobId::new(Instant::from_millis(2_000), &Zeros);
        assert!(early < late);
        assert_eq!(early.as_str().parse::<JobId>(), Ok(early));
    }

    #[test]
    fn an_id_of_another_kind_or_shape_is_refused() {
        let tenant = TenantId::new(Instant::from_millis(1_000), &Zeros);
        for text in [
            tenant.as_str(),
            "",
            "job_",
            "job_0192F0C10000700080000000000000AA",
            "job_0192f0c1-0000-7000-8000-000000000000",
            "job_0192f0c1000040008000000000000000",
            "job_0192f0c1000070008000000000000000\0",
        ] {
            assert!(text.parse::<JobId>().is_err(), "{text:?}");
        }
    }
}
