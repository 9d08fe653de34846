//! The command line, as `clap` reads it and as `docs/cli.md` shows it.
#![expect(
    clippy::doc_markdown,
    reason = "the comments of options are their help, which is plain text"
)]

mod admin;
mod batch;
mod dead_letters;
mod jobs;
mod replays;
mod values;
mod whom;

pub(crate) use admin::{KeyCommand, TenantCommand, UsageOptions};
pub(crate) use batch::{
    BatchCommand, BatchOptions, BatchResults, FileToWrite, ListBatches, RunBatch, SubmitBatch,
    WatchBatch,
};
pub(crate) use dead_letters::{
    Changes, DeadLetterCommand, LetterFilter, ListLetters, PurgeLetters, ReplayLetters,
};
pub(crate) use replays::{AuditCommand, ListAudit, ReplayCommand};

pub(crate) use jobs::{
    ExecuteOptions, FileOptions, GenerateOptions, JobOptions, JobsCommand, StatusOptions,
    SubmitCommand, SubmitOptions, TestsOptions,
};
pub(crate) use values::PageOptions;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Submits jobs to a Redrive server, watches them, and replays what died
///
/// The server and the key come from --url and --key, from REDRIVE_URL and REDRIVE_KEY, or from a
/// profile of the configuration file, in this order; with `--profile NAME` neither variable is read.
#[derive(Debug, Parser)]
#[command(
    name = "redrive",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 all is well; 1 the thing failed: a job, lines of a batch, a check; \
                  2 the command line or the configuration is wrong, and nothing was sent; 3 the \
                  server refused; 4 the server could not be reached or could not serve; 130 stopped \
                  by Ctrl-C."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalOptions {
    /// The server's URL [env: REDRIVE_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The API key; other users of this machine can see it here, so set REDRIVE_KEY rather [env:
    /// REDRIVE_KEY]
    #[arg(long, global = true, value_name = "KEY", hide_default_value = true)]
    pub(crate) key: Option<String>,
    /// The profile of the configuration file to use [env: REDRIVE_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The configuration file, in the place of redrive/config.toml in the folder of configurations
    /// [env: REDRIVE_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the server's document as it is, for scripts; JSON Lines for streams
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The seconds that the server may say nothing [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: Option<u64>,
    /// How often a request is sent again that is safe to repeat [default: 5; 100 for `batch run`]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) retries: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Submits one job
    #[command(subcommand)]
    Submit(SubmitCommand),
    /// Shows a job
    Status(StatusOptions),
    /// Cancels a job that has not ended
    Cancel {
        /// The job's id
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Works on many jobs at once
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Lists jobs
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Finds out why jobs died, and puts them back
    #[command(subcommand)]
    Dlq(DeadLetterCommand),
    /// Watches and steers replays of many dead letters
    #[command(subcommand)]
    Replay(ReplayCommand),
    /// Shows what operators and owners did
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Adds up calls, tokens and cost
    Usage(UsageOptions),
    /// Makes, lists and revokes API keys, with the deployment's ADMIN_KEY or a key of the scope admin
    #[command(subcommand)]
    Keys(KeyCommand),
    /// Makes and lists tenants, with the deployment's ADMIN_KEY or a key of the scope admin
    #[command(subcommand)]
    Tenants(TenantCommand),
    /// Checks server, key, clock and readiness, and says what to do
    Doctor {
        /// Fail also when the key lacks this scope; may be repeated
        #[arg(long, value_name = "SCOPE", value_parser = values::scopes())]
        need: Vec<String>,
    },
    /// Prints what a shell needs to complete this command
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    /// The names of every command's own arguments, each behind the name of the command.
    fn own(command: &clap::Command) -> Vec<(String, String)> {
        let name = command.get_name().to_owned();
        let named = |id: &clap::Id| (name.clone(), id.to_string());
        let here = command
            .get_arguments()
            .map(|argument| named(argument.get_id()));
        let below = command.get_subcommands().flat_map(own);
        here.chain(below).collect()
    }

    #[test]
    fn no_argument_of_a_command_passes_for_an_option_of_every_command() {
        let root = Arguments::command();
        let everywhere: Vec<String> = root
            .get_arguments()
            .map(|argument| argument.get_id().to_string())
            .collect();
        assert!(everywhere.contains(&"key".to_owned()));
        for command in root.get_subcommands() {
            for (name, id) in own(command) {
                assert!(!everywhere.contains(&id), "{name} {id}");
            }
        }
    }
}
