//! Sessions at a terminal that a document shows: they are run, and must print what stands there.
//!
//! A session is one block or several of `console` in a document, each behind `<!-- session: NAME -->`.
//! A line that begins with `$ ` is typed; what follows it is what was printed. Ids, times and ports
//! are others each time: an id counts as the same when it is as many ids of its kind behind the
//! beginning of its session.
//!
//! With `REDRIVE_UPDATE_DOCS=1` what was printed is written into the document. A new line may then
//! name an id by its number: `redrive dlq show job_#1`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use regex_lite::{Captures, Regex};
use xtask::checkout;

use crate::terminal::Terminal;

const BLOCK: &str = "```console\n";
const END: &str = "```\n";
/// Printed while something goes on: whether these lines are there, and what they say, is chance.
const CHANCE: &str = r"(?m)^([\d,]+/[\d,]+|rate|time left) .*\n";
/// Lines that look and change nothing: they are typed again until they show what stands there.
const LOOKS: &str = r"^redrive (status|usage|doctor|audit|jobs ls|replay (status|ls|jobs)|dlq (ls|groups|show)|batch (status|ls)) ?[^|]*$";
/// How long a look may take to show it.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(500);
/// How long a look must show the same, when nobody knows what it is to show.
const SETTLED: Duration = Duration::from_secs(4);

/// A line that was typed, and what it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    typed: String,
    printed: String,
}

/// Ids in the order in which they first appeared, by kind.
#[derive(Default)]
struct Ids(BTreeMap<String, Vec<String>>);

impl Ids {
    fn number(&mut self, id: &str) -> String {
        let kind = id.split('_').next().unwrap_or_default();
        let known = self.0.entry(kind.to_owned()).or_default();
        let place = known.iter().position(|one| one == id).unwrap_or_else(|| {
            known.push(id.to_owned());
            known.len() - 1
        });
        format!("{kind}_#{}", place + 1)
    }

    /// A text with the number of each id in its place.
    fn numbered(&mut self, text: &str) -> Result<String> {
        let id = Regex::new(r"\b(job|bat|rep|ten|key|aud|file)_[0-9a-f]{32}\b")?;
        let number = |found: &Captures<'_>| self.number(&found[0]);
        Ok(id.replace_all(text, number).into_owned())
    }

    /// A text with each id in the place of its number.
    fn named(&self, text: &str) -> Result<String> {
        let number = Regex::new(r"\b([a-z]+)_#(\d+)")?;
        let name = |found: &Captures<'_>| {
            let known = self.0.get(&found[1]);
            let place = found[2].parse::<usize>().unwrap_or_default();
            let id = known.and_then(|known| known.get(place.wrapping_sub(1)));
            id.map_or_else(|| found[0].to_owned(), Clone::clone)
        };
        let named = number.replace_all(text, name).into_owned();
        ensure!(!named.contains("_#"), "no such id has appeared: {text}");
        Ok(named)
    }
}

/// A text without what differs each time; ids are numbers already.
fn masked(text: &str) -> Result<String> {
    let mut masked = text.to_owned();
    for (pattern, mask) in [
        (CHANCE, ""),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\breq_[0-9a-f]{32}\b", "req_#"),
        (r"\b\d+(\.\d+)? (ms|s)\b", "DURATION"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"--cursor \S+", "--cursor CURSOR"),
        ("ursor\":\"[^\"]*\"", "ursor\":\"CURSOR\""),
        (r"conversation [0-9a-f]{16}", "conversation HASH"),
    ] {
        masked = Regex::new(pattern)?.replace_all(&masked, mask).into_owned();
    }
    Ok(masked)
}

/// The steps of a block.
fn steps(block: &str) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            steps.push(Step {
                typed: typed.to_owned(),
                printed: String::new(),
            });
            continue;
        }
        let step = steps.last_mut().context("a block begins with `$ `")?;
        if step.printed.is_empty() && step.typed.ends_with('\\') {
            write!(step.typed, "\n{line}")?;
        } else {
            writeln!(step.printed, "{line}")?;
        }
    }
    Ok(steps)
}

fn block(steps: &[Step]) -> String {
    let step = |step: &Step| format!("$ {}\n{}", step.typed, step.printed);
    steps.iter().map(step).collect()
}

