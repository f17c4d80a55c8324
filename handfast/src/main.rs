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

use std::process::ExitCode;

use clap::Parser;
use handfast_pki::conceal::concealed;

use crate::{args::Arguments, failure::Exit, words::Words};

/// Gives memory back to the system after a flood, which the C library's allocator does not.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // clap prints help and version to stdout and complaints to stderr; both are its own words.
        Err(error) => {
            let exit = if error.use_stderr() {
                Exit::Misuse
            } else {
                Exit::Yes
            };
            print(&error);
            return exit.into();
        }
    };
    let words = Words::new(arguments.json);
    match commands::run(arguments.command, &words) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            words.failure(&failure);
            failure.exit.into()
        }
    }
}

/// What clap says of the arguments. It repeats them, and a key may be among them.
fn print(error: &clap::Error) {
    let text = error.render().to_string();
    match concealed(&text) {
        std::borrow::Cow::Borrowed(_) => drop(error.print()),
        std::borrow::Cow::Owned(text) => eprint!("{text}"),
    }
}
