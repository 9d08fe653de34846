//! Permits to call a provider that has limits of ours, shared by all isolates.

use super::Store;
use crate::clock::Instant;
use crate::database::{Database, DatabaseError, Statement};
use crate::job::flag;
use serde::Deserialize;

/// How long a counted minute is.
const MINUTE_MS: i64 = 60_000;

/// How many calls a provider may have; at least one of the two is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermitLimits {
    /// At a time; `None`: any number.
    pub concurrency: Option<u32>,
    /// In a minute of the clock; `None`: any number.
    pub calls_per_minute: Option<u32>,
}

/// What came of asking for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// The call may be made; where calls at a time are limited, it holds a slot.
    Granted,
    /// The minute has had its calls: not before the next one begins.
    NextMinute(Instant),
    /// Every slot is taken, the first of them since this instant.
    NoSlot(Instant),
}

/// What the database says of a call.
#[derive(Deserialize)]
struct Row {
    #[serde(deserialize_with = "flag")]
    has_slot: bool,
    #[serde(deserialize_with = "flag")]
    is_counted: bool,
    taken: u32,
    #[serde(rename = "oldest_at_ms")]
    oldest_at: Option<Instant>,
    #[serde(rename = "minute_at_ms")]
    minute_at: Option<Instant>,
}

impl Row {
    fn permit(&self, limits: PermitLimits, now: Instant) -> Permit {
        let granted = match limits.concurrency {
            Some(_) => self.has_slot,
            None => self.is_counted || limits.calls_per_minute.is_none(),
        };
        if granted {
            return Permit::Granted;
        }
        if limits.concurrency.is_some_and(|slots| self.taken >= slots) {
            return Permit::NoSlot(self.oldest_at.unwrap_or(now));
        }
        let minute_at = self.minute_at.unwrap_or(now);
        Permit::NextMinute(minute_at.plus_millis(MINUTE_MS))
    }
}

/// When the minute of the clock began in which `now` lies.
fn minute_of(now: Instant) -> Instant {
    now.plus_millis(-now.as_millis().rem_euclid(MINUTE_MS))
}

impl<D: Database> Store<D> {
    /// Takes a permit for a call to `provider`, which `holder` names among all calls. A slot that is
    /// not given back is free again at `until`.
    ///
    /// One batch, whatever the limits: a call that gets no slot is not counted, and one that is not
    /// counted gets no slot.
    ///
    /// # Errors
    /// [`DatabaseError`]: a permit may be taken. Repeating with the same holder is safe.
    pub async fn take_permit(
        &self,
        provider: &str,
        limits: PermitLimits,
        holder: &str,
        now: Instant,
        until: Instant,
    ) -> Result<Permit, DatabaseError> {
        let call = || vec![provider.into(), holder.into()];
        let mut statements = Vec::with_capacity(4);
        if limits.concurrency.is_some() {
            let forget = include_str!("../../sql/forget_slots.sql");
            statements.push(Statement::new(forget, vec![provider.into(), now.into()]));
        }
        if let Some(calls) = limits.calls_per_minute {
            let mut parameters = call();
            parameters.extend([
                minute_of(now).into(),
                calls.into(),
                limits.concurrency.into(),
            ]);
            let count = include_str!("../../sql/count_minute.sql");
            statements.push(Statement::new(count, parameters));
        }
        if let Some(slots) = limits.concurrency {
            let mut parameters = call();
            let is_counted = limits.calls_per_minute.is_some();
            parameters.extend([now.into(), until.into(), slots.into(), is_counted.into()]);
            let take = include_str!("../../sql/take_slot.sql");
            statements.push(Statement::new(take, parameters));
        }
        let read = include_str!("../../sql/read_permit.sql");
        statements.push(Statement::new(read, call()));
        let writes = statements.len() - 1;
        let mut results = self.batch(statements).await?;
        for _ in 0..writes {
            results.next()?;
        }
        let row = results.next()?.decode::<Row>()?.into_iter().next();
        let row = row.ok_or_else(|| DatabaseError::Corrupt("a permit has no row".to_owned()))?;
        Ok(row.permit(limits, now))
    }

    /// Gives a slot back before its time; does nothing when the holder has none.
    ///
    /// # Errors
    /// [`DatabaseError`]: the slot is free when its time is over. Repeating is safe.
    pub async fn give_back_slot(&self, provider: &str, holder: &str) -> Result<(), DatabaseError> {
        let give_back = include_str!("../../sql/give_back_slot.sql");
        self.run(give_back, vec![provider.into(), holder.into()])
            .await?;
        Ok(())
    }
}
