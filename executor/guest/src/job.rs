//! The job of one run.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What the host wants run. The program's standard input is file descriptor 0.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The program.
    pub source_code: String,
    /// The function to call once the program has run. `None` runs the program and no more.
    #[serde(default)]
    pub function_name: Option<String>,
    /// What the function is called with, each as the JSON text that was submitted: numbers keep all
    /// their digits, and `1.0` is not `1`.
    #[serde(default)]
    pub arguments: Vec<Box<RawValue>>,
    /// How many bytes the run may allocate, beside what the interpreter itself has.
    pub memory_bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_keep_their_digits() {
        let job = r#"{"sourceCode":"x","functionName":"f","arguments":[1.0,12345678901234567890,[1]],"memoryBytes":1}"#;
        let job: Job = serde_json::from_str(job).unwrap();
        let arguments: Vec<&str> = job.arguments.iter().map(|one| one.get()).collect();
        assert_eq!(arguments, ["1.0", "12345678901234567890", "[1]"]);
    }
}