/// The places of the blocks of a session, or of all of them.
fn blocks(text: &str, session: Option<&str>) -> Vec<std::ops::Range<usize>> {
    let mark = session.map(|name| format!("<!-- session: {name} -->\n"));
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find(BLOCK).map(|at| from + at) {
        let begin = start + BLOCK.len();
        let end = text[begin..].find(END).map_or(text.len(), |at| begin + at);
        if mark
            .as_ref()
            .is_none_or(|mark| text[..start].ends_with(mark))
        {
            found.push(begin..end);
        }
        from = end;
    }
    found
}

/// The names of the sessions of a document, each once.
///
/// # Errors
/// When there is no such document, or a block belongs to no session.
pub fn names(document: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(checkout::path(document))?;
    let mut names = Vec::new();
    for place in blocks(&text, None) {
        let before = text[..place.start].trim_end_matches(BLOCK);
        let line = before.lines().last().unwrap_or_default();
        let name = line
            .strip_prefix("<!-- session: ")
            .and_then(|rest| rest.strip_suffix(" -->"))
            .with_context(|| format!("{document}: a block belongs to no session: {line}"))?;
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Types the lines of a session, and holds what they print to what the document shows; or writes it
/// there, where that is asked for.
///
/// # Errors
/// When something else was printed, or there is no such session.
pub fn play(document: &str, session: &str, terminal: &Terminal) -> Result<()> {
    /// Sessions of one document may be written at the same time.
    static WRITING: Mutex<()> = Mutex::new(());
    let is_update = std::env::var_os("REDRIVE_UPDATE_DOCS").is_some();
    let path = checkout::path(document);
    let text = fs::read_to_string(&path)?;
    let places = blocks(&text, Some(session));
    ensure!(!places.is_empty(), "{document} shows no session {session}");
    let mut player = Player::new(terminal, is_update);
    let mut done = Vec::new();
    for place in places {
        let shown = steps(&text[place])?;
        let steps = shown.iter().map(|step| player.play(step));
        done.push(
            steps
                .collect::<Result<Vec<_>>>()
                .context(session.to_owned())?,
        );
    }
    if is_update {
        let _guard = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = fs::read_to_string(&path)?;
        for (place, steps) in blocks(&text, Some(session)).into_iter().zip(done).rev() {
            text.replace_range(place, &block(&steps));
        }
        fs::write(&path, text)?;
    }
    Ok(())
}

struct Player<'t> {
    terminal: &'t Terminal,
    is_update: bool,
    shown: Ids,
    seen: Ids,
    /// How the latest line ended, for `echo $?`.
    code: i32,
}

impl<'t> Player<'t> {
    fn new(terminal: &'t Terminal, is_update: bool) -> Self {
        Self {
            terminal,
            is_update,
            shown: Ids::default(),
            seen: Ids::default(),
            code: 0,
        }
    }

    fn play(&mut self, step: &Step) -> Result<Step> {
        let numbered = self.shown.numbered(&step.typed)?;
        let expected = masked(&self.shown.numbered(&step.printed)?)?;
        let typed = self.seen.named(&numbered)?;
        let is_look = Regex::new(LOOKS)?.is_match(&typed);
        let deadline = Instant::now() + PATIENCE;
        let mut latest = (String::new(), Instant::now());
        loop {
            let line = format!("(exit {}); {typed}", self.code);
            let said = self.terminal.run(&line)?;
            let mut seen = Ids(self.seen.0.clone());
            let printed = masked(&seen.numbered(&said.text)?)?;
            if printed != latest.0 {
                latest = (printed.clone(), Instant::now());
            }
            let is_right = if self.is_update {
                !is_look || latest.1.elapsed() >= SETTLED
            } else {
                printed == expected
            };
            if is_right {
                self.code = said.code.unwrap_or(-1);
                self.seen = seen;
                return Ok(Step {
                    typed,
                    printed: said.text,
                });
            }
            ensure!(
                is_look && Instant::now() < deadline,
                "`{typed}` printed\n{printed}\nand the document shows\n{expected}\n\
                 With REDRIVE_UPDATE_DOCS=1 the test writes what was printed into the document."
            );
            sleep(PAUSE);
        }
    }
}
