//! Help, version and completions.

use crate::command::Bench;

#[test]
fn help_lists_every_command() {
    let bench = Bench::new();
    insta::assert_snapshot!(bench.run("--help").code(0).out);
}

#[test]
fn help_of_a_run_tells_how_it_goes_on() {
    let bench = Bench::new();
    insta::assert_snapshot!(bench.run("batch run --help").code(0).out);
}

#[test]
fn completions_need_no_server() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let mut command = bench.command(&["completions", shell]);
        let output = command.env_remove("REDRIVE_URL").output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("replay"), "{shell}");
    }
}
