use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::LanguageList;
use http::StatusCode;
use redrive_shared::execute::languages;

/// `GET /api/v1/languages`: the languages that jobs may name, as the configuration says.
///
/// 200, or 422 for a query.
pub(super) fn list<P, R: Readiness>(app: &App<P, R>, call: &Call) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let data = languages(app.configuration()?);
    Answer::json(StatusCode::OK, &LanguageList { data })
}
