//! Repeats a database call that failed for a moment, while the caller waits.

use crate::clock::Clock;
use crate::database::DatabaseError;
use std::time::Duration;

/// The pauses between the tries: three tries in all, within a third of a second.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

/// Makes `call`, and makes it again after a pause when the database failed for a moment.
///
/// A try that failed may have taken effect, with only its answer lost: `call` must be safe to
/// repeat. An overloaded database is not asked again, because that would load it more.
///
/// # Errors
/// What the last try answered.
pub async fn repeat<T, F>(
    clock: &impl Clock,
    call: impl Fn() -> F + Send,
) -> Result<T, DatabaseError>
where
    F: Future<Output = Result<T, DatabaseError>> + Send,
{
    for pause in PAUSES {
        match call().await {
            Err(DatabaseError::Transient(_)) => clock.sleep(pause).await,
            Ok(answer) => return Ok(answer),
            Err(
                error @ (DatabaseError::Overloaded(_)
                | DatabaseError::Corrupt(_)
                | DatabaseError::Other(_)),
            ) => return Err(error),
        }
    }
    call().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::native::ManualClock;
    use futures_util::FutureExt;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Fails with `error` the first `failures` times; answers the number of tries with the outcome.
    fn tries(failures: u32, error: &DatabaseError) -> (u32, Result<(), DatabaseError>) {
        let made = AtomicU32::new(0);
        let clock = ManualClock::at(Instant::from_millis(0));
        let outcome = repeat(&clock, || async {
            if made.fetch_add(1, Ordering::Relaxed) < failures {
                Err(error.clone())
            } else {
                Ok(())
            }
        })
        .now_or_never()
        .expect("a manual clock never makes a caller wait");
        (made.into_inner(), outcome)
    }

    #[test]
    fn a_moment_of_failure_is_ridden_out_and_a_long_one_is_reported() {
        let transient = DatabaseError::Transient("Network connection lost".to_owned());
        assert_eq!(tries(0, &transient), (1, Ok(())));
        assert_eq!(tries(2, &transient), (3, Ok(())));
        assert_eq!(tries(9, &transient), (3, Err(transient.clone())));
    }

    #[test]
    fn an_overloaded_or_broken_database_is_asked_once() {
        for error in [
            DatabaseError::Overloaded("overloaded".to_owned()),
            DatabaseError::Corrupt("a row".to_owned()),
            DatabaseError::Other("no such table".to_owned()),
        ] {
            assert_eq!(tries(9, &error), (1, Err(error.clone())));
        }
    }
}
