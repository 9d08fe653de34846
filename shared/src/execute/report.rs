//! What a client reads about its test cases.

use super::runs::{LimitReached, cut};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The lengths to which outputs are cut, one after the other, until the report fits.
const CUTS: [usize; 6] = [16_384, 4_096, 1_024, 256, 64, 0];

/// What became of the test cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestReport {
    /// One entry a case, in their order.
    pub cases: Vec<TestCaseReport>,
    /// How many cases there are.
    pub total: usize,
    /// How many gave what was expected.
    pub passed: usize,
    /// How many did not, those that were not run among them.
    pub failed: usize,
}

/// What became of one test case.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one verdict, and each output may be cut by itself"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestCaseReport {
    /// Its name, or `case` and its number from 1.
    pub name: String,
    /// Whether it gave what was expected.
    pub passed: bool,
    /// What was expected.
    pub expected: Value,
    /// What the function returned, or the program printed: read as JSON where something else than
    /// text was expected, and as text where that fails. `null` when there is nothing.
    pub actual: Value,
    /// Whether it is left out, because the report would be too large.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub actual_truncated: bool,
    /// What was written to standard output.
    pub stdout: String,
    /// Whether that is only the beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stdout_truncated: bool,
    /// What was written to standard error; absent when nothing was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// Whether that is only the beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stderr_truncated: bool,
    /// Why there is nothing to compare; absent when there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The limit that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<LimitReached>,
}

impl TestReport {
    /// A report of these cases.
    pub(super) fn of(cases: Vec<TestCaseReport>) -> Self {
        let passed = cases.iter().filter(|case| case.passed).count();
        Self {
            total: cases.len(),
            passed,
            failed: cases.len() - passed,
            cases,
        }
    }

    /// Whether anything of it was cut.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cases
            .iter()
            .any(|case| case.actual_truncated || case.stdout_truncated || case.stderr_truncated)
    }

    /// The same in at most so many bytes of JSON, as far as cutting what the program gave helps:
    /// names and expectations stay. Everything is cut to the same length, and marked.
    #[must_use]
    pub fn within(mut self, bytes: usize) -> Self {
        for length in CUTS {
            if json_bytes(&self) <= bytes {
                break;
            }
            for case in &mut self.cases {
                case.cut(length);
            }
        }
        self
    }
}

impl TestCaseReport {
    fn cut(&mut self, length: usize) {
        for (text, is_cut) in [
            (&mut self.stdout, &mut self.stdout_truncated),
            (&mut self.stderr, &mut self.stderr_truncated),
        ] {
            let (kept, cut_now) = cut(text, length);
            *is_cut |= cut_now;
            text.truncate(kept.len());
        }
        // What stands for nothing is as short as it gets.
        if !self.actual.is_null() && json_bytes(&self.actual) > length {
            self.actual = Value::Null;
            self.actual_truncated = true;
        }
    }
}

/// How long the JSON of something is.
fn json_bytes(value: &impl Serialize) -> usize {
    // Text, numbers and lists always have a JSON form.
    serde_json::to_string(value).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn case(stdout: &str, actual: Value) -> TestCaseReport {
        TestCaseReport {
            name: "case 1".to_owned(),
            passed: true,
            expected: json!("kept"),
            actual,
            actual_truncated: false,
            stdout: stdout.to_owned(),
            stdout_truncated: false,
            stderr: String::new(),
            stderr_truncated: false,
            error: None,
            duration_ms: 1,
            limit: None,
        }
    }

    #[test]
    fn a_report_that_fits_is_left_alone() {
        let report = TestReport::of(vec![case("ä", json!([1]))]);
        assert_eq!(report.clone().within(10_000), report);
        assert!(!report.is_cut());
    }

    #[test]
    fn a_report_that_does_not_fit_is_cut_evenly_and_marked() {
        // Control characters take six bytes each as JSON.
        let large = "\u{1}".repeat(65_536);
        let cases = vec![case(&large, json!(large)), case("short", json!(4))];
        let report = TestReport::of(cases).within(100_000);
        assert!(json_bytes(&report) <= 100_000);
        assert!(report.is_cut());
        let (first, second) = (&report.cases[0], &report.cases[1]);
        assert!(first.stdout_truncated && first.stdout.len() >= 1_024);
        assert!(first.actual_truncated && first.actual.is_null());
        assert!(first.passed, "what was compared stays compared");
        assert_eq!(*second, case("short", json!(4)));
        assert_eq!((report.total, report.passed, report.failed), (2, 2, 0));
    }
}
