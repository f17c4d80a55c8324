//! What the program says and where: data to stdout, talk to stderr, JSON when asked. Colour never carries
//! anything alone, and is left out where stdout or stderr is not a terminal or `NO_COLOR` is set.

use std::{io::Write, path::PathBuf};

use handfast_pki::{Code, conceal::concealed};
use handfast_report::{
    json::{place, problem},
    schema::Schema,
    style::BAD,
};
use serde_json::{Value, json};

use crate::{failure::Failure, given::hidden};

/// The two voices of a command.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// Whether stdout carries one JSON object instead of text.
    pub json: bool,
}

impl Words {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Text for stdout; left out when stdout carries JSON.
    pub fn data(&self, text: impl std::fmt::Display) {
        if !self.json {
            // A closed pipe (`handfast inspect ... | head -1`) is no failure of ours.
            let _ = writeln!(anstream::stdout(), "{}", hidden(&text.to_string()));
        }
    }

    /// The JSON object for stdout, in the form that `schema` names; left out when stdout carries text. Every answer in
    /// JSON is printed here, or below where it is one line of several.
    pub fn json(&self, schema: Schema, members: Value) {
        self.object(|| format!("{:#}", schema.answer(members)));
    }

    /// The same on one line, which others follow.
    pub fn json_line(&self, schema: Schema, members: Value) {
        self.object(|| schema.answer(members).to_string());
    }

    fn object(&self, text: impl FnOnce() -> String) {
        if self.json {
            let _ = writeln!(anstream::stdout(), "{}", hidden(&text()));
        }
    }

    /// Text for stderr. It may repeat what the user gave, and that may be a key.
    pub fn talk(&self, text: impl std::fmt::Display) {
        let text = text.to_string();
        let _ = writeln!(anstream::stderr(), "{}", concealed(&hidden(&text)));
    }

    /// The next useful command.
    pub fn next(&self, command: impl std::fmt::Display) {
        self.talk(format_args!("next: {command}"));
    }

    /// Names what an earlier run that was killed has left, and what is removed now.
    pub fn tell_leftovers(&self, removed: &[PathBuf]) {
        for path in removed {
            self.talk(format_args!(
                "note: \"{}\" was left by a run that was killed, and is removed",
                path.display()
            ));
        }
    }

    /// An error on stderr, and as JSON on stdout where that was asked for. Paths, arguments and what other programs
    /// say stand in it, and each of them may be a key in the wrong place.
    pub fn failure(&self, failure: &Failure) {
        let code = failure.code.map(|code| format!("  [{code}]")).unwrap_or_default();
        let place = failure.place.as_ref().map(|place| format!("{place}: "));
        self.talk(format_args!(
            "handfast: {BAD}error:{BAD:#} {}{}{code}",
            place.unwrap_or_default(),
            failure.message
        ));
        for detail in &failure.details {
            self.talk(format_args!("  {detail}"));
        }
        for problem in &failure.also {
            self.talk(format_args!("  {}  [{}]", problem.located(), problem.code));
        }
        if let Some(help) = &failure.help {
            self.talk(format_args!("  help: {help}"));
        }
        if let Some(command) = &failure.command {
            self.talk(format_args!("  run:  {command}"));
        }
        self.json_failure(failure);
    }

    /// An error as JSON alone, where another has told people.
    pub fn json_failure(&self, failure: &Failure) {
        self.json(Schema::Error, json!({ "error": Self::error(failure) }));
    }

    /// An error as a part of an answer.
    pub fn error(failure: &Failure) -> Value {
        without_keys(json!({
            "code": failure.code.map(|code| code.to_string()),
            "title": failure.code.map(Code::title),
            "message": failure.message,
            "details": failure.details,
            "help": failure.help,
            "command": failure.command,
            "place": failure.place.as_deref().map(place),
            "also": failure.also.iter().map(problem).collect::<Vec<_>>(),
            "exit": failure.exit as u8,
        }))
    }
}

/// `value` with a note in the place of every text that could be a private key.
fn without_keys(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(concealed(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(without_keys).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, without_keys(value)))
            .collect(),
        other => other,
    }
}
