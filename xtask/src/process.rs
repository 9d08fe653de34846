//! Child processes: run to their end, or kept in a process group that ends with its owner.
//!
//! `wrangler` starts `workerd` as a child of its own, so what has to end is the whole group.
//! A group ends when its owner is dropped, and when this process gets SIGINT, SIGTERM or SIGHUP.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// How long a group may take to end by itself before it is killed.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// The groups that are alive, by the process id of their first member.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
static SIGNALS: Once = Once::new();
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Whether this process was told to end: its children are ending because of that.
pub(crate) fn stopping() -> bool {
    STOPPING.load(Ordering::Relaxed)
}

/// Returns at once, unless this process was told to end: then the signal handler ends it.
pub fn wait_if_stopping() {
    while stopping() {
        sleep(POLL);
    }
}

/// Runs a command to its end with the terminal's own output.
///
/// # Errors
/// If it cannot be started, or ends with anything but success.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", line(command)))?;
    succeeded(command, status)
}

/// Runs a command to its end and gives back what it printed on its standard output. What it
/// printed on its standard error is shown only when it fails.
///
/// # Errors
/// If it cannot be started, ends with anything but success, or prints what is not UTF-8.
pub fn capture(command: &mut Command) -> Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .with_context(|| format!("cannot start {}", line(command)))?;
    if !status.success() {
        eprint!("{}", String::from_utf8_lossy(&stderr));
    }
    succeeded(command, status)?;
    String::from_utf8(stdout).with_context(|| format!("{} printed no text", line(command)))
}

/// Runs a command to its end and shows what it printed only when it fails.
///
/// # Errors
/// If it cannot be started, or ends with anything but success.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", line(command)))?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
    }
    succeeded(command, output.status)
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("{} ended with {status}", line(command))
}

/// The command as it would be typed, without its environment.
pub(crate) fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A process and its descendants. Dropping it ends them all.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Child,
    id: i32,
}

impl Group {
    /// Starts a command as the first process of a group of its own.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        end_groups_on_signals()?;
        let shown = line(command);
        // Held while the process starts, so that a signal cannot fall between its start and its
        // entry in the list.
        let mut groups = groups();
        let mut leader = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {shown}"))?;
        let Ok(id) = i32::try_from(leader.id()) else {
            leader.kill()?;
            bail!("{shown} got an impossible process id");
        };
        groups.insert(id);
        Ok(Self { leader, id })
    }

    /// The process group's id.
    pub(crate) fn id(&self) -> i32 {
        self.id
    }

    /// The first process, for its pipes.
    pub(crate) fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// How the first process ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.leader.try_wait().context("cannot wait for a child")
    }

    /// The process ids of the group's members that run a program of this name.
    pub(crate) fn members_named(&self, program: &str) -> Result<Vec<u32>> {
        let listing = capture(Command::new("ps").args(["-A", "-o", "pid=,pgid=,comm="]))?;
        Ok(members_named(&listing, self.id, program))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        end(self.id, &mut || matches!(self.leader.try_wait(), Ok(None)));
        groups().remove(&self.id);
    }
}

/// Whether a process group of this id runs a command with this text in its arguments. The text
/// tells a group of ours from a later one that got the same id.
pub(crate) fn group_runs(id: i32, text: &str) -> Result<bool> {
    let listing = capture(Command::new("ps").args(["-A", "-o", "pgid=,args="]))?;
    Ok(listing.lines().any(|line| {
        line.trim_start()
            .split_once(' ')
            .is_some_and(|(group, arguments)| group.parse() == Ok(id) && arguments.contains(text))
    }))
}

fn members_named(listing: &str, group: i32, program: &str) -> Vec<u32> {
    listing
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let id = words.next()?.parse().ok()?;
            let group_of: i32 = words.next()?.parse().ok()?;
            let name = words.next()?.rsplit('/').next()?;
            (group_of == group && name == program).then_some(id)
        })
        .collect()
}

/// Asks a group to end, and kills what is left of it after the grace period.
fn end(id: i32, running: &mut dyn FnMut() -> bool) {
    let group = Pid::from_raw(id);
    let deadline = Instant::now() + GRACE;
    // An error here means that no process of the group is left.
    let mut alive = killpg(group, Signal::SIGTERM).is_ok();
    while alive && Instant::now() < deadline {
        sleep(POLL);
        let leader_runs = running();
        alive = leader_runs || killpg(group, None).is_ok();
    }
    if alive {
        _ = killpg(group, Signal::SIGKILL);
        while running() {
            sleep(POLL);
        }
    }
}

/// Whether a child still runs; one that has ended is taken off the process table by the question.
fn unreaped(id: i32) -> bool {
    matches!(
        waitpid(Pid::from_raw(id), Some(WaitPidFlag::WNOHANG)),
        Ok(WaitStatus::StillAlive)
    )
}

fn groups() -> MutexGuard<'static, BTreeSet<i32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sees to it, once a process, that no child outlives it when it is told to end.
fn end_groups_on_signals() -> Result<()> {
    let mut outcome = Ok(());
    SIGNALS.call_once(|| {
        outcome = ctrlc::set_handler(|| {
            STOPPING.store(true, Ordering::Relaxed);
            let groups = groups().clone();
            eprintln!("\nstopping: ending {} process group(s)", groups.len());
            let ends: Vec<_> = groups
                .into_iter()
                .map(|id| std::thread::spawn(move || end(id, &mut || unreaped(id))))
                .collect();
            for end in ends {
                _ = end.join();
            }
            eprintln!("stopped: nothing of the stack is left running");
            std::process::exit(130);
        })
        .context("cannot handle Ctrl-C");
    });
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_a_group_ends_the_children_of_its_first_process() {
        let group = Group::start(Command::new("sh").args(["-c", "sleep 300 & sleep 300"])).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while group.members_named("sleep").unwrap().len() < 2 {
            assert!(Instant::now() < deadline, "the children never started");
            sleep(POLL);
        }
        let id = group.id();
        drop(group);
        assert!(killpg(Pid::from_raw(id), None).is_err());
    }

    #[test]
    fn members_are_found_by_group_and_by_the_last_part_of_their_path() {
        let listing = "  12  10 node\n 13 10 /a/b/workerd\n 14 99 workerd\nnonsense\n";
        assert_eq!(members_named(listing, 10, "workerd"), [13]);
    }
}
