//! Permits: a provider with limits of ours is called so often, and by so many at a time, by the
//! whole deployment.
//!
//! A provider without limits costs nothing: the database is not asked. With limits, the effects are:
//!
//! 1. *take*, before the call: one batch, which grants the permit or says what to wait for. Each
//!    taking has a name of its own, so that a repeat finds what it got.
//! 2. *give back*, after it, where calls at a time are limited. A run that dies gives nothing back:
//!    its slot is free when the time of the call is over.
//!
//! A minute is one of the clock. So a provider that counts by the last 60 seconds may see up to
//! twice as many calls around the turn of a minute.
//!
//! No failure of the database reaches the job: it is logged, and the call is made.
//!
//! Who gets no permit comes again later, and each return costs a claim and a commit. For the next
//! minute a job waits until that begins, and for a random part of 15 s more, so that not all come
//! at once. For a slot it waits at least 2 s, and then for a random part of the time since when the
//! slots are taken, which is about as long as a call takes; of 5 s at least, and of a minute at most.

use crate::circuit::patience::part;
use crate::clock::{Clock, Instant};
use crate::database::DatabaseError;
use crate::entropy::Entropy;
use crate::hex::hex;
use crate::log::{Event, Log};
use crate::ports::Ports;
use crate::provider::ProviderSettings;
use crate::repeat::repeat;
use crate::store::{Permit, PermitLimits};
use std::time::Duration;

/// What a slot is kept for beyond the call, before it counts as lost.
const MARGIN: Duration = Duration::from_secs(10);

/// The jobs that wait for a minute come within so long of its beginning.
const MINUTE_SPREAD_MS: i64 = 15_000;

/// The soonest that a job looks for a slot again.
const SLOT_MS: i64 = 2_000;
const SHORTEST_SPREAD_MS: i64 = 5_000;
const LONGEST_SPREAD_MS: i64 = 60_000;

/// Bytes of the name of one taking, beside its holder's.
const NAME_BYTES: usize = 8;

/// What came of asking for a permit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The call may be made, and what it holds is given back after it.
    Granted(Option<Held>),
    /// Not now: it may ask again at this instant.
    Wait(Instant),
}

/// A slot among the calls at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held {
    provider: String,
    holder: String,
}

/// Asks for a permit for a call that lasts `lasts` at most; `holder` names who asks, in the table.
pub(crate) async fn take<P: Ports>(
    ports: &P,
    settings: &ProviderSettings,
    holder: &str,
    lasts: Duration,
) -> Taken {
    let limits = PermitLimits {
        concurrency: settings.configuration.concurrency,
        calls_per_minute: settings.configuration.calls_per_minute,
    };
    if limits == PermitLimits::default() {
        return Taken::Granted(None);
    }
    let mut name = [0; NAME_BYTES];
    ports.entropy().fill(&mut name);
    let held = Held {
        provider: settings.name().to_owned(),
        holder: format!("{holder}/{}", hex(&name)),
    };
    let lasts = lasts.saturating_add(MARGIN);
    let ask = || async {
        let now = ports.clock().now();
        let until = now.plus(lasts);
        ports
            .store()
            .take_permit(&held.provider, limits, &held.holder, now, until)
            .await
    };
    match repeat(ports.clock(), ask).await {
        Ok(Permit::Granted) => Taken::Granted(limits.concurrency.map(|_| held)),
        Ok(Permit::NextMinute(minute_at)) => {
            let (now, unit) = (ports.clock().now(), ports.entropy().unit());
            Taken::Wait(in_next_minute(minute_at, now, unit))
        }
        Ok(Permit::NoSlot(since)) => {
            let (now, unit) = (ports.clock().now(), ports.entropy().unit());
            Taken::Wait(for_a_slot(since, now, unit))
        }
        Err(error) => {
            log_error(ports, "permit_not_taken", &held, &error);
            // It may be taken all the same, with only its answer lost.
            Taken::Granted(limits.concurrency.map(|_| held))
        }
    }
}

impl Held {
    /// Lets the next call have the slot.
    pub(crate) async fn give_back<P: Ports>(self, ports: &P) {
        let give_back = || ports.store().give_back_slot(&self.provider, &self.holder);
        if let Err(error) = repeat(ports.clock(), give_back).await {
            log_error(ports, "permit_not_given_back", &self, &error);
        }
    }
}

fn log_error(ports: &impl Ports, name: &'static str, held: &Held, error: &DatabaseError) {
    ports.log().write(
        Event::new(name)
            .with("provider", held.provider.as_str())
            .with("error.code", error.code())
            .with("error.message", error.to_string()),
    );
}

/// When a job asks again that got no permit at `now`; `unit` is a random number in `0.0..1.0`.
fn in_next_minute(minute_at: Instant, now: Instant, unit: f64) -> Instant {
    minute_at.max(now).plus_millis(part(MINUTE_SPREAD_MS, unit))
}

/// The same, when every slot is taken, the first of them `since`.
fn for_a_slot(since: Instant, now: Instant, unit: f64) -> Instant {
    let age = now.millis_since(since);
    let spread = age.clamp(SHORTEST_SPREAD_MS, LONGEST_SPREAD_MS);
    now.plus_millis(SLOT_MS).plus_millis(part(spread, unit))
}

#[cfg(test)]
mod tests;
