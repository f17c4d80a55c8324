//! What the program says and where: data to stdout, talk to stderr, JSON when asked. Colour never carries
//! anything alone, and is left out where stdout or stderr is not a terminal or `NO_COLOR` is set.

use std::{io::Write, path::PathBuf};

use handfast_pki::conceal::concealed;
use handfast_report::style::BAD;
use jiff::Timestamp;
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

/// `at` in both forms that people need: `2027-02-21T09:30:00Z (in 89 days)`.
pub fn when(at: Timestamp, now: Timestamp) -> String {
    format!("{at} ({})", relative(at, now))
}

/// `in 89 days`, `3 hours ago`: one unit, rounded.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    const UNITS: [(i64, i64, &str); 4] = [
        (2 * 31_557_600, 31_557_600, "year"),
        (2 * 86_400, 86_400, "day"),
        (2 * 3600, 3600, "hour"),
        (120, 60, "minute"),
    ];
    let seconds = at.as_second() - now.as_second();
    let far = seconds.abs();
    let unit = UNITS.into_iter().find(|(from, _, _)| far >= *from);
    let (count, name) = unit.map_or((far, "second"), |(_, unit, name)| ((far + unit / 2) / unit, name));
    let plural = if count == 1 { "" } else { "s" };
    if seconds == 0 {
        "now".to_owned()
    } else if seconds < 0 {
        format!("{count} {name}{plural} ago")
    } else {
        format!("in {count} {name}{plural}")
    }
}

/// `text` as one word of a shell command.
pub fn shell(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_people_think_in() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |seconds| relative(Timestamp::from_second(seconds).expect("in range"), now);
        assert_eq!(after(90 * 86_400 - 1), "in 90 days");
        assert_eq!(after(3653 * 86_400), "in 10 years");
        assert_eq!(after(-7200), "2 hours ago");
        assert_eq!(after(1), "in 1 second");
    }

    #[test]
    fn words_for_the_shell_are_quoted_where_they_must_be() {
        assert_eq!(shell("out/tls.crt"), "out/tls.crt");
        assert_eq!(shell("it's here"), "'it'\\''s here'");
        assert_eq!(shell(""), "''");
    }
}
