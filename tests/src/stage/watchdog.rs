//! Ends a stack that outlives the process which started it.
//!
//! A stack that all tests of a process share is never dropped, and a process that is killed drops
//! nothing. So a shell stands by and reads from a pipe: the pipe is closed when the process ends,
//! however it ends, and then the shell ends the stack.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result};

/// Waits for the end of the input. Then asks every process group to end that runs `wrangler dev` on
/// the folder, known by its arguments, and after five seconds kills what is left of it.
const SCRIPT: &str = r#"
while read -r line; do :; done
groups=$(ps -A -ww -o pgid= -o args= | while read -r group arguments; do
  case $arguments in *" dev "*"--persist-to $FOLDER "*) echo "$group" ;; esac
done | sort -u)
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

/// The shell that stands by. Dropping it ends what still runs.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    input: Option<ChildStdin>,
}

impl Watchdog {
    /// Stands by for the stack that runs on `folder`, an absolute path. `lock` stays open, and so
    /// locked, until all has ended.
    pub(crate) fn start(folder: &Path, lock: File) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .env("FOLDER", folder)
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

    /// Something that looks like a stack on this folder.
    fn stack_on(folder: &str) -> Child {
        Command::new("sh")
            .args([
                "-c",
                "sleep 300; :",
                "wrangler",
                "dev",
                "--persist-to",
                folder,
                "--ip",
            ])
            .process_group(0)
            .spawn()
            .unwrap()
    }

    fn ends(child: &mut Child) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    #[test]
    fn stack_on_the_folder_ends_with_the_watchdog_and_no_other_does() {
        let (mut own, mut other) = (stack_on("/nowhere/a stack"), stack_on("/nowhere/a stack/b"));
        let lock = tempfile::tempfile().unwrap();
        let watchdog = Watchdog::start(Path::new("/nowhere/a stack"), lock).unwrap();
        let dropping = std::thread::spawn(move || drop(watchdog));
        // It has to be taken off the process table for the watchdog to see that it ended.
        assert!(ends(&mut own), "the stack still runs");
        dropping.join().unwrap();
        assert!(
            other.try_wait().unwrap().is_none(),
            "another stack was ended"
        );
        let group = nix::unistd::Pid::from_raw(i32::try_from(other.id()).unwrap());
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn lock_is_held_until_the_watchdog_ends() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let lock = path.reopen().unwrap();
        lock.lock().unwrap();
        let watchdog = Watchdog::start(Path::new("/nowhere"), lock).unwrap();
        let other = path.reopen().unwrap();
        assert!(other.try_lock().is_err());
        drop(watchdog);
        other.try_lock().unwrap();
    }
}
