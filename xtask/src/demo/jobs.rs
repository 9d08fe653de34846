//! The jobs of the demo: what is asked, and what is shown of the answers.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::pretty::pretty;
use crate::http::{self, Answer, Call};
use crate::steps::seconds;

/// How long a job may take: one provider call at its own deadline, and some.
const PATIENCE: Duration = Duration::from_secs(150);

/// The fields of a job's document that are shown of every job but the first, which is shown whole.
const SHOWN: [&str; 4] = ["kind", "status", "attempt", "result"];

/// Reads a line, and ends with an expression: its value comes back as well.
const PROGRAM: &str = "\
name = input()
print(f'Hello, {name}!')
sum(n * n for n in range(10))
";

/// Sorts numbers as if they were text, so that one of the cases below fails.
const MEDIAN: &str = "\
function median(numbers) {
  const sorted = [...numbers].sort();
  return sorted[Math.floor(sorted.length / 2)];
}
";

/// A job to be submitted.
pub(super) struct Job {
    /// The step's name.
    pub(super) name: &'static str,
    /// What the step does.
    pub(super) why: &'static str,
    path: &'static str,
    request: Value,
    /// Whether all of its document is shown.
    is_whole: bool,
}

/// One of each kind.
pub(super) fn all() -> [Job; 3] {
    [
        Job {
            name: "generate",
            why: "ask a model, and wait for what it says",
            path: "/api/v1/generate",
            request: json!({
                "prompt": "Name three uses of a dead-letter queue.",
                "maxTokens": 200,
            }),
            is_whole: true,
        },
        Job {
            name: "execute",
            why: "run a program in Python, and wait for what it prints",
            path: "/api/v1/execute",
            request: json!({"language": "python", "sourceCode": PROGRAM, "stdin": "Ada"}),
            is_whole: false,
        },
        Job {
            name: "execute/tests",
            why: "try a function in JavaScript, which is wrong for one of three cases",
            path: "/api/v1/execute/tests",
            request: json!({
                "language": "javascript",
                "userCode": MEDIAN,
                "functionName": "median",
                "testCases": [
                    {"name": "three", "input": [[3, 1, 2]], "expected": 2},
                    {"name": "fractions", "input": [[0.5, 0.1, 0.3]], "expected": 0.3},
                    {"name": "two digits", "input": [[10, 9, 1]], "expected": 9},
                ],
            }),
            is_whole: false,
        },
    ]
}

impl Job {
    /// Whether it can be run where only these languages are.
    pub(super) fn runs_in(&self, languages: &[String]) -> bool {
        let language = self.request.get("language").and_then(Value::as_str);
        language.is_none_or(|wanted| languages.iter().any(|language| language == wanted))
    }
}

/// Somebody with a key.
pub(super) struct Client {
    url: String,
    key: String,
}

impl Client {
    pub(super) fn new(url: String, key: String) -> Self {
        Self { url, key }
    }

    /// The languages that our own executors run.
    pub(super) fn languages_of_ours(&self) -> Result<Vec<String>> {
        let url = format!("{}/api/v1/languages", self.url);
        let listed = self.get(&url, &[])?.json(200)?;
        let listed = listed.get("data").and_then(Value::as_array);
        let ours = listed.context("the API lists no languages")?.iter();
        ours.filter(|language| {
            language
                .get("runner")
                .is_some_and(|runner| runner == "executor")
        })
        .map(|language| Ok(http::text(language, "language")?.to_owned()))
        .collect()
    }

    /// Submits a job, polls it until it has ended, and shows both.
    ///
    /// # Errors
    /// If the job is refused, or does not succeed.
    pub(super) fn run(&self, job: &Job) -> Result<()> {
        let url = format!("{}{}", self.url, job.path);
        println!(
            "\nPOST {url}\nauthorization: Bearer {}…",
            shortened(&self.key)
        );
        println!("{}\n", pretty(&job.request));
        let start = Instant::now();
        let answer = http::post(url, Some(&self.key), Some(&job.request))?;
        let submitted = start.elapsed();
        show(&answer, submitted, true);
        let status_url = http::text(&answer.json(202)?, "statusUrl")?.to_owned();

        let document = loop {
            println!("\nGET {status_url}\nprefer: wait=10\n");
            let asked = Instant::now();
            let answer = self.get(&status_url, &[("prefer", "wait=10")])?;
            show(&answer, asked.elapsed(), job.is_whole);
            let document = answer.json(200)?;
            if is_terminal(&document) {
                break document;
            }
            ensure!(start.elapsed() < PATIENCE, "the job took too long");
        };
        println!(
            "\nsubmitted in {}, finished {} after the request was sent\n",
            seconds_fine(submitted),
            seconds_fine(start.elapsed())
        );
        let status = http::text(&document, "status")?;
        ensure!(status == "succeeded", "the job ended as {status}");
        Ok(())
    }

    fn get(&self, url: &str, headers: &[(&'static str, &str)]) -> Result<Answer> {
        Call {
            method: Method::GET,
            url: url.to_owned(),
            bearer: Some(&self.key),
            headers,
            body: None,
        }
        .send()
    }
}

fn is_terminal(job: &Value) -> bool {
    ["succeeded", "failed", "dead_lettered", "cancelled"]
        .iter()
        .any(|state| job.get("status").and_then(Value::as_str) == Some(state))
}

/// Shows an answer; unless it `is_whole`, the part of a job's document that differs most.
fn show(answer: &Answer, took: Duration, is_whole: bool) {
    println!("{} in {}", answer.status, seconds_fine(took));
    for name in ["location", "retry-after", "etag", "x-request-id"] {
        let value = answer.headers.get(name);
        if let Some(value) = value.and_then(|value| value.to_str().ok()) {
            println!("{name}: {value}");
        }
    }
    match serde_json::from_str(&answer.body) {
        Ok(json) if is_whole => println!("{}", pretty(&json)),
        Ok(json) => println!("{}\n(the other fields as above)", pretty(&part(&json))),
        Err(_) => println!("{}", answer.body),
    }
}

/// The fields of a job's document that are [`SHOWN`].
fn part(document: &Value) -> Value {
    let fields = SHOWN.into_iter();
    let fields = fields.filter_map(|name| Some((name.to_owned(), document.get(name)?.clone())));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// Enough of a key to recognise it by.
fn shortened(key: &str) -> &str {
    key.get(..12).unwrap_or(key)
}

fn seconds_fine(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    seconds(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_is_left_out_where_nobody_runs_its_language() {
        let names = |languages: &[&str]| {
            let languages: Vec<String> = languages.iter().map(ToString::to_string).collect();
            let jobs = all().into_iter().filter(|job| job.runs_in(&languages));
            jobs.map(|job| job.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["javascript", "python"]).len(), 3);
        assert_eq!(names(&["javascript"]), ["generate", "execute/tests"]);
        assert_eq!(names(&[]), ["generate"]);
    }

    #[test]
    fn part_of_a_document_is_what_differs_between_jobs() {
        let document = json!({"jobId": "job_1", "kind": "execute", "status": "queued"});
        assert_eq!(
            part(&document),
            json!({"kind": "execute", "status": "queued"})
        );
    }
}
