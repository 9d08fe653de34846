//! A replay of many letters as the database has it.

use crate::clock::Instant;
use crate::dead_letter::filter::DeadLetterFilter;
use crate::ids::{JobId, ReplayId, TenantId};
use crate::job::json_text;
use crate::replay::Overrides;
use serde::{Deserialize, Serialize};

/// Where a replay of many letters stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayStatus {
    /// It puts letters back, or waits for its sample.
    Running,
    /// It waits for an operator.
    Paused,
    /// All its letters were put back or passed over.
    Completed,
    /// An operator ended it.
    Aborted,
}

impl ReplayStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Running, Self::Paused, Self::Completed, Self::Aborted];

    /// The status as it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Aborted => "aborted",
        }
    }

    /// Whether nothing moves it any more.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        match self {
            Self::Running | Self::Paused => false,
            Self::Completed | Self::Aborted => true,
        }
    }
}

/// Letters that are tried before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleTerms {
    /// How many.
    pub letters: u32,
    /// How many percent of them must succeed.
    pub percent: u32,
}

/// A replay of many letters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ReplayRow {
    /// Whose letters they are.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: ReplayId,
    /// Where it stands.
    pub status: ReplayStatus,
    /// Why it paused by itself.
    pub reason: Option<String>,
    /// Who asked for it.
    pub actor: String,
    /// Why, in the words of who asked.
    pub note: Option<String>,
    /// Which letters.
    #[serde(rename = "selection", deserialize_with = "json_text")]
    pub filter: DeadLetterFilter,
    /// What is different this time.
    #[serde(deserialize_with = "json_text")]
    pub overrides: Overrides,
    /// Letters a second.
    pub max_per_second: u32,
    /// Letters to try first.
    pub sample_count: Option<u32>,
    /// How many percent of those must succeed.
    pub sample_percent: Option<u32>,
    /// When the sample was good enough, or an operator went on without; `None`: no sample, or not yet.
    #[serde(rename = "sampled_at_ms")]
    pub sampled_at: Option<Instant>,
    /// Letters that matched when it was made.
    pub matched: u64,
    /// Letters put back so far.
    pub replayed: u64,
    /// Letters passed over so far.
    pub skipped: u64,
    /// When it was made.
    #[serde(rename = "created_at_ms")]
    pub created_at: Instant,
    /// From when its pace counts.
    #[serde(rename = "paced_at_ms")]
    pub paced_at: Instant,
    /// How many had been put back then.
    pub paced_replayed: u64,
    /// When it ended.
    #[serde(rename = "finished_at_ms")]
    pub finished_at: Option<Instant>,
    /// When its next step is due; `None`: it is paused or has ended.
    #[serde(rename = "due_at_ms")]
    pub due_at: Option<Instant>,
    /// Steps taken: the fence of the next one.
    pub step: i64,
    /// The last letter that was looked at.
    pub last_job_id: Option<JobId>,
}

impl ReplayRow {
    /// The sample that has not been judged yet.
    #[must_use]
    pub fn open_sample(&self) -> Option<SampleTerms> {
        self.sample().filter(|_| self.sampled_at.is_none())
    }

    /// The sample, if one was asked for.
    #[must_use]
    pub fn sample(&self) -> Option<SampleTerms> {
        let (letters, percent) = self.sample_count.zip(self.sample_percent)?;
        Some(SampleTerms { letters, percent })
    }

    /// Letters that were neither put back nor passed over.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        let done = self.replayed.saturating_add(self.skipped);
        self.matched.saturating_sub(done)
    }
}
