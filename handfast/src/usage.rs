//! What is wrong with a command line, in the form of every other error: the reason, one thing to do, a command.

use clap::error::ErrorKind;
use handfast_pki::conceal::concealed;
use handfast_report::schema::Schema;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    habits, version,
    words::{Output, Words},
};

/// Says what `error` says, which is help or a complaint, and how the program ends. It repeats the arguments, and a key may
/// be among them.
pub fn tell(error: &clap::Error, root: &clap::Command, path: &[String], words: &Words) -> Exit {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayVersion => {
            version::tell(text.trim_end(), words);
            Exit::Yes
        }
        ErrorKind::DisplayHelp => {
            words.json(Schema::Help, json!({ "help": concealed(text.trim_end()) }));
            words.data(error.render().ansi().to_string().trim_end());
            Exit::Yes
        }
        // A command that only has others below it: they are listed.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            words.talk(error.render().ansi().to_string().trim_end());
            words.json_failure(&failure(&text, root, path));
            Exit::Misuse
        }
        _ => {
            let failure = failure(&text, root, path);
            words.failure(&failure);
            failure.exit
        }
    }
}

/// The lines of clap as the parts of an error of the command at `path`.
fn failure(text: &str, root: &clap::Command, path: &[String]) -> Failure {
    let text = concealed(text);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let mut failure = Failure::misuse(first.trim_end_matches(':'));
    for line in lines {
        match line.strip_prefix("tip: ") {
            Some(tip) => failure.help = Some(tip.to_owned()),
            None if line.starts_with("For more information") => {}
            None => failure.details.push(line.to_owned()),
        }
    }
    let command = habits::find(root, path.iter().map(String::as_str));
    if failure.help.is_none() {
        failure.help = command
            .and_then(example)
            .map(|example| format!("for example: {example}"));
    }
    let name = std::iter::once(root.get_name()).chain(path.iter().map(String::as_str));
    failure.command(format!("{} --help", name.collect::<Vec<_>>().join(" ")))
}

/// The first example in the help of `command`.
fn example(command: &clap::Command) -> Option<String> {
    let after = command.get_after_help()?.to_string();
    let line = after
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("handfast "))?;
    Some(line.to_owned())
}

/// What the system said when stdout was written to, where that failed.
pub fn lost() -> Option<Failure> {
    let why = Output::lost()?;
    Some(
        Failure::of(
            handfast_pki::code::OUTPUT_LOST,
            format!("stdout cannot be written: {why}"),
        )
        .help("what the command did is done; its output is not complete"),
    )
}
