//! Why a command did not do what it was asked, and the exit code that says so.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use crate::client::ApiError;

/// Exit codes: a promise to scripts, and part of `docs/cli.md`.
pub(crate) mod exit {
    /// The thing failed: a job or lines of a batch, a check of `doctor`, a file.
    pub(crate) const FAILED: u8 = 1;
    /// The command line, the configuration or an input file is not right; nothing was sent.
    pub(crate) const USAGE: u8 = 2;
    /// The server refused the request: an answer of 4xx.
    pub(crate) const REFUSED: u8 = 3;
    /// The server could not be reached, or could not serve: an answer of 5xx.
    pub(crate) const UNREACHABLE: u8 = 4;
    /// Stopped by Ctrl-C, as shells number it.
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// Why a command ended without doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nothing was sent: change the command line or the configuration.
    #[error("{0}")]
    Usage(String),
    /// The server answered, and not with success.
    #[error(transparent)]
    Api(#[from] Box<ApiError>),
    /// No answer came, or it broke off: the same command may work later.
    #[error("{0}")]
    Unreachable(String),
    /// The thing itself failed.
    #[error("{0}")]
    Failed(String),
    /// Ctrl-C; what is to be said was said.
    #[error("interrupted")]
    Interrupted,
    /// Who read our output is gone, and wants to hear no more.
    #[error("nobody reads the output any more")]
    Unread,
    /// Something on this machine: a file, the terminal.
    #[error("{0:#}")]
    Local(#[from] anyhow::Error),
}

/// What a command that ran to its end found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// The thing failed, and was told: a job, some lines, a check.
    Failed,
}

impl Failure {
    /// The exit code, as `docs/cli.md` lists it.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => exit::USAGE,
            Self::Api(error) if error.status >= 500 => exit::UNREACHABLE,
            Self::Api(_) => exit::REFUSED,
            Self::Unreachable(_) => exit::UNREACHABLE,
            Self::Failed(_) | Self::Local(_) => exit::FAILED,
            Self::Interrupted => exit::INTERRUPTED,
            Self::Unread => 0,
        }
    }

    /// Whether the same may work a little later, because no answer came or the server could not
    /// serve.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Api(error) => error.may_pass(),
            Self::Usage(_)
            | Self::Failed(_)
            | Self::Interrupted
            | Self::Unread
            | Self::Local(_) => false,
        }
    }

    /// Whether the server refused with this code.
    pub(crate) fn is(&self, code: &str) -> bool {
        matches!(self, Self::Api(error) if error.is(code))
    }

    /// The same with what to do, which only the command knows that was given.
    pub(crate) fn with_hint(self, hint: &str) -> Self {
        match self {
            Self::Api(mut error) => {
                error.hint = Some(hint.to_owned());
                Self::Api(error)
            }
            Self::Usage(_)
            | Self::Unreachable(_)
            | Self::Failed(_)
            | Self::Interrupted
            | Self::Unread
            | Self::Local(_) => self,
        }
    }

    /// How long the server asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::Usage(_)
            | Self::Unreachable(_)
            | Self::Failed(_)
            | Self::Interrupted
            | Self::Unread
            | Self::Local(_) => None,
        }
    }

    /// A failure to write what was asked for.
    pub(crate) fn of_output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Unread
        } else {
            Self::Local(anyhow::Error::new(error).context("cannot write the output"))
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Failed => Self::from(exit::FAILED),
        }
    }
}
