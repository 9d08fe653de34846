//! What each command does.

mod admin;
mod audit;
mod batch;
mod dead_letters;
mod doctor;
mod job;
mod jobs;
mod page;
mod replays;
mod submit;

use std::time::Duration;

use clap::CommandFactory as _;

use crate::arguments::{Arguments, Command, GlobalOptions};
use crate::client::Client;
use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::settings::{Environment, Settings};

/// How long the server may say nothing, unless `--timeout` says.
const SILENCE_SECONDS: u64 = 30;
/// How often a call is repeated, unless `--retries` says.
const RETRIES: u32 = 5;
/// The least time between two questions about the same thing.
const PAUSE: Duration = Duration::from_secs(1);

/// What every command works with.
pub(crate) struct Context<'c> {
    pub(crate) client: Client<'c>,
    pub(crate) console: &'c Console,
    pub(crate) options: &'c GlobalOptions,
}

/// Carries out what the command line says.
///
/// # Errors
/// Why it was not done.
pub(crate) async fn carry_out(arguments: Arguments, console: &Console) -> Result<Outcome, Failure> {
    if let Command::Completions { shell } = arguments.command {
        return completions(shell, console);
    }
    let options = &arguments.options;
    let settings = Settings::read(options, &Environment::of_process())?;
    for warning in &settings.warnings {
        console.warn(warning);
    }
    if let Command::Doctor { need } = &arguments.command {
        return doctor::examine(&settings, options, need, console).await;
    }
    let context = Context {
        client: client(&settings, settings.usable_key()?, options, console)?,
        console,
        options,
    };
    match arguments.command {
        Command::Submit(command) => submit::submit(&context, command).await,
        Command::Status(options) => job::status(&context, &options).await,
        Command::Cancel { job } => job::cancel(&context, &job).await,
        Command::Jobs(command) => jobs::list(&context, command).await,
        Command::Batch(command) => batch::carry_out(&context, command).await,
        Command::Dlq(command) => dead_letters::carry_out(&context, command).await,
        Command::Replay(command) => replays::carry_out(&context, command).await,
        Command::Audit(command) => audit::list(&context, command).await,
        Command::Usage(options) => admin::usage(&context, options).await,
        Command::Keys(command) => admin::keys(&context, command).await,
        Command::Tenants(command) => admin::tenants(&context, command).await,
        Command::Doctor { .. } | Command::Completions { .. } => Ok(Outcome::Done),
    }
}

fn client<'c>(
    settings: &Settings,
    key: Option<String>,
    options: &GlobalOptions,
    console: &'c Console,
) -> Result<Client<'c>, Failure> {
    let silence = Duration::from_secs(options.timeout.unwrap_or(SILENCE_SECONDS));
    let retries = options.retries.unwrap_or(RETRIES);
    Client::new(settings.base()?, key, silence, retries, console)
}

/// Prints a shell's script. It needs neither server nor configuration.
fn completions(shell: clap_complete::Shell, console: &Console) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "redrive", &mut script);
    console.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Outcome::Done)
}
