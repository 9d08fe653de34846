//! The command `redrive` as somebody types it, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use xtask::build;

/// A shell in an empty folder, whose command `redrive` speaks to one server with one key.
pub struct Terminal {
    folder: TempDir,
    command: PathBuf,
    url: String,
    key: String,
}

/// What a command line printed, both streams as they came, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// What it printed.
    pub text: String,
    /// Its exit code; `None`: a signal ended it.
    pub code: Option<i32>,
}

impl Terminal {
    /// Builds the command if that has not been done, and opens a terminal.
    ///
    /// # Errors
    /// What the compiler says.
    pub fn open(url: &str, key: &str) -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            command: build::redrive()?,
            url: url.to_owned(),
            key: key.to_owned(),
        })
    }

    /// Where a file of the folder lies.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When the disk takes it not.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.path(name), text).with_context(|| format!("cannot write {name}"))
    }

    /// Types a line for the shell, and waits until it has ended.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn run(&self, line: &str) -> Result<Said> {
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("exec 2>&1; {line}")]);
        let output = self.prepare(&mut shell).output();
        let output = output.with_context(|| format!("cannot run {line}"))?;
        Ok(Said {
            text: String::from_utf8(output.stdout)?,
            code: output.status.code(),
        })
    }

    /// Starts `redrive` with these arguments; what it prints goes into a file of the folder.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self, arguments: &[&str], prints_to: &str) -> Result<Child> {
        let out = fs::File::create(self.path(prints_to))?;
        let mut command = Command::new(&self.command);
        command.args(arguments);
        self.prepare(&mut command)
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .context("redrive does not start")
    }

    fn prepare<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let programs = self.command.parent().unwrap_or_else(|| Path::new("/"));
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("REDRIVE_URL", &self.url)
            .env("REDRIVE_KEY", &self.key)
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("TZ", "UTC")
    }
}

/// The most memory that a process had so far, in KiB; `None` where the system does not tell, or once
/// it has ended.
#[must_use]
pub fn peak_memory(process: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Kills a process as a power cut would.
///
/// # Errors
/// When it had ended by then.
pub fn kill(process: &mut Child) -> Result<()> {
    ensure!(process.try_wait()?.is_none(), "it has ended already");
    process.kill()?;
    process.wait()?;
    Ok(())
}
