use crate::handlers::page::ListFilter;
use redrive_shared::ids::BatchId;
use redrive_shared::json::Fields;
use redrive_shared::json::rules::{choice, time};
use redrive_shared::store::{BatchFilter, BatchStatus};

impl ListFilter for BatchFilter {
    type Entry = BatchId;

    fn read(fields: &mut Fields<'_>) -> Self {
        let statuses = BatchStatus::ALL.map(|status| (status.as_str(), status));
        Self {
            status: fields.optional("status", choice(&statuses)),
            compatible_only: false,
            created_from: fields.optional("createdAfter", time()),
            created_before: fields.optional("createdBefore", time()),
        }
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
