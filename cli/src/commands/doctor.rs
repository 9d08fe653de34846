//! `doctor`: what is in the way of working with the server, and what to do about it.

mod checks;
mod key;
mod report;

use super::client;
use crate::arguments::GlobalOptions;
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::settings::Settings;
use report::Report;

/// Runs every check that the ones before allow, and says for each what it found.
///
/// # Errors
/// When the report cannot be written. What the checks find is no error.
pub(super) async fn examine(
    settings: &Settings,
    options: &GlobalOptions,
    needed: &[String],
    console: &Console,
) -> Result<Outcome, Failure> {
    let mut report = Report::new(console);
    let key = settings.usable_key();
    // What is open to everybody is asked without a key.
    let sent = key.as_ref().ok().cloned().flatten();
    match client(settings, sent, options, console) {
        Err(failure) => {
            let advice = match settings.url {
                Some(_) => checks::ADVICE_WRONG_URL,
                None => checks::ADVICE_URL,
            };
            report.bad("configuration", &failure.to_string(), advice);
        }
        Ok(client) => {
            // What does not answer is told at once.
            let client = client.with_retries(options.retries.unwrap_or(1));
            let url = client.base();
            let source = settings.url.as_ref().map(|found| found.source.to_string());
            report.good(
                "configuration",
                &format!("{url} {}", source.unwrap_or_default()),
            );
            if checks::server(&client, &mut report).await {
                checks::readiness(&client, &mut report).await;
                match &key {
                    Ok(_) => key::check(&client, settings, needed, &mut report).await,
                    Err(failure) => report.bad("key", &failure.to_string(), key::ADVICE_UNUSABLE),
                }
            } else if let Err(failure) = &key {
                report.bad("key", &failure.to_string(), key::ADVICE_UNUSABLE);
            }
        }
    }
    report.end()
}
