use anstyle::Style;
use serde_json::{Value, json};

use crate::console::{BAD, Console, GOOD, WARNING, painted, printable};
use crate::failure::{Failure, Outcome};

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    /// Works, but somebody should know.
    Odd,
    Bad,
}

#[derive(Debug)]
struct Finding {
    verdict: Verdict,
    check: String,
    found: String,
    /// What to do, of a check that is not good.
    advice: Option<String>,
}

/// What the checks found, in their order.
pub(super) struct Report<'c> {
    console: &'c Console,
    findings: Vec<Finding>,
}

impl<'c> Report<'c> {
    pub(super) const fn new(console: &'c Console) -> Self {
        Self {
            console,
            findings: Vec::new(),
        }
    }

    pub(super) fn good(&mut self, check: &str, found: &str) {
        self.add(Verdict::Good, check, found, None);
    }

    pub(super) fn odd(&mut self, check: &str, found: &str, advice: &str) {
        self.add(Verdict::Odd, check, found, Some(advice));
    }

    pub(super) fn bad(&mut self, check: &str, found: &str, advice: &str) {
        self.add(Verdict::Bad, check, found, Some(advice));
    }

    fn add(&mut self, verdict: Verdict, check: &str, found: &str, advice: Option<&str>) {
        self.findings.push(Finding {
            verdict,
            check: check.to_owned(),
            found: printable(found),
            advice: advice.map(printable),
        });
    }

    /// Prints every finding.
    pub(super) fn end(self) -> Result<Outcome, Failure> {
        let is_bad = |finding: &Finding| finding.verdict == Verdict::Bad;
        let outcome = if self.findings.iter().any(is_bad) {
            Outcome::Failed
        } else {
            Outcome::Done
        };
        if self.console.json {
            let checks: Vec<Value> = self.findings.iter().map(document).collect();
            let report = json!({"ok": outcome == Outcome::Done, "checks": checks});
            self.console.line(&report.to_string())?;
            return Ok(outcome);
        }
        let marks = Marks::of_locale(&locale());
        for finding in &self.findings {
            let (mark, style) = marks.mark(finding.verdict);
            let mark = painted(style, mark);
            self.console
                .line(&format!("{mark} {}: {}", finding.check, finding.found))?;
            if let Some(advice) = &finding.advice {
                self.console.line(&format!("    {advice}"))?;
            }
        }
        Ok(outcome)
    }
}

fn document(finding: &Finding) -> Value {
    json!({
        "check": finding.check,
        "verdict": match finding.verdict {
            Verdict::Good => "good",
            Verdict::Odd => "odd",
            Verdict::Bad => "bad",
        },
        "found": finding.found,
        "advice": finding.advice,
    })
}

/// The signs before the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marks {
    Unicode,
    Ascii,
}

impl Marks {
    /// By the locale, as POSIX names it; one that says nothing of UTF-8 gets ASCII.
    fn of_locale(locale: &str) -> Self {
        let locale = locale.to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    const fn mark(self, verdict: Verdict) -> (&'static str, Style) {
        match (self, verdict) {
            (Self::Unicode, Verdict::Good) => ("✓", GOOD),
            (Self::Ascii, Verdict::Good) => ("ok  ", GOOD),
            (_, Verdict::Odd) => ("!", WARNING),
            (Self::Unicode, Verdict::Bad) => ("✗", BAD),
            (Self::Ascii, Verdict::Bad) => ("FAIL", BAD),
        }
    }
}

/// What the terminal can show: Windows' can since long, others say.
fn locale() -> String {
    if cfg!(windows) {
        return "utf-8".to_owned();
    }
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_beyond_ascii_are_for_locales_that_have_them() {
        for (locale, marks) in [
            ("en_US.UTF-8", Marks::Unicode),
            ("C.utf8", Marks::Unicode),
            ("C", Marks::Ascii),
            ("de_DE.ISO-8859-1", Marks::Ascii),
            ("", Marks::Ascii),
        ] {
            assert_eq!(Marks::of_locale(locale), marks, "{locale}");
        }
    }
}
