//! The program: arguments in, one of the crates below does the work, words and an exit code come out.

#![expect(
    unreachable_pub,
    reason = "a program has no outside; pub means: for the other files"
)]

mod args;
mod commands;
mod failure;
mod given;
mod pages;
mod signals;
mod words;

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::Write,
    panic,
    process::ExitCode,
};

use clap::{Parser, error::ErrorKind};
use handfast_pki::conceal::concealed;
use handfast_report::schema::Schema;
use serde_json::json;

use crate::{
    args::Arguments,
    failure::{Exit, Failure},
    words::Words,
};

/// Gives memory back to the system after a flood, which the C library's allocator does not.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A panic is a bug of ours and ends as one, whatever Rust would make of it.
fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let said = concealed(panic.payload_as_str().unwrap_or("a panic"));
        let trace = Backtrace::capture();
        let trace = if trace.status() == BacktraceStatus::Captured {
            format!("\n{trace}")
        } else {
            String::new()
        };
        // Writing to stderr may be what panicked.
        let _ = writeln!(std::io::stderr(), "handfast: panicked at {place}: {said}{trace}");
    }));
    panic::catch_unwind(start).unwrap_or_else(|_| {
        let failure = Failure::bug("the command panicked");
        Words::new(asks_for_json()).failure(&failure);
        failure.exit.into()
    })
}

fn start() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // clap prints help and version to stdout and complaints to stderr; both are its own words.
        Err(error) => {
            let exit = if error.use_stderr() {
                Exit::Misuse
            } else {
                Exit::Yes
            };
            print(&error, exit);
            return exit.into();
        }
    };
    let words = Words::new(arguments.json);
    let failure = match arguments.command.run(&words) {
        Ok(exit) => return exit.into(),
        Err(failure) => failure,
    };
    words.failure(&failure);
    failure.exit.into()
}

/// The flag by itself: it is not parsed where parsing failed.
fn asks_for_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}

/// What clap says of the arguments. It repeats them, and a key may be among them.
fn print(error: &clap::Error, exit: Exit) {
    let text = error.render().to_string();
    if asks_for_json() {
        usage_as_json(error, exit, &text);
        if exit == Exit::Yes {
            return;
        }
    }
    match concealed(&text) {
        std::borrow::Cow::Borrowed(_) => drop(error.print()),
        std::borrow::Cow::Owned(text) => eprint!("{text}"),
    }
}

/// The same as JSON. Help is for people, and stays a text in it.
fn usage_as_json(error: &clap::Error, exit: Exit, text: &str) {
    let words = Words::new(true);
    let text = concealed(text.trim_end());
    match error.kind() {
        ErrorKind::DisplayVersion => {
            words.json(Schema::Version, json!({ "version": env!("CARGO_PKG_VERSION") }))
        }
        ErrorKind::DisplayHelp => words.json(Schema::Help, json!({ "help": text })),
        _ => words.json_failure(&of_usage(exit, &text)),
    }
}

/// The lines of clap as the parts of an error.
fn of_usage(exit: Exit, text: &str) -> Failure {
    const USAGE: &str = "Usage: ";
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let mut failure = Failure::misuse(first.strip_prefix("error: ").unwrap_or(first));
    failure.exit = exit;
    for line in lines {
        if let Some(usage) = line.strip_prefix(USAGE) {
            let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let names = usage
                .split(' ')
                .take_while(is_name)
                .filter(|word| !word.starts_with('-'));
            failure.command = Some(format!("{} --help", names.collect::<Vec<_>>().join(" ")).into());
        }
        match line.strip_prefix("tip: ") {
            Some(tip) => failure.help = Some(tip.to_owned()),
            None if line.starts_with("For more information") => {}
            None => failure.details.push(line.to_owned()),
        }
    }
    failure
}
