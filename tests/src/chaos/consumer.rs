//! A second consumer. The local queue hands over one delivery at a time; the platform has many at
//! once. So jobs that wait are delivered past the queue as well, ten at a time, while the queue
//! delivers too: both may come for the same job at the same moment.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::rig::Rig;
use crate::simulator::random;
use crate::stage::JOBS;

/// Messages of a delivery, as the consumer's configuration has it.
const DELIVERY: u64 = 10;
/// How long to wait when no job does.
const PAUSE: Duration = Duration::from_millis(200);

/// The jobs that wait, as the database was seen last.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Vec<String>>);

impl Waiting {
    /// Takes note of the jobs that wait now.
    pub(super) fn note(&self, jobs: Vec<String>) {
        *self.jobs() = jobs;
    }

    /// Takes some of them, wherever in the list the draw falls.
    fn take(&self, draw: u64) -> Vec<String> {
        let mut jobs = self.jobs();
        let length = u64::try_from(jobs.len()).unwrap_or(u64::MAX);
        let start = draw % length.saturating_sub(DELIVERY).max(1);
        let end = (start + DELIVERY).min(length);
        match (usize::try_from(start), usize::try_from(end)) {
            (Ok(start), Ok(end)) => jobs.drain(start..end).collect(),
            _ => Vec::new(),
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Delivers until it is dropped. What it is to deliver again it forgets, as a queue that loses
/// messages does.
pub(super) async fn deliver(rig: &Rig, waiting: &Waiting, seed: u32) {
    let mut number = 0;
    loop {
        number += 1;
        let jobs = waiting.take(random::mix(&[seed.into(), number]));
        if jobs.is_empty() {
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let messages: Vec<Value> = jobs
            .iter()
            .map(|job| {
                let body = json!({"v": 1, "job": job, "tenant": rig.api.tenant()});
                json!({"id": format!("{job}-{number}"), "body": body.to_string()})
            })
            .collect();
        let delivery = json!({"queue": JOBS, "messages": messages});
        let request = rig.api.request(Method::POST, "/__local/queue");
        // That it fails is part of the day.
        request.json(&delivery).send().await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::Waiting;

    #[test]
    fn every_waiting_job_is_taken_once() {
        let waiting = Waiting::default();
        let jobs: Vec<String> = (0..25).map(|job| job.to_string()).collect();
        waiting.note(jobs.clone());
        let mut taken = Vec::new();
        for draw in [7, 1_000_003, 99] {
            taken.push(waiting.take(draw));
        }
        let lengths: Vec<usize> = taken.iter().map(Vec::len).collect();
        assert_eq!(lengths, [10, 10, 5]);
        let mut taken = taken.concat();
        taken.sort_by_key(|job| job.parse::<u32>().ok());
        assert_eq!(taken, jobs);
        assert!(waiting.take(5).is_empty());
    }
}
