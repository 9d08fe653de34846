use clap::{Args, Subcommand};

use super::values::{self, PageOptions};

/// Work on replays of many dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum ReplayCommand {
    /// Lists replays, newest first
    Ls(PageOptions),
    /// Shows a replay
    Status {
        /// The replay's id
        #[arg(value_name = "REPLAY")]
        replay: String,
        /// Show its progress until all that was put back has ended; exit code 1 if something did
        /// not succeed
        #[arg(long)]
        watch: bool,
    },
    /// Lists the jobs of a replay
    Jobs {
        /// The replay's id
        #[arg(value_name = "REPLAY")]
        replay: String,
        #[command(flatten)]
        page: PageOptions,
    },
    /// Puts nothing more back until it is resumed
    Pause {
        /// The replay's id
        #[arg(value_name = "REPLAY")]
        replay: String,
    },
    /// Goes on with a replay that was paused
    Resume {
        /// The replay's id
        #[arg(value_name = "REPLAY")]
        replay: String,
    },
    /// Ends a replay; what was put back goes on
    Abort {
        /// The replay's id
        #[arg(value_name = "REPLAY")]
        replay: String,
    },
}

/// What was done by operators and owners.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Lists entries of the audit log, newest first
    Ls(ListAudit),
}

#[derive(Args, Debug)]
pub(crate) struct ListAudit {
    /// Only this action, such as replay.create or dead_letters.purge
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Only what this key did
    #[arg(long, value_name = "KEY")]
    pub(crate) actor: Option<String>,
    /// Only what was done to this
    #[arg(long, value_name = "ID")]
    pub(crate) subject: Option<String>,
    /// Only what was done from this time on: RFC 3339, a day, or an age such as 36h
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) after: Option<String>,
    /// Only what was done before this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) before: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageOptions,
}
