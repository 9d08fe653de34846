//! What an executor says about the runs of a program, in one form whoever ran it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The most bytes of standard output, of standard error and of a value that are kept, each.
pub const OUTPUT_BYTES: usize = 65_536;

/// The runs of a program, in the order of what they were given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Runs {
    /// Those that took place.
    pub runs: Vec<ProgramRun>,
    /// How many of the last were not begun, because the time for all was used up.
    #[serde(default)]
    pub not_run: usize,
}

/// What one run of a program came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgramRun {
    /// What it wrote to its standard output, at most 64 KiB.
    pub stdout: String,
    /// Whether more was written there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdout_truncated: bool,
    /// What it wrote to its standard error, at most 64 KiB; an uncaught error is told there.
    pub stderr: String,
    /// Whether more was written there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stderr_truncated: bool,
    /// 0 when all went well, 1 after an uncaught error, and what the program gave otherwise; 128
    /// and the number of the signal when it was ended from outside, as 137 by a limit.
    pub exit_code: i64,
    /// What the function returned, or the value of the program's last expression, where JSON can
    /// say it.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Value)]
    pub value: Option<Value>,
    /// Whether there was a value of more than 64 KiB as JSON, or nested deeper than 64 levels, which
    /// is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub value_truncated: bool,
    /// How long it took, in milliseconds.
    #[serde(default)]
    #[schema(required)]
    pub duration_ms: u64,
    /// The limit that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<LimitReached>,
}

/// A limit that ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitReached {
    /// It ran too long.
    Time,
    /// It wanted more memory than it may have.
    Memory,
    /// Its calls were nested too deep.
    Recursion,
    /// It wrote more than the remote executor takes.
    Output,
}

impl LimitReached {
    /// What the run did, as the end of a sentence.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Time => "ran out of time",
            Self::Memory => "ran out of memory",
            Self::Recursion => "called itself too deep",
            Self::Output => "wrote more than is allowed",
        }
    }
}

/// A field that is there, be it `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl ProgramRun {
    /// Whether anything of it was cut.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.stdout_truncated || self.stderr_truncated || self.value_truncated
    }
}

/// The beginning of a text, at most so many bytes, and whether that is less than all.
pub(crate) fn cut(text: &str, bytes: usize) -> (&str, bool) {
    if text.len() <= bytes {
        return (text, false);
    }
    let end = text.floor_char_boundary(bytes);
    (text.get(..end).unwrap_or_default(), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_executor_says_is_read_and_written_alike() {
        let said = json!({
            "runs": [
                {"stdout": "4\n", "stderr": "", "exitCode": 0, "value": null, "durationMs": 3},
                {"stdout": "x", "stdoutTruncated": true, "stderr": "e", "stderrTruncated": true,
                 "exitCode": 137, "valueTruncated": true, "durationMs": 9, "limit": "time"}
            ],
            "notRun": 2
        });
        let runs = Runs::deserialize(&said).expect("it is right");
        assert_eq!(runs.runs[0].value, Some(Value::Null), "null is a value");
        assert_eq!(runs.runs[1].value, None);
        assert_eq!(runs.runs[1].limit, Some(LimitReached::Time));
        assert_eq!(runs.not_run, 2);
        assert_eq!(serde_json::to_value(&runs).ok(), Some(said));
    }

    #[test]
    fn text_is_cut_at_a_character() {
        assert_eq!(cut("häuser", 2), ("h", true));
        assert_eq!(cut("häuser", 7), ("häuser", false));
        assert_eq!(cut("", 0), ("", false));
    }
}
