use crate::handlers::page::ListFilter;
use redrive_shared::ids::{BatchId, InvalidId, JobId};
use redrive_shared::job::{JobState, Kind};
use redrive_shared::json::Fields;
use redrive_shared::json::rules::{checked, choice, label, text, time};
use redrive_shared::request::limits::REF_BYTES;
use redrive_shared::store::JobFilter;

fn id_of(text: &str) -> Result<BatchId, InvalidId> {
    text.parse()
}

impl ListFilter for JobFilter {
    type Entry = JobId;

    fn read(fields: &mut Fields<'_>) -> Self {
        let states = JobState::ALL.map(|state| (state.as_str(), state));
        let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind));
        let state = fields.optional("status", choice(&states));
        let kind = fields.optional("kind", choice(&kinds));
        let ref_type = fields.optional("refType", label(REF_BYTES));
        let ref_id = fields.optional("refId", label(REF_BYTES));
        for (given, missing) in [("refId", "refType"), ("refType", "refId")] {
            if fields.has(given) && !fields.has(missing) {
                fields.refuse(missing, format!("is required with `{given}`"));
            }
        }
        Self {
            kind,
            state,
            reference: ref_type.map(str::to_owned).zip(ref_id.map(str::to_owned)),
            created_from: fields.optional("createdAfter", time()),
            created_before: fields.optional("createdBefore", time()),
            batch: fields.optional("batchId", checked(text(1..=64), id_of)),
            after: None,
        }
    }

    fn fingerprint(&self) -> String {
        serde_json::json!([
            self.kind,
            self.state,
            self.reference,
            self.batch,
            self.created_from,
            self.created_before,
        ])
        .to_string()
    }
}
