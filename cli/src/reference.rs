//! `docs/cli.md`, generated from the command itself.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use crate::arguments::Arguments;

/// What is said before the list of commands.
const INTRODUCTION: &str = include_str!("reference/introduction.md");

/// The reference of the command, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut command = Arguments::command();
    command.build();
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n## Options of every command\n\n");
    let own = |argument: &&Arg| !matches!(argument.get_id().as_str(), "help" | "version");
    table(&mut text, command.get_arguments().filter(own));
    for command in commands(&command) {
        section(&mut text, command, 2);
    }
    text
}

/// The subcommands, without the one that prints help.
fn commands(command: &Command) -> impl Iterator<Item = &Command> {
    let is_own = |command: &&Command| command.get_name() != "help";
    command.get_subcommands().filter(is_own)
}

fn section(text: &mut String, command: &Command, level: usize) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    add(text, &format!("\n{} `{name}`\n\n", "#".repeat(level)));
    if let Some(about) = command.get_about() {
        add(text, &format!("{about}.\n"));
    }
    if let Some(more) = command.get_long_about().map(ToString::to_string) {
        // Its first paragraph says what the short one says.
        let paragraphs = more.split("\n\n").skip(1);
        for paragraph in paragraphs {
            let sentences = paragraph.replace('\n', " ").replace(". ", ".\n");
            add(text, &format!("\n{sentences}\n"));
        }
    }
    if command.has_subcommands() {
        for command in commands(command) {
            section(text, command, level + 1);
        }
        return;
    }
    let usage = command.clone().render_usage().to_string();
    add(
        text,
        &format!("\n```text\n{}\n```\n", usage.replacen("Usage: ", "", 1)),
    );
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| !argument.is_global_set() && is_shown(argument))
        .collect();
    if !own.is_empty() {
        text.push('\n');
        table(text, own.into_iter());
    }
}

fn is_shown(argument: &Arg) -> bool {
    !argument.is_hide_set() && !matches!(argument.get_id().as_str(), "help" | "version")
}

fn table<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    text.push_str("| option | means |\n| --- | --- |\n");
    for argument in arguments {
        let line = format!("| `{}` | {} |\n", spelling(argument), meaning(argument));
        add(text, &line);
    }
}

/// How an argument is written: `-o, --output <FILE>`.
fn spelling(argument: &Arg) -> String {
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let values: Vec<String> = argument
        .get_value_names()
        .filter(|_| takes)
        .unwrap_or_default()
        .iter()
        .map(|name| format!("<{name}>"))
        .collect();
    let parts = [names.join(", "), values.join(" ")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn meaning(argument: &Arg) -> String {
    let mut text = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default()
        .replace('\n', " ");
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| matches!(argument.get_action(), ArgAction::Set | ArgAction::Append))
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !values.is_empty() {
        add(&mut text, &format!(": {}", values.join(", ")));
    }
    for default in argument.get_default_values() {
        if argument.get_action().takes_values() {
            add(
                &mut text,
                &format!(" [default: {}]", default.to_string_lossy()),
            );
        }
    }
    text.replace('|', "\\|")
}

fn add(text: &mut String, more: &str) {
    // Writing to a text does not fail.
    write!(text, "{more}").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_the_command_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == reference(),
            "write it anew: cargo run -p redrive-cli --example reference > docs/cli.md"
        );
    }

    #[test]
    fn the_command_line_holds_no_contradiction() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_option_says_what_it_means() {
        fn visit(command: &Command) {
            for argument in command.get_arguments() {
                let name = format!("{} {}", command.get_name(), argument.get_id());
                assert!(argument.get_help().is_some(), "{name}");
            }
            commands(command).for_each(visit);
        }
        visit(&Arguments::command());
    }
}
