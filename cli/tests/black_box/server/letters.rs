use serde_json::{Value, json};

/// Dead letters, and the replay that puts them back.
#[derive(Debug, Default)]
pub(super) struct Letters {
    count: usize,
    /// What was put back by the latest replay, and how many of them have ended.
    replay: Option<(usize, usize)>,
    status: &'static str,
}

/// Once as one of many, and once more alone.
pub(super) fn replays() -> Value {
    json!([
        {"at": "2026-11-21T09:10:00.000Z", "actor": "key_1", "afterAttempt": 1,
         "code": "provider_auth", "auditId": "aud_1", "replayId": "rep_1"},
        {"at": "2026-11-21T09:20:00.000Z", "actor": "key_2", "afterAttempt": 12,
         "code": "attempts_exhausted", "auditId": "aud_2"},
    ])
}

impl Letters {
    pub(super) const fn new(count: usize) -> Self {
        Self {
            count,
            replay: None,
            status: "running",
        }
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Whether there are none, and never were.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0 && self.replay.is_none()
    }

    pub(super) fn groups(&self) -> Value {
        if self.count == 0 {
            return json!([]);
        }
        json!([{
            "fingerprint": "provider_auth:-:openai:small:401", "code": "provider_auth",
            "provider": "openai", "model": "small", "count": self.count,
            "firstAt": "2026-11-20T09:00:00.000Z", "lastAt": "2026-11-21T09:00:00.000Z",
            "sampleJobId": "job_00001", "costMicroUsd": 12_500,
        }])
    }

    pub(super) fn page(&self) -> Value {
        let data: Vec<Value> = (0..self.count).map(Self::letter).collect();
        json!({"data": data, "nextCursor": null})
    }

    /// One of them, without its attempts.
    pub(super) fn letter(place: usize) -> Value {
        json!({
            "jobId": format!("job_{place:05}"), "kind": "generate", "status": "dead_lettered",
            "code": "provider_auth", "provider": "openai", "model": "small", "attempt": 1,
            "message": "The provider refused the key.\nSet it anew, then replay this job please.",
            "fingerprint": "provider_auth:-:openai:small:401", "replayable": place > 0,
            "counts": {"attempts": 1, "failures": 1, "deferrals": 0, "rescues": 0, "dispatches": 0},
            "createdAt": "2026-11-21T08:00:00.000Z", "deadAt": "2026-11-21T09:00:00.000Z",
            "replays": replays(),
        })
    }

    pub(super) fn begin(&mut self) -> bool {
        if self.replay.is_some() || self.count == 0 {
            return false;
        }
        self.replay = Some((self.count, 0));
        self.count = 0;
        true
    }

    /// One more job dies.
    pub(super) const fn add(&mut self) {
        self.count += 1;
    }

    /// Deletes all, if they are as many as somebody thinks.
    pub(super) fn purge(&mut self, expected: usize) -> bool {
        let agrees = self.count == expected;
        if agrees {
            self.count = 0;
        }
        agrees
    }

    pub(super) fn steer(&mut self, verb: &str) {
        self.status = match verb {
            "pause" => "paused",
            "abort" => "aborted",
            _ => "running",
        };
    }

    /// The replay as it stands; with every look one more job ends.
    pub(super) fn replay(&mut self) -> Value {
        let status = self.status;
        let Some((jobs, ended)) = self.replay.as_mut() else {
            return Value::Null;
        };
        *ended = (*ended + 1).min(*jobs);
        let is_over = *ended == *jobs;
        json!({
            "replayId": "rep_1", "status": if is_over { "completed" } else { status },
            "createdAt": "2026-11-21T10:00:00.000Z", "actor": "key_1", "note": "fixed",
            "filter": {"code": "provider_auth"}, "overrides": {"model": "large"},
            "maxPerSecond": 10, "matched": jobs, "replayed": jobs, "skipped": 0, "remaining": 0,
            "outcomes": {"queued": *jobs - *ended, "running": 0, "retryScheduled": 0,
                "succeeded": ended, "failed": 0, "deadLettered": 0, "cancelled": 0},
            "ratePerSecond": 9.5, "costMicroUsd": 10_000,
        })
    }
}
