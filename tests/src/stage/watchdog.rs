//! Ends a stack that outlives the process which started it.
//!
//! A stack that all tests of a process share is never dropped, and a process that is killed drops
//! nothing. So a shell stands by: it reads from a pipe which of the stack's process groups run,
//! and ends them when the pipe is closed, which the operating system does however the process
//! ends.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result};

/// Keeps the latest line, and at the end of the input asks the groups on it to end; after five
/// seconds it kills them.
const SCRIPT: &str = r#"
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -s TERM -- "-$group"; done
tries=50
while [ "$tries" -gt 0 ]; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" && alive=yes; done
  [ -n "$alive" ] || exit 0
  sleep 0.1
  tries=$((tries - 1))
done
for group in $groups; do kill -s KILL -- "-$group"; done
"#;

/// The shell that stands by. Dropping it makes it end what it still watches.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    input: Option<ChildStdin>,
}

impl Watchdog {
    /// Stands by with nothing to watch yet. `lock` stays open, and so locked, until all has ended.
    pub(crate) fn start(lock: File) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(lock)
            .stderr(Stdio::null())
            // Ctrl-C in a terminal is not for it.
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        let input = shell.stdin.take();
        Ok(Self { shell, input })
    }

    /// From now on these process groups are watched, and no others.
    pub(crate) fn watch(&mut self, groups: &[i32]) -> Result<()> {
        let line: Vec<String> = groups.iter().map(i32::to_string).collect();
        let input = self.input.as_mut().context("the watchdog has no input")?;
        writeln!(input, "{}", line.join(" ")).context("the watchdog is gone")
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has ended, or does so by itself: there is nothing to do about an error.
        self.shell.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep")
            .arg("300")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    fn group(child: &Child) -> i32 {
        i32::try_from(child.id()).unwrap()
    }

    fn ends(child: &mut Child) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }

    #[test]
    fn what_is_watched_ends_with_the_watchdog_and_what_is_no_longer_watched_stays() {
        let (mut first, mut second) = (sleeper(), sleeper());
        let mut watchdog = Watchdog::start(tempfile::tempfile().unwrap()).unwrap();
        watchdog.watch(&[group(&first)]).unwrap();
        watchdog.watch(&[group(&second)]).unwrap();
        let dropping = std::thread::spawn(move || drop(watchdog));
        // The second has to be taken off the process table for the watchdog to see that it ended.
        assert!(ends(&mut second), "the second still runs");
        dropping.join().unwrap();
        assert!(first.try_wait().unwrap().is_none(), "the first was ended");
        first.kill().unwrap();
        first.wait().unwrap();
    }

    #[test]
    fn lock_is_held_until_the_watchdog_ends() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let lock = path.reopen().unwrap();
        lock.lock().unwrap();
        let watchdog = Watchdog::start(lock).unwrap();
        let other = path.reopen().unwrap();
        assert!(other.try_lock().is_err());
        drop(watchdog);
        other.try_lock().unwrap();
    }
}
