//! Circuits that are not closed: what the isolates tell each other.

use super::Store;
use crate::circuit::{CircuitKey, CircuitRecord, Opening};
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement, Value};

/// A row that nobody asked for so long after it was over is forgotten: the key was replaced, or the
/// model is not used any more.
const FORGOTTEN_AFTER_SECONDS: i64 = 86_400;

/// The most circuits that are read at a time.
pub(crate) const CIRCUITS_LIMIT: usize = 1_000;

/// What the database said to an attempt that wants to probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// Whether this attempt is the one that probes.
    pub won: bool,
    /// How the circuit stands now; `None`: it is closed.
    pub record: Option<CircuitRecord>,
}

fn key(key: &CircuitKey) -> Vec<Value> {
    vec![
        key.provider.as_str().into(),
        key.model.as_str().into(),
        key.credential.as_str().into(),
    ]
}

fn get(circuit: &CircuitKey) -> Statement {
    Statement::new(include_str!("../../sql/get_circuit.sql"), key(circuit))
}

/// Every circuit that is not closed, up to [`CIRCUITS_LIMIT`], as part of a claim.
pub(super) fn all() -> Statement {
    Statement::new(include_str!("../../sql/list_circuits.sql"), Vec::new())
}

impl<D: Database> Store<D> {
    /// Opens a circuit, or keeps it open for longer; never for shorter. Answers how it stands then.
    ///
    /// # Errors
    /// [`DatabaseError`]: the others do not know. Repeating is safe.
    pub async fn open_circuit(
        &self,
        circuit: &CircuitKey,
        opening: &Opening,
    ) -> Result<CircuitRecord, DatabaseError> {
        let mut parameters = key(circuit);
        parameters.extend([
            opening.code.as_str().into(),
            opening.opened_at.into(),
            opening.until.into(),
        ]);
        let forgotten = opening.until.plus_seconds(-FORGOTTEN_AFTER_SECONDS);
        let mut results = self
            .batch(vec![
                Statement::new(include_str!("../../sql/open_circuit.sql"), parameters),
                get(circuit),
                Statement::new(
                    include_str!("../../sql/forget_circuits.sql"),
                    vec![circuit.provider.as_str().into(), forgotten.into()],
                ),
            ])
            .await?;
        results.next()?;
        let found = results.next()?.decode()?.into_iter().next();
        found.ok_or_else(|| {
            DatabaseError::Corrupt("a circuit that was opened has no row".to_owned())
        })
    }

    /// Takes the probe of a circuit whose opening is over at `now`: until `probe_until` nobody else
    /// gets it.
    ///
    /// # Errors
    /// [`DatabaseError`]: the probe may be taken. A repeat does not tell by whom.
    pub async fn probe_circuit(
        &self,
        circuit: &CircuitKey,
        now: Instant,
        probe_until: Instant,
    ) -> Result<Probed, DatabaseError> {
        let mut parameters = key(circuit);
        parameters.extend([now.into(), probe_until.into()]);
        let probe = include_str!("../../sql/probe_circuit.sql");
        let mut results = self
            .batch(vec![Statement::new(probe, parameters), get(circuit)])
            .await?;
        Ok(Probed {
            won: !results.next()?.rows.is_empty(),
            record: results.next()?.decode()?.into_iter().next(),
        })
    }

    /// Closes a circuit by the word of the probe that would have counted as lost at `probe_until`.
    /// Does nothing when it was opened again or probed by another since.
    ///
    /// # Errors
    /// [`DatabaseError`]: the others wait until the probe counts as lost. Repeating is safe.
    pub async fn close_circuit(
        &self,
        circuit: &CircuitKey,
        probe_until: Instant,
    ) -> Result<(), DatabaseError> {
        let mut parameters = key(circuit);
        parameters.push(probe_until.into());
        self.run(include_str!("../../sql/close_circuit.sql"), parameters)
            .await?;
        Ok(())
    }

    /// Circuits that are not closed, by provider, model and key; at most 1,000. One whose `until`
    /// lies in the past waits for an attempt to probe it.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn circuits(&self) -> Result<Vec<CircuitRecord>, DatabaseError> {
        self.run(include_str!("../../sql/list_circuits.sql"), Vec::new())
            .await?
            .decode()
    }
}
