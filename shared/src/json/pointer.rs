//! JSON pointers (RFC 6901), made safe to send back: a segment that the client chose is cut short.

/// The most bytes of one key that a pointer repeats.
const SEGMENT_BYTES: usize = 64;

/// Appends `segment` to `pointer`, escaped. A segment longer than 64 bytes is cut at a character
/// and ends in `…`, so that a body of long keys cannot make a longer answer.
pub(super) fn push(pointer: &mut String, segment: &str) {
    let (kept, ellipsis) = if segment.len() <= SEGMENT_BYTES {
        (segment, "")
    } else {
        let end = segment.floor_char_boundary(SEGMENT_BYTES);
        (segment.get(..end).unwrap_or_default(), "…")
    };
    pointer.push('/');
    pointer.push_str(&kept.replace('~', "~0").replace('/', "~1"));
    pointer.push_str(ellipsis);
}

/// `pointer` with `segment` appended, like [`push`].
pub(crate) fn join(pointer: &str, segment: &str) -> String {
    let mut joined = pointer.to_owned();
    push(&mut joined, segment);
    joined
}

/// The way from an inner value to the outermost one, noted step by step while an error unwinds.
#[derive(Debug, Default)]
pub(super) struct Trail {
    innermost_first: Vec<String>,
}

impl Trail {
    /// Notes that what was noted so far lies in the field or at the index `segment`.
    pub(super) fn step_out(&mut self, segment: &str) {
        self.innermost_first.push(join("", segment));
    }

    pub(super) fn into_pointer(self) -> String {
        self.innermost_first.into_iter().rev().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_tilde_and_slash() {
        assert_eq!(join("/a", "b/c~d"), "/a/b~1c~0d");
        assert_eq!(join("", ""), "/");
    }

    #[test]
    fn a_long_segment_is_cut_at_a_character() {
        assert_eq!(join("", &"k".repeat(64)), format!("/{}", "k".repeat(64)));
        assert_eq!(join("", &"k".repeat(65)), format!("/{}…", "k".repeat(64)));
        assert_eq!(join("", &"€".repeat(30)), format!("/{}…", "€".repeat(21)));
    }

    #[test]
    fn a_trail_reads_from_the_outside_in() {
        let mut trail = Trail::default();
        trail.step_out("key");
        trail.step_out("3");
        trail.step_out("messages");
        assert_eq!(trail.into_pointer(), "/messages/3/key");
    }
}
