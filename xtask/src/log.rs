//! What the Workers print, made readable.
//!
//! A Worker logs one JSON object a line; `wrangler` puts the Worker's name before it and adds
//! lines of its own.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The last lines of a file, for an error message.
pub(crate) fn tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let all: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let skipped = all.len().saturating_sub(lines);
    all.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

/// Follows a growing file line by line.
#[derive(Debug)]
pub(crate) struct Follower {
    file: File,
    /// What came after the last line break.
    rest: Vec<u8>,
}

impl Follower {
    /// Starts at the file's end.
    pub(crate) fn at_end_of(path: &Path) -> Result<Self> {
        let mut file =
            File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self {
            file,
            rest: Vec::new(),
        })
    }

    /// The complete lines that were written since the last call.
    pub(crate) fn lines(&mut self) -> Result<Vec<String>> {
        self.file.read_to_end(&mut self.rest)?;
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Vec::new());
        };
        let rest = self.rest.split_off(end.saturating_add(1));
        let complete = std::mem::replace(&mut self.rest, rest);
        Ok(String::from_utf8_lossy(&complete)
            .lines()
            .map(str::to_owned)
            .collect())
    }
}

/// One line of the log as a person wants to read it; `None` for lines that say nothing.
pub(crate) fn readable(line: &str) -> Option<String> {
    let line = line.trim_end();
    if line.is_empty() || line.contains("/__local/") {
        return None;
    }
    if let Some(request) = line.strip_prefix("[wrangler:info] ") {
        return Some(format!("http      {request}"));
    }
    let (worker, said) = line
        .strip_prefix("[redrive-")
        .and_then(|rest| rest.split_once("] "))?;
    let Ok(Value::Object(event)) = serde_json::from_str(said) else {
        return Some(format!("{worker:9} {said}"));
    };
    let fields: Vec<String> = event
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => format!("{name}={value}"),
        })
        .collect();
    Some(format!("{worker:9} {}", fields.join(" ")))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn follower_gives_complete_lines_once() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        writeln!(written, "before").unwrap();
        let mut follower = Follower::at_end_of(written.path()).unwrap();
        write!(written, "one\ntw").unwrap();
        assert_eq!(follower.lines().unwrap(), ["one"]);
        writeln!(written, "o").unwrap();
        assert_eq!(follower.lines().unwrap(), ["two"]);
        assert!(follower.lines().unwrap().is_empty());
    }

    #[test]
    fn json_events_become_fields_and_own_traffic_is_left_out() {
        assert_eq!(
            readable(r#"[redrive-consumer] {"event":"job_succeeded","attempt":1}"#).unwrap(),
            "consumer  attempt=1 event=job_succeeded"
        );
        assert_eq!(
            readable("[wrangler:info] POST /__local/cron 200 OK (6ms)"),
            None
        );
        assert_eq!(
            readable("[wrangler:info] GET /api/health 200 OK (6ms)").unwrap(),
            "http      GET /api/health 200 OK (6ms)"
        );
    }

    #[test]
    fn tail_is_the_last_lines_that_say_something() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        write!(written, "a\nb\n\nc\n").unwrap();
        assert_eq!(tail(written.path(), 2), "b\nc");
    }
}
