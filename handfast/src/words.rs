//! What the program says and where: data to stdout, talk to stderr, JSON when asked. Colour never carries
//! anything alone, and is left out where stdout or stderr is not a terminal or `NO_COLOR` is set.

use std::{io::Write, path::PathBuf};

use handfast_pki::conceal::concealed;
use handfast_report::style::BAD;
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

    /// The JSON object for stdout; left out when stdout carries text.
    pub fn json(&self, value: &Value) {
        if self.json {
            let _ = writeln!(anstream::stdout(), "{}", hidden(&format!("{value:#}")));
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
        let details: Vec<_> = failure.details.iter().map(|detail| concealed(detail)).collect();
        let code = failure.code.map(|code| format!("  [{code}]")).unwrap_or_default();
        self.talk(format_args!(
            "handfast: {BAD}error:{BAD:#} {}{code}",
            failure.message
        ));
        for detail in &failure.details {
            self.talk(format_args!("  {detail}"));
        }
        if let Some(hint) = &failure.hint {
            self.talk(format_args!("  hint: {hint}"));
        }
        self.json(&json!({
            "error": {
                "code": failure.code.map(|code| code.to_string()),
                "message": concealed(&failure.message),
                "details": details,
                "hint": failure.hint.as_deref().map(concealed),
                "exit": failure.exit as u8,
            }
        }));
    }
}
