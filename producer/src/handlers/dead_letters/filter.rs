use crate::handlers::page::{DEFAULT_LIMIT, limit_of, time_of};
use crate::problem::Problem;
use crate::query::Query;
use redrive_shared::cursor::Cursor;
use redrive_shared::error_code::ErrorCode;
use redrive_shared::ids::TenantId;
use redrive_shared::json::rules::{checked, choice, text};
use redrive_shared::json::{FieldError, Fields};
use redrive_shared::store::DeadLetterFilter;

/// Which page of which list a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    pub(super) filter: DeadLetterFilter,
    pub(super) limit: u32,
    /// Spells out the list, for the cursor.
    pub(super) fingerprint: String,
}

impl PageRequest {
    /// Reads the parameters of `GET /api/v1/dead-letters`.
    ///
    /// # Errors
    /// 422 with every parameter that is wrong.
    pub(super) fn read(query: &Query, tenant: &TenantId) -> Result<Self, Problem> {
        let (filter, limit, cursor) = query.read(read_parameters)?;
        let fingerprint = fingerprint(&filter);
        let after = cursor
            .map(|cursor| Cursor::decode(&cursor, tenant, &fingerprint))
            .transpose()
            .map_err(|error| Problem::invalid_parameter("cursor", &error.to_string()))?
            .map(|cursor| cursor.last().clone());
        Ok(Self {
            filter: DeadLetterFilter { after, ..filter },
            limit,
            fingerprint,
        })
    }
}

fn read_parameters(
    mut fields: Fields<'_>,
) -> Result<(DeadLetterFilter, u32, Option<String>), Vec<FieldError>> {
    let code = fields.optional(
        "code",
        choice(&ErrorCode::ALL.map(|code| (code.as_str(), code))),
    );
    let created_from = fields.optional("createdAfter", checked(text(1..=64), time_of));
    let created_before = fields.optional("createdBefore", checked(text(1..=64), time_of));
    let limit = fields.optional("limit", checked(text(1..=16), limit_of));
    let cursor = fields.optional("cursor", text(1..=128)).map(str::to_owned);
    fields.finish(|| {
        let filter = DeadLetterFilter {
            code,
            created_from,
            created_before,
            after: None,
        };
        Some((filter, limit.unwrap_or(DEFAULT_LIMIT), cursor))
    })
}

fn fingerprint(filter: &DeadLetterFilter) -> String {
    serde_json::json!([
        "dead-letters",
        filter.code,
        filter.created_from,
        filter.created_before,
    ])
    .to_string()
}
