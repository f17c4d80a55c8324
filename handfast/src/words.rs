//! What the program says and where: data to stdout, talk to stderr, JSON when asked. Colour never carries
//! anything alone, and is left out where stdout or stderr is not a terminal or `NO_COLOR` is set.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::PathBuf,
    sync::OnceLock,
};

use handfast_pki::{Code, conceal::concealed};
use handfast_report::{
    json::{place, problem},
    pages,
    schema::Schema,
    style::{BAD, ascii},
};
use serde_json::{Value, json};

use crate::{failure::Failure, given::hidden};

/// What became of stdout.
pub struct Output;

/// The first reason why stdout could not be written.
static LOST: OnceLock<String> = OnceLock::new();

impl Output {
    /// Why a part of stdout is lost, if one is.
    pub fn lost() -> Option<&'static str> {
        Self::note(anstream::stdout().flush());
        LOST.get().map(String::as_str)
    }

    /// A closed pipe (`handfast inspect ... | head -1`) is no failure of ours; a full disk is.
    fn note(written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            let _ = LOST.set(error.to_string());
        }
    }
}

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
            Output::note(writeln!(
                anstream::stdout(),
                "{}",
                drawn(&hidden(&text.to_string()))
            ));
        }
    }

    /// Bytes for stdout as they are, such as the body of an answer; left out when stdout carries JSON.
    pub fn bytes(&self, bytes: &[u8]) {
        if !self.json {
            let mut out = io::stdout();
            Output::note(out.write_all(bytes).and_then(|()| out.flush()));
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
            Output::note(writeln!(anstream::stdout(), "{}", hidden(&text())));
        }
    }

    /// Text for stderr. It may repeat what the user gave, and that may be a key.
    pub fn talk(&self, text: impl std::fmt::Display) {
        let text = text.to_string();
        let _ = writeln!(anstream::stderr(), "{}", drawn(&concealed(&hidden(&text))));
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
        // A message that begins with its file needs no place in front.
        let place = failure
            .place
            .as_ref()
            .filter(|place| !failure.message.starts_with(&place.file));
        let place = place.map(|place| format!("{place}: "));
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
        if let Some(code) = failure.code {
            self.talk(more(code));
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

/// The columns of the terminal, or of `COLUMNS`; none where nobody says.
pub fn width() -> Option<usize> {
    const LEAST: usize = 20;
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let shown = terminal_size::terminal_size_of(io::stdout());
    let shown = || shown.or_else(|| terminal_size::terminal_size_of(io::stderr()));
    said.or_else(|| shown().map(|(width, _)| usize::from(width.0)))
        .filter(|width| *width >= LEAST)
}

/// As the terminal can show it: a locale that is named and is not UTF-8 has ASCII.
fn drawn(text: &str) -> Cow<'_, str> {
    static IS_ASCII: OnceLock<bool> = OnceLock::new();
    let is_ascii = *IS_ASCII.get_or_init(|| {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
        let is_utf8 = |locale: String| locale.to_ascii_lowercase().replace('-', "").contains("utf8");
        !locale.is_none_or(is_utf8)
    });
    if is_ascii && !text.is_ascii() {
        Cow::Owned(ascii(text))
    } else {
        Cow::Borrowed(text)
    }
}

/// Where the page of `code` is.
pub fn more(code: Code) -> String {
    format!("  more: {}", pages::more(code))
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
