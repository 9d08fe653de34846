//! Numbers that look random and follow from a seed (`SplitMix64`).

/// A series of numbers; the same seed gives the same series.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The series of `seed`.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let drawn = self.next() % u64::from(bound.max(1));
        u32::try_from(drawn).unwrap_or_default()
    }

    /// A number from 0 to 255.
    pub(crate) const fn byte(&mut self) -> u8 {
        let [byte, ..] = self.next().to_le_bytes();
        byte
    }

    /// Whether an event happens that happens `percent` times in a hundred.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, each as often as its weight says; `None` when no weight is above zero.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(u32, T)]) -> Option<T> {
        let total = choices.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.below(total);
        for (weight, choice) in choices {
            if drawn < *weight {
                return Some(*choice);
            }
            drawn -= weight;
        }
        None
    }

    /// One of `choices`, each as often as any other; `None` when there is none.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        nth(choices, self.below(u32::MAX)).copied()
    }
}

/// The item that an index names, whatever the index: the list goes round.
pub(crate) fn nth<T>(items: &[T], index: impl Into<u64>) -> Option<&T> {
    let length = u64::try_from(items.len())
        .ok()
        .filter(|length| *length > 0)?;
    let place = usize::try_from(index.into() % length).ok()?;
    items.get(place)
}
