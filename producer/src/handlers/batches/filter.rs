use crate::handlers::page::ListFilter;
use redrive_shared::clock::Instant;
use redrive_shared::ids::JobId;
use redrive_shared::json::Fields;
use redrive_shared::json::rules::choice;
use redrive_shared::store::{BatchFilter, BatchStatus};

impl ListFilter for BatchFilter {
    fn read(fields: &mut Fields<'_>) -> Self {
        let statuses = BatchStatus::ALL.map(|status| (status.as_str(), status));
        Self {
            status: fields.optional("status", choice(&statuses)),
            ..Self::default()
        }
    }

    fn between(&mut self, from: Option<Instant>, before: Option<Instant>) {
        (self.created_from, self.created_before) = (from, before);
    }

    fn after(&mut self, last: Option<JobId>) {
        self.after = last.and_then(|job| job.as_str().replace("job_", "bat_").parse().ok());
    }

    fn fingerprint(&self) -> String {
        serde_json::json!([
            "batches",
            self.status,
            self.created_from,
            self.created_before,
        ])
        .to_string()
    }
}
