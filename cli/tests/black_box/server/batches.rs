use serde_json::{Value, json};

/// A batch, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) id: String,
    pub(super) name: Option<String>,
    lines: Vec<Value>,
    /// Places of the lines that have ended, in the order in which they did.
    ended: Vec<usize>,
    is_cancelled: bool,
    answer_bytes: usize,
}

/// How a line ends: as its prompt says.
fn fate(line: &Value) -> &'static str {
    match line["prompt"].as_str().unwrap_or_default() {
        prompt if prompt.contains("fail") => "failed",
        prompt if prompt.contains("die") => "dead_lettered",
        _ => "succeeded",
    }
}

impl Batch {
    pub(super) fn new(
        id: String,
        name: Option<String>,
        lines: Vec<Value>,
        answer_bytes: usize,
    ) -> Self {
        Self {
            id,
            name,
            lines,
            ended: Vec::new(),
            is_cancelled: false,
            answer_bytes,
        }
    }

    /// Ends some more jobs, every third line first.
    pub(super) fn go_on(&mut self, jobs: usize) {
        let count = self.lines.len();
        let order = (0..3).flat_map(|first| (first..count).step_by(3));
        let next = order.skip(self.ended.len()).take(jobs);
        self.ended.extend(next.collect::<Vec<_>>());
    }

    pub(super) fn cancel(&mut self) -> bool {
        let runs = !self.is_cancelled && self.ended.len() < self.lines.len();
        self.is_cancelled |= runs;
        runs
    }

    fn count(&self, status: &str) -> usize {
        let ended = self.ended.iter();
        ended
            .filter(|place| fate(&self.lines[**place]) == status)
            .count()
    }

    fn status(&self) -> &'static str {
        if self.is_cancelled {
            "cancelled"
        } else if self.ended.len() == self.lines.len() {
            "completed"
        } else {
            "in_progress"
        }
    }

    pub(super) fn document(&self) -> Value {
        let left = self.lines.len() - self.ended.len();
        let dead = self.count("dead_lettered");
        let is_stalled = !self.is_cancelled && self.name.as_deref() == Some("stalled");
        let is_queued = !self.is_cancelled && !is_stalled;
        let mut document = json!({
            "batchId": self.id, "status": self.status(), "createdAt": "2026-11-21T10:00:00.000Z",
            "startedAt": "2026-11-21T10:00:01.000Z", "lines": self.lines.len(), "invalidLines": 0,
            "counts": {
                "pending": 0, "queued": if is_queued { left } else { 0 }, "running": 0,
                "retryScheduled": if is_stalled { left } else { 0 }, "succeeded": self.count("succeeded"),
                "failed": self.count("failed"), "deadLettered": dead,
                "cancelled": if self.is_cancelled { left } else { 0 },
            },
            "percent": 100 * self.ended.len() / self.lines.len().max(1), "throughputPerSecond": 12.5,
            "costMicroUsd": 250_000, "deadLettersByCode": if dead > 0 { json!({"provider_auth": dead}) } else { json!({}) },
            "resultsUrl": "http://x/results", "errorsUrl": "http://x/errors",
        });
        if let Some(name) = &self.name {
            document["name"] = json!(name);
        }
        if left == 0 || self.is_cancelled {
            document["completedAt"] = json!("2026-11-21T10:01:00.000Z");
        }
        document
    }

    /// Results after a cursor, as they ended or by line.
    pub(super) fn results(&self, order: &str, cursor: usize, limit: usize) -> Vec<String> {
        let by_line = order == "line";
        let places: Vec<usize> = if by_line {
            let all = 0..self.lines.len();
            all.take_while(|place| self.ended.contains(place)).collect()
        } else {
            self.ended.clone()
        };
        let result = |(sequence, place): (usize, usize)| self.result(sequence, place).to_string();
        let after = places.into_iter().enumerate().skip(cursor).take(limit);
        after.map(result).collect()
    }

    fn result(&self, sequence: usize, place: usize) -> Value {
        let status = fate(&self.lines[place]);
        let mut result = json!({
            "line": place + 1, "jobId": format!("job_{place:05}"), "status": status,
            "completedAt": "2026-11-21T10:00:30.000Z", "cursor": format!("c{}", sequence + 1),
        });
        if status == "succeeded" {
            let output = "x".repeat(self.answer_bytes);
            result["result"] = json!({"output": output, "finishReason": "stop"});
        } else {
            result["error"] = json!({"code": "provider_auth", "message": "no"});
        }
        result
    }

    /// The lines that did not succeed, ready to be sent again.
    pub(super) fn errors(&self) -> Vec<String> {
        let mut places: Vec<usize> = self.ended.clone();
        places.sort_unstable();
        let lost = places
            .into_iter()
            .filter(|place| fate(&self.lines[*place]) != "succeeded");
        lost.map(|place| {
            let mut line = self.lines[place].clone();
            line["error"] = json!({"code": "provider_auth", "message": "no", "line": place + 1});
            line.to_string()
        })
        .collect()
    }
}
