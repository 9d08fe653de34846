//! From our names for the parts of a request back to the vendor's.

/// JSON pointers into our request, each with the one that it stands for in the vendor's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// The more special ones first.
    pairs: Vec<(String, String)>,
}

impl Names {
    /// Notes that everything below `ours` comes from `theirs`.
    pub(super) fn add(&mut self, ours: impl Into<String>, theirs: impl Into<String>) {
        self.pairs.push((ours.into(), theirs.into()));
        self.pairs
            .sort_by_key(|(ours, _)| std::cmp::Reverse(ours.len()));
    }

    /// The vendor's pointer for one of ours; what has no other name keeps it.
    pub(super) fn theirs(&self, pointer: &str) -> String {
        for (ours, theirs) in &self.pairs {
            if let Some(below) = pointer.strip_prefix(ours.as_str())
                && (below.is_empty() || below.starts_with('/'))
            {
                return format!("{theirs}{below}");
            }
        }
        pointer.to_owned()
    }
}

/// A JSON pointer as the vendor writes it: `/messages/0/content` is `messages[0].content`.
#[must_use]
pub fn path(pointer: &str) -> String {
    let mut path = String::new();
    for segment in pointer.split('/').skip(1) {
        if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push('[');
            path.push_str(segment);
            path.push(']');
            continue;
        }
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&segment.replace("~1", "/").replace("~0", "~"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_written_as_the_vendor_writes_paths() {
        assert_eq!(
            path("/messages/0/content/1/text"),
            "messages[0].content[1].text"
        );
        assert_eq!(path("/metadata/a~1b~0c"), "metadata.a/b~c");
        assert_eq!(path(""), "");
    }

    #[test]
    fn the_most_special_name_wins_and_names_end_at_a_slash() {
        let mut names = Names::default();
        names.add("/responseFormat", "/response_format");
        names.add(
            "/responseFormat/schema",
            "/response_format/json_schema/schema",
        );
        names.add("/max", "/wrong");
        for (ours, theirs) in [
            ("/responseFormat", "/response_format"),
            ("/responseFormat/type", "/response_format/type"),
            (
                "/responseFormat/schema/type",
                "/response_format/json_schema/schema/type",
            ),
            ("/maxTokens", "/maxTokens"),
        ] {
            assert_eq!(names.theirs(ours), theirs);
        }
    }
}
