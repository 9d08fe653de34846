//! Nothing that was there is destroyed, and what cannot be written is found before anything is sent.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{geteuid, mkfifo};

use super::stopped::stop;
use super::{RUN, assert_complete};
use crate::command::{Bench, Said};
use crate::server::Fault;

const FAILS: &str = "{\"prompt\":\"fail\"}\n";

/// A batch with a line that failed.
fn failed() -> Bench {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    bench.run("batch submit in.jsonl").code(0);
    bench.run("batch status bat_1 --watch").code(1);
    bench
}

fn assert_refused(bench: &Bench, line: &str, reason: &str) {
    let said = bench.run(line).code(2);
    assert!(said.err.contains(reason), "{line}: {}", said.err);
    assert_eq!(bench.server.seen().len(), 0, "{line}: nothing was sent");
}

#[test]
fn the_files_of_a_run_are_different_ones() {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    let at = |name: &str| bench.folder.path().join(name);
    symlink("in.jsonl", at("soft.jsonl")).unwrap();
    fs::hard_link(at("in.jsonl"), at("hard.jsonl")).unwrap();
    symlink("out.jsonl", at("to-out.jsonl")).unwrap();
    fs::create_dir(at("inner")).unwrap();
    let absolute = at("in.jsonl");
    for errors in [
        "out.jsonl",
        "./out.jsonl",
        "to-out.jsonl",
        "out.jsonl.redrive",
        "inner/../out.jsonl.redrive",
        "in.jsonl",
        "soft.jsonl",
        "hard.jsonl",
        absolute.to_str().unwrap(),
    ] {
        let line = format!("{RUN} --errors {errors}");
        assert_refused(&bench, &line, "are the same file");
    }
    for line in [
        "batch run in.jsonl -o in.jsonl",
        "batch run out.jsonl.redrive -o out.jsonl",
        "batch run out.errors.jsonl -o out.jsonl",
    ] {
        assert_refused(&bench, line, "are the same file");
    }
    assert_eq!(bench.read("in.jsonl"), FAILS);
    assert!(!bench.has("out.jsonl"));
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_anything_is_sent() {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    let at = |name: &str| bench.folder.path().join(name);
    fs::create_dir(at("locked")).unwrap();
    fs::set_permissions(at("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
    for (options, reason) in [
        ("-o out.jsonl --errors nowhere/e.jsonl", "cannot write"),
        ("-o out.jsonl --errors .", "is a folder"),
        ("-o out.jsonl --errors -", "name a file"),
        ("-o -", "name a file"),
        ("-o pipe", "no regular file"),
        ("-o /dev/null", "no regular file"),
        ("-o .", "no regular file"),
    ] {
        assert_refused(&bench, &format!("batch run in.jsonl {options}"), reason);
    }
    // Root may write everywhere.
    if !geteuid().is_root() {
        let line = "batch run in.jsonl -o out.jsonl --errors locked/e.jsonl";
        assert_refused(&bench, line, "cannot write");
    }
    for line in ["batch run pipe -o out.jsonl", "batch submit pipe"] {
        assert_refused(&bench, line, "is no file");
    }
    assert!(!bench.has("out.jsonl") && !bench.has("-"));
    assert!(fs::metadata(at("pipe")).unwrap().file_type().is_fifo());
}

#[test]
fn errors_of_an_older_run_are_not_written_over() {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    bench.write("out.errors.jsonl", "older");
    assert_refused(&bench, RUN, "name another file with --errors");
    assert_eq!(bench.read("out.errors.jsonl"), "older");
    bench.write("out.errors.jsonl", "");
    bench.run(RUN).code(1);
    assert_eq!(bench.lines("out.errors.jsonl").len(), 1);
}

#[test]
fn errors_that_somebody_else_wrote_during_the_run_stay() {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    bench.server.lay("GET", "/results", 0, Fault::HangBefore);
    let child = bench.start(RUN);
    bench.server.wait_until_hanging();
    bench.write("out.errors.jsonl", "of somebody else");
    stop(child, Signal::SIGKILL);
    let said = bench.run(RUN).code(2);
    assert!(said.err.contains("--errors"), "{}", said.err);
    assert_eq!(bench.read("out.errors.jsonl"), "of somebody else");
    bench.run(&format!("{RUN} --errors mine.jsonl")).code(1);
    assert_eq!(bench.lines("mine.jsonl").len(), 1);
    assert_complete(&bench, 1);
}

#[test]
fn a_run_goes_on_after_its_errors_are_written() {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    // Killed between the file of errors and the end of the journal, as the journal tells it.
    bench.server.lay("GET", "/errors", 0, Fault::HangBefore);
    let child = bench.start(RUN);
    bench.server.wait_until_hanging();
    stop(child, Signal::SIGKILL);
    bench.write("out.errors.jsonl", "{}\n");
    bench.run(RUN).code(1);
    assert_eq!(bench.lines("out.errors.jsonl")[0]["error"]["line"], 1);
    assert_complete(&bench, 1);
}

#[test]
fn errors_follow_a_link_and_leave_a_device_what_it_is() {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    let at = |name: &str| bench.folder.path().join(name);
    symlink("target.jsonl", at("link.jsonl")).unwrap();
    bench
        .run("batch run in.jsonl -o out.jsonl --errors link.jsonl")
        .code(1);
    assert!(fs::symlink_metadata(at("link.jsonl")).unwrap().is_symlink());
    assert_eq!(bench.lines("target.jsonl").len(), 1);
    bench
        .run("batch run in.jsonl -o null.jsonl --errors /dev/null")
        .code(1);
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
    let said = bench
        .run("batch run in.jsonl -o stdout.jsonl --errors /dev/stdout")
        .code(1);
    assert!(said.out.contains("\"error\""), "{said:?}");
}

#[test]
fn what_is_written_of_a_batch_follows_links_and_fills_pipes() {
    for what in ["results", "errors"] {
        let bench = failed();
        let at = |name: &str| bench.folder.path().join(name);
        symlink("target.jsonl", at("link.jsonl")).unwrap();
        let write = |path: &str| bench.run(&format!("batch {what} bat_1 -o {path}"));
        write("link.jsonl").code(0);
        assert!(fs::symlink_metadata(at("link.jsonl")).unwrap().is_symlink());
        assert_eq!(bench.lines("target.jsonl").len(), 1);

        mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        let child = bench.start(&format!("batch {what} bat_1 -o pipe"));
        assert_eq!(bench.lines("pipe").len(), 1);
        super::end(child).code(0);
        assert!(fs::metadata(at("pipe")).unwrap().file_type().is_fifo());

        for path in ["/dev/stdout", "-"] {
            assert_eq!(write(path).code(0).out, bench.read("target.jsonl"));
        }
        assert!(!bench.has("-"));
        // Held open by the shell, it keeps what was in it.
        bench.write("held", "before\n");
        let held = fs::OpenOptions::new()
            .append(true)
            .open(at("held"))
            .unwrap();
        let mut command = bench.command(&["batch", what, "bat_1", "-o", "/dev/stdout"]);
        Said::from(command.stdout(held).output().unwrap()).code(0);
        assert_eq!(
            bench.read("held"),
            format!("before\n{}", bench.read("target.jsonl"))
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_that_is_full_stays_and_is_told() {
    let bench = failed();
    // A link that root may replace in the place of the device itself.
    for path in ["/dev/full", "full"] {
        let link = bench.folder.path().join("full");
        if !link.is_symlink() {
            symlink("/dev/full", link).unwrap();
        }
        for what in ["results", "errors"] {
            let said = bench.run(&format!("batch {what} bat_1 -o {path}")).code(1);
            assert!(said.err.contains("No space left"), "{}", said.err);
        }
    }
    let full = fs::metadata("/dev/full").unwrap();
    assert!(full.file_type().is_char_device());
}

#[test]
fn what_is_there_is_overwritten_by_force_only() {
    for what in ["results", "errors"] {
        let bench = failed();
        bench.write("x.jsonl", "something");
        let requests = bench.server.seen().len();
        let line = format!("batch {what} bat_1 -o x.jsonl");
        let said = bench.run(&line).code(2);
        assert!(said.err.contains("--force"), "{}", said.err);
        assert_eq!(bench.server.seen().len(), requests, "nothing was sent");
        assert_eq!(bench.read("x.jsonl"), "something");
        bench.run(&format!("{line} --force")).code(0);
        assert_eq!(bench.lines("x.jsonl").len(), 1);
    }
}

#[test]
fn a_run_that_waits_for_the_reader_of_its_errors_can_be_stopped() {
    let bench = Bench::new();
    bench.write("in.jsonl", FAILS);
    mkfifo(&bench.folder.path().join("pipe"), Mode::S_IRWXU).unwrap();
    let line = format!("{RUN} --errors pipe");
    let child = bench.start(&line);
    let limit = Instant::now() + Duration::from_secs(30);
    let asks_for_errors = |target: &String| target.ends_with("/errors");
    while !bench.server.targets().iter().any(asks_for_errors) {
        assert!(Instant::now() < limit, "{:?}", bench.server.targets());
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(100));
    stop(child, Signal::SIGINT).code(130);

    let child = bench.start(&line);
    assert_eq!(bench.lines("pipe").len(), 1);
    super::end(child).code(1);
    assert_complete(&bench, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_that_is_a_folder_of_files_takes_files() {
    let bench = failed();
    let shared = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = shared.path().join("x.jsonl");
    let line = format!("batch results bat_1 -o {}", path.display());
    bench.run(&line).code(0);
    assert!(fs::metadata(&path).unwrap().is_file());
    bench.run(&line).code(2);
}
