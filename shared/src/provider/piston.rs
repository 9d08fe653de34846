//! Version 2 of Piston's interface, which runs one program at a time and calls no functions.
//!
//! Written from the server's source, `api/src/api/v2.js` and `api/src/job.js` of
//! `engineer-man/piston` as of March 2026, because its documentation leaves out why a run ended.

use super::classify::Reading;
use super::error_body::ErrorBody;
use super::outgoing::{self, KeyField};
use super::{Destination, Misconfigured, ProviderRequest, ProviderSettings, executor};
use crate::execute::{LimitReached, OUTPUT_BYTES, Program, ProgramRun, RunInput, Runs, cut};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

const PATH: &str = "/api/v2/execute";

/// What a shell adds to the number of the signal that ended a program.
const SIGNALLED: i64 = 128;

#[derive(Serialize)]
struct Body<'a> {
    language: &'a str,
    version: &'a str,
    files: [File<'a>; 1],
    stdin: &'a str,
    args: [&'a str; 0],
    /// Milliseconds by the wall.
    run_timeout: u64,
    /// Milliseconds of the processor: without it, Piston's own limit would end the run earlier.
    run_cpu_time: u64,
    run_memory_limit: u64,
}

/// Without a name of its own, a file gets the one that the language's package expects.
#[derive(Serialize)]
struct File<'a> {
    content: &'a str,
}

/// The request that runs a program once, for `time` at most. For its compilation, Piston's own
/// limits hold.
///
/// # Errors
/// It is not reached over HTTP.
pub(super) fn request(
    settings: &ProviderSettings,
    program: &Program<'_>,
    run: Option<&RunInput<'_>>,
    time: Duration,
) -> Result<ProviderRequest, Misconfigured> {
    let most = Duration::from_millis(program.limits.time_ms.into());
    let millis = time.min(most).as_millis().max(1);
    let millis = u64::try_from(millis).unwrap_or(u64::MAX);
    let body = Body {
        language: program.language,
        version: program.version.unwrap_or("*"),
        files: [File {
            content: program.source_code,
        }],
        stdin: run.and_then(|run| run.stdin.as_deref()).unwrap_or_default(),
        args: [],
        run_timeout: millis,
        run_cpu_time: millis,
        run_memory_limit: program.limits.memory_bytes(),
    };
    let to = Destination::Url(outgoing::url(settings, PATH)?);
    // The key as it is: no scheme stands before it.
    let key = KeyField::Named("authorization");
    Ok(outgoing::post(settings, to, key, &[], &body))
}

#[derive(Deserialize)]
struct Reply {
    run: Option<Stage>,
    compile: Option<Stage>,
}

/// One stage of an execution. What Piston does not know is `null`.
#[derive(Deserialize)]
struct Stage {
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    code: Option<i64>,
    signal: Option<String>,
    /// Why it ended: `RE` with an exit code, `SG` by a signal, `TO` out of time, `OL` and `EL` out
    /// of room for output, `XX` because the sandbox failed.
    status: Option<String>,
    /// In milliseconds; older servers do not tell.
    wall_time: Option<f64>,
}

/// Reads the JSON of a reply whose status is a success.
pub(super) fn answer(body: &Value) -> Reading {
    let Ok(reply) = Reply::deserialize(body) else {
        return Reading::NoMessage;
    };
    // What does not compile is not run; the server then tells its compilation twice.
    let failed = reply.compile.filter(|compile| compile.code != Some(0));
    let Some(stage) = failed.or(reply.run) else {
        return Reading::NoMessage;
    };
    if stage.status.as_deref() == Some("XX") {
        return Reading::Error(ErrorBody {
            // As if the server had said so by its status.
            code: Some("500".to_owned()),
            ..ErrorBody::default()
        });
    }
    executor::reading(&Runs {
        runs: vec![stage.run()],
        not_run: 0,
    })
}

impl Stage {
    fn run(self) -> ProgramRun {
        let limit = self.limit();
        let by_signal = || SIGNALLED + number(self.signal.as_deref().unwrap_or("SIGKILL"));
        let exit_code = self.code.unwrap_or_else(by_signal);
        let (stdout, stdout_truncated) = cut(&self.stdout, OUTPUT_BYTES);
        let (stderr, stderr_truncated) = cut(&self.stderr, OUTPUT_BYTES);
        let ended_by = |status| self.status.as_deref() == Some(status);
        ProgramRun {
            stdout: stdout.to_owned(),
            stdout_truncated: stdout_truncated || ended_by("OL"),
            stderr: stderr.to_owned(),
            stderr_truncated: stderr_truncated || ended_by("EL"),
            exit_code,
            value: None,
            value_truncated: false,
            duration_ms: self.wall_time.map(whole_millis).unwrap_or_default(),
            limit,
        }
    }

    /// The limit that ended it. The kernel kills what takes more memory than it may have, and
    /// Piston says no more than that: nobody else sends this signal to a program in its sandbox
    /// but the program itself.
    fn limit(&self) -> Option<LimitReached> {
        match (self.status.as_deref(), self.signal.as_deref()) {
            (Some("TO"), _) => Some(LimitReached::Time),
            (Some("OL" | "EL"), _) => Some(LimitReached::Output),
            (_, Some("SIGKILL")) => Some(LimitReached::Memory),
            (_, _) => None,
        }
    }
}

/// The number of a signal; of one that ends no program by itself, that of `SIGKILL`.
fn number(signal: &str) -> i64 {
    match signal {
        "SIGHUP" => 1,
        "SIGINT" => 2,
        "SIGQUIT" => 3,
        "SIGILL" => 4,
        "SIGTRAP" => 5,
        "SIGABRT" => 6,
        "SIGBUS" => 7,
        "SIGFPE" => 8,
        "SIGSEGV" => 11,
        "SIGPIPE" => 13,
        "SIGTERM" => 15,
        "SIGXCPU" => 24,
        "SIGXFSZ" => 25,
        "SIGSYS" => 31,
        _ => 9,
    }
}

fn whole_millis(millis: f64) -> u64 {
    let time = Duration::try_from_secs_f64(millis / 1_000.0).unwrap_or_default();
    u64::try_from(time.as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
