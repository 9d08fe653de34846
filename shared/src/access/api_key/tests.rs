use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Bytes that look random and depend on the seed alone.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // Knuth's MMIX generator; its high bits are the good ones.
            let next = self
                .0
                .load(Ordering::Relaxed)
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            self.0.store(next, Ordering::Relaxed);
            *byte = next.to_be_bytes()[0];
        }
    }
}

/// Bytes that count down, so that from 255 on the first eight must be refused.
struct Countdown(AtomicU8);

impl Entropy for Countdown {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn key(seed: u64) -> ApiKey {
    ApiKey::generate(&Seeded(AtomicU64::new(seed)))
}

fn secret(text: &str) -> KeyHashSecret {
    KeyHashSecret::new(text).expect("it is long enough")
}

#[test]
fn a_key_has_its_documented_form() {
    let key = key(1);
    let text = key.reveal();
    assert_eq!(text.len(), 46);
    assert!(text.starts_with("rd_live_"));
    assert!(text[8..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(key.start(), &text[..12]);
}

#[test]
fn the_checksum_is_the_crc_32_of_zip_files_in_base62() {
    // CRC-32 of "123456789" is the check value of its specification, 0xCBF43926.
    assert_eq!(CHECKSUM.checksum(b"123456789"), 3_421_780_262);
    // 3,421,780,262 = ((((3·62 + 45)·62 + 35)·62 + 27)·62 + 22)·62 + 14.
    assert_eq!(checksum("123456789"), "3jZRME");
    assert_eq!(checksum(""), "000000");
}

#[test]
fn bytes_that_would_favour_some_characters_are_refused() {
    let mut counts = BTreeMap::new();
    for byte in 0..=255 {
        *counts.entry(even_character(byte)).or_insert(0) += 1;
    }
    assert_eq!(counts.remove(&None), Some(8));
    assert_eq!(counts.len(), 62);
    assert!(counts.values().all(|count| *count == 4));

    let generated = ApiKey::generate(&Countdown(AtomicU8::new(255)));
    let first = even_character(247).expect("247 is taken");
    assert!(generated.reveal()[8..].starts_with(first));
    assert!(ApiKey::parse(generated.reveal()).is_ok());
}

#[test]
fn what_is_not_a_key_is_refused() {
    let text = key(2).reveal().to_owned();
    let other_prefix = text.replace("live", "test");
    let with_checksum = |body: &str| format!("{body}{}", checksum(body));
    for refused in [
        "",
        "rd_live_",
        &text[..45],
        &format!("{text}0"),
        &format!(" {text}"),
        &format!("{text}\n"),
        &text.to_uppercase(),
        &other_prefix,
        &with_checksum(&other_prefix[..40]),
        &with_checksum(&format!("rd_live_{}", "-".repeat(32))),
        &with_checksum(&format!("rd_live_{}", "é".repeat(16))),
        &with_checksum(&format!("rd_live_{}", "a".repeat(31))),
        &with_checksum(&format!("rd_live_{}", "a".repeat(33))),
        &"é".repeat(23),
    ] {
        assert!(ApiKey::parse(refused).is_err(), "{refused:?}");
    }
}

#[test]
fn a_key_is_not_shown_by_debug() {
    assert_eq!(format!("{:?}", key(3)), "ApiKey([redacted])");
}

#[test]
fn the_hash_is_hmac_sha_256_of_the_whole_key() {
    let known = ApiKey(Secret::new("what do ya want for nothing?".to_owned()));
    let pepper = "0123456789abcdef0123456789abcdef";
    // printf '%s' 'what do ya want for nothing?' | openssl dgst -sha256 -hmac "$pepper"
    assert_eq!(
        known.hash(&secret(pepper)).as_str(),
        "137e6557c3c13a1ca5dc7e52a389a0f86be8cb4db4ae61c62396058b00acacd0"
    );
    let other_pepper = "1123456789abcdef0123456789abcdef";
    assert_ne!(
        known.hash(&secret(pepper)),
        known.hash(&secret(other_pepper))
    );
    assert_ne!(key(4).hash(&secret(pepper)), key(5).hash(&secret(pepper)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_generated_key_is_read_back(seed: u64) {
        let generated = key(seed);
        let read = ApiKey::parse(generated.reveal());
        prop_assert_eq!(read.map(|key| key.reveal().to_owned()), Ok(generated.reveal().to_owned()));
    }

    #[test]
    fn one_changed_character_anywhere_is_refused(seed: u64, place in 0_usize..46, other in "[ -~]") {
        let generated = key(seed);
        let mut changed = generated.reveal().to_owned();
        changed.replace_range(place..=place, &other);
        prop_assume!(changed != generated.reveal());
        prop_assert!(ApiKey::parse(&changed).is_err());
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "(rd_live_)?\\PC{0,50}") {
        if let Ok(key) = ApiKey::parse(&text) {
            prop_assert_eq!(key.reveal(), text);
        }
    }
}
