use crate::handlers::page::ListFilter;
use redrive_shared::clock::Instant;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::JobId;
use redrive_shared::json::Fields;
use redrive_shared::json::rules::choice;
use redrive_shared::store::DeadLetterFilter;

impl ListFilter for DeadLetterFilter {
    fn read(fields: &mut Fields<'_>) -> Self {
        let codes = ErrorCode::ALL.map(|code| (code.as_str(), code));
        Self {
            code: fields.optional("code", choice(&codes)),
            ..Self::default()
        }
    }

    fn between(&mut self, from: Option<Instant>, before: Option<Instant>) {
        (self.created_from, self.created_before) = (from, before);
    }

    fn after(&mut self, last: Option<JobId>) {
        self.after = last;
    }

    fn fingerprint(&self) -> String {
        serde_json::json!([
            "dead-letters",
            self.code,
            self.created_from,
            self.created_before,
        ])
        .to_string()
    }
}
