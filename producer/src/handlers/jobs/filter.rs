use crate::handlers::page::{DEFAULT_LIMIT, limit_of, time_of};
use crate::problem::Problem;
use crate::query::Query;
use redrive_shared::cursor::Cursor;
use redrive_shared::ids::TenantId;
use redrive_shared::job::{JobState, Kind};
use redrive_shared::json::rules::{checked, choice, label, text};
use redrive_shared::json::{FieldError, Fields};
use redrive_shared::request::limits::REF_BYTES;
use redrive_shared::store::JobFilter;

/// Which page of which list a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    pub(super) filter: JobFilter,
    pub(super) limit: u32,
    /// Spells out the list, for the cursor.
    pub(super) fingerprint: String,
}

impl PageRequest {
    /// Reads the parameters of `GET /api/v1/jobs`.
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
            filter: JobFilter { after, ..filter },
            limit,
            fingerprint,
        })
    }
}

fn read_parameters(
    mut fields: Fields<'_>,
) -> Result<(JobFilter, u32, Option<String>), Vec<FieldError>> {
    let state = fields.optional(
        "status",
        choice(&JobState::ALL.map(|state| (state.as_str(), state))),
    );
    let kind = fields.optional("kind", choice(&Kind::ALL.map(|kind| (kind.as_str(), kind))));
    let ref_type = fields
        .optional("refType", label(REF_BYTES))
        .map(str::to_owned);
    let ref_id = fields
        .optional("refId", label(REF_BYTES))
        .map(str::to_owned);
    for (given, missing) in [("refId", "refType"), ("refType", "refId")] {
        if fields.has(given) && !fields.has(missing) {
            fields.refuse(missing, format!("is required with `{given}`"));
        }
    }
    let created_from = fields.optional("createdAfter", checked(text(1..=64), time_of));
    let created_before = fields.optional("createdBefore", checked(text(1..=64), time_of));
    let limit = fields.optional("limit", checked(text(1..=16), limit_of));
    let cursor = fields.optional("cursor", text(1..=128)).map(str::to_owned);
    fields.finish(|| {
        let reference = ref_type.zip(ref_id);
        let filter = JobFilter {
            kind,
            state,
            reference,
            created_from,
            created_before,
            after: None,
        };
        Some((filter, limit.unwrap_or(DEFAULT_LIMIT), cursor))
    })
}

fn fingerprint(filter: &JobFilter) -> String {
    serde_json::json!([
        filter.kind,
        filter.state,
        filter.reference,
        filter.created_from,
        filter.created_before,
    ])
    .to_string()
}
