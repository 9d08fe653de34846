//! The ids of a batch's jobs.

use super::{BatchId, JobId};

/// The most jobs a batch may have.
pub const BATCH_JOBS: u32 = 50_000;

/// Digits of a job's id that tell its place in its batch: enough for [`BATCH_JOBS`].
const PLACE_DIGITS: usize = 4;

/// A job of a batch has the batch's digits but for the last four, which tell its place: the jobs of
/// a batch lie together, in their order, in whatever is sorted by job, and a line has one job
/// however often it is made.
impl BatchId {
    /// The id of the job in place `place`, from 0 and below [`BATCH_JOBS`].
    #[must_use]
    pub fn job(&self, place: u32) -> JobId {
        JobId(format!("{}{place:04x}", self.jobs()))
    }

    /// The place of one of its jobs; `None`: the job is another's.
    #[must_use]
    pub fn place(&self, job: &JobId) -> Option<u32> {
        let place = job.0.strip_prefix(&self.jobs())?;
        u32::from_str_radix(place, 16).ok()
    }

    /// The text that the ids of its jobs begin with, and no others.
    #[must_use]
    pub fn jobs(&self) -> String {
        let digits = self.0.strip_prefix(Self::PREFIX).unwrap_or_default();
        let kept = digits.len().saturating_sub(PLACE_DIGITS);
        format!(
            "{}{}",
            JobId::PREFIX,
            digits.get(..kept).unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::native::SeededEntropy;

    #[test]
    fn jobs_of_a_batch_are_in_the_order_of_their_places() {
        let now = Instant::from_millis(1_795_000_000_000);
        let batch = BatchId::new(now, &SeededEntropy::new(1));
        let places = [0, 1, 255, 256, BATCH_JOBS - 1];
        let jobs = places.map(|place| batch.job(place));
        assert!(jobs.is_sorted());
        assert_eq!(batch.place(&JobId::new(now, &SeededEntropy::new(2))), None);
        for job in jobs {
            assert_eq!(job.as_str().parse(), Ok(job.clone()));
            let place = batch.place(&job).expect("it is of the batch");
            assert_eq!(batch.job(place), job);
            assert!(job.as_str().starts_with(&batch.jobs()));
        }
    }
}
