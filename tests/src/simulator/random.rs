//! Numbers that look random and are not: the same input always gives the same output.

/// Mixes numbers into one, by the finalizer of `SplitMix64`.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |state, part| {
        let mut word = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    })
}

/// The FNV-1a digest of texts, each ended by a byte that no text contains.
pub(crate) fn digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    let step = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    texts
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |state, text| {
            step(text.bytes().fold(state, step), 0xff)
        })
}

/// Whether an event of this probability happens, as the high half of a mixed number decides.
pub(crate) fn happens(probability: f64, mixed: u64) -> bool {
    let [a, b, c, d, ..] = mixed.to_be_bytes();
    let draw = f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0);
    draw < probability
}

#[cfg(test)]
mod tests {
    use super::{digest, happens, mix};

    #[test]
    fn mixed_numbers_depend_on_every_part_and_its_place() {
        assert_eq!(mix(&[1, 2]), mix(&[1, 2]));
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(mix(&[1, 2]), mix(&[1, 3]));
    }

    #[test]
    fn digest_knows_where_one_text_ends() {
        assert_eq!(digest(["ab", "c"]), digest(["ab", "c"]));
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
    }

    #[test]
    fn event_happens_as_often_as_its_probability_says() {
        let happened = (0..10_000).filter(|i| happens(0.2, mix(&[7, *i]))).count();
        assert!((1_850..=2_150).contains(&happened), "{happened}");
    }

    #[test]
    fn certain_event_happens_and_impossible_event_does_not() {
        assert!(happens(1.0, u64::MAX));
        assert!(!happens(0.0, 0));
    }
}
