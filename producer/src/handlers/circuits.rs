use crate::answer::Answer;
use crate::app::{App, Readiness};
use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire::{CircuitDocument, CircuitList};
use http::StatusCode;
use redrive_shared::circuit::CircuitRecord;
use redrive_shared::ports::Ports;
use redrive_shared::repeat::repeat;

/// `GET /api/v1/admin/circuits`: gives the circuits that are not closed.
///
/// 1. Parameters, of which there is none: 422.
/// 2. The circuits are read: 503 when the database does not answer.
/// 3. 200 with the list; an empty one when every provider may be called.
pub(super) async fn list<P: Ports, R: Readiness>(
    app: &App<P, R>,
    call: &mut Call,
) -> Result<Answer, Problem> {
    Query::refuse(&call.parts.uri)?;
    let circuits = repeat(app.ports.clock(), || app.ports.store().circuits()).await?;
    let data = circuits.into_iter().map(document).collect();
    Answer::json(StatusCode::OK, &CircuitList { data })
}

fn document(record: CircuitRecord) -> CircuitDocument {
    CircuitDocument {
        provider: record.key.provider,
        model: record.key.model,
        credential: record.key.credential,
        state: record.state,
        code: record.code,
        opened_at: record.opened_at.to_rfc3339(),
        until: record.until.to_rfc3339(),
    }
}
