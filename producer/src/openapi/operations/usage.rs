use super::{Described, one_of, query, text};
use crate::openapi::content;
use redrive_shared::usage::GroupBy;
use serde_json::json;
use utoipa::openapi::{KnownFormat, SchemaFormat};

const TAG: &str = "usage";

pub(super) fn read() -> Described {
    let day = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
    let groups = one_of(&GroupBy::ALL.map(GroupBy::as_str)).default(Some(json!("day")));
    Described::new(
        "readUsage",
        TAG,
        "What was used, and what did it cost?",
        "Adds up the tokens and the cost of the tenant's calls to providers: those of attempts that \
         failed, of providers that were passed over, and of answers that were dropped as well. A call \
         is counted once, on the day in UTC on which its attempt ended, as soon as that is stored. \
         Days are kept for 400 days, however long their jobs are.\n\nWhat nobody knows is not counted as \
         nothing: `callsWithoutUsage` and `callsWithoutPrice` say of how many calls the sums know too \
         little. A call whose run died is in no sum: its job tells of it, with `possiblyBilled`.",
    )
    .parameter(
        query(
            "from",
            "The first day; 29 days before `to` unless given. At most 366 days are added up.",
        ),
        day(),
    )
    .parameter(query("to", "The last day; today unless given."), day())
    .parameter(query("groupBy", "What has an entry of its own."), groups)
    .answers(200, "The usage.", Some(content("UsageReport")))
}
