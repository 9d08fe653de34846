use crate::wire::replays::FilterDocument;
use redrive_shared::request::Wanted;
use serde::Serialize;
use utoipa::ToSchema;

/// Which dead letters are put back, and how. Give either `filter` or `jobIds`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::openapi) struct ReplaysBody {
    /// Those that pass every part; `{}` means every dead letter.
    #[schema(nullable = false)]
    filter: Option<FilterDocument>,
    /// Those of these jobs.
    #[schema(nullable = false, min_items = 1, max_items = 1000)]
    job_ids: Option<Vec<String>>,
    /// Whether it is only to be told what would be done.
    #[schema(nullable = false, default = false)]
    dry_run: Option<bool>,
    /// Letters that are put back in a second.
    #[schema(nullable = false, minimum = 1, maximum = 500, default = 10)]
    max_per_second: Option<u32>,
    /// Letters to try before the others.
    #[schema(nullable = false)]
    sample: Option<SampleBody>,
    /// What is to be different this time.
    #[schema(nullable = false)]
    overrides: Option<OverridesBody>,
    /// Why, for the audit log. At most 500 bytes, on one line.
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    note: Option<String>,
}

/// Letters to try before the others.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::openapi) struct SampleBody {
    /// How many.
    #[schema(minimum = 1, maximum = 1000, example = 20)]
    count: u32,
    /// How many percent of them must succeed; with fewer, the replay pauses.
    #[schema(minimum = 1, maximum = 100, example = 90)]
    min_success_percent: u32,
}

/// What is to be different this time. Whatever is absent stays as each job has it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::openapi) struct OverridesBody {
    /// The model to ask, for good: of `provider`, or else of the first that the job names. Jobs that
    /// ask no model are passed over, as with the next two.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 128,
        pattern = "^[A-Za-z0-9._:/@+-]+$",
        example = "gpt-4o"
    )]
    model: Option<String>,
    /// The provider to ask, for good, and nobody else.
    #[schema(nullable = false, min_length = 1, max_length = 32, example = "openai")]
    provider: Option<String>,
    /// The providers to ask, for good, one after the other until one answers; excludes `provider`
    /// and `model`.
    #[schema(nullable = false, min_items = 1, max_items = 5)]
    providers: Option<Vec<Wanted>>,
    /// How many attempts may fail, from now on, before a job is dead-lettered again.
    #[schema(nullable = false, minimum = 1, maximum = 20)]
    max_attempts: Option<u8>,
    /// Seconds from when a letter is put back after which no attempt begins any more.
    #[schema(nullable = false, minimum = 1, maximum = 604_800)]
    deadline_seconds: Option<u32>,
}
