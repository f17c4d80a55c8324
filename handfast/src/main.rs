//! The program: arguments in, one of the crates below does the work, words and an exit code come out.

#![expect(
    unreachable_pub,
    reason = "a program has no outside; pub means: for the other files"
)]

mod args;
mod commands;
#[cfg(test)]
mod documents;
mod exit;
mod failure;
mod given;
mod habits;
mod negative;
mod places;
mod signals;
mod suggest;
mod terminal;
mod time;
mod usage;
mod version;
mod words;

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::Write,
    panic,
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches};
use handfast_pki::conceal::concealed;

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
    let words = Words::new(asks_for_json());
    let exit = ended(&words);
    // A result that nobody could read is none.
    match usage::lost() {
        Some(failure) if exit == Exit::Yes => {
            Words::new(false).failure(&failure);
            failure.exit.into()
        }
        _ => exit.into(),
    }
}

fn ended(words: &Words) -> Exit {
    let mut root = Arguments::command();
    let understood = habits::understood(std::env::args_os().collect(), &root);
    if let Some(problem) = understood.refused {
        let failure = Failure::from(problem);
        words.failure(&failure);
        return failure.exit;
    }
    let parsed = root
        .try_get_matches_from_mut(negative::joined(understood.arguments))
        .and_then(|matches| Ok((Arguments::from_arg_matches(&matches)?, matches)));
    let (arguments, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage::tell(&error.format(&mut root), &root, &understood.command, words),
    };
    let words = Words::new(arguments.json);
    places::tell(&matches, &words);
    handfast_ca::ask_by(terminal::passphrase);
    match arguments.command.run(&words) {
        Ok(exit) => exit,
        Err(failure) => {
            words.failure(&failure);
            failure.exit
        }
    }
}

/// The flag by itself: it is not parsed where parsing failed.
fn asks_for_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}
