//! What is wrong: a code, the side that refused, how sure that is, both values, one thing to do.

use std::{borrow::Cow, fmt};

use handfast_pki::Code;

/// Who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuser {
    Server,
    Client,
    Network,
}

impl Refuser {
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Network => "network",
        }
    }
}

/// How sure a finding is; the more certain one is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    Certain,
    Likely,
    Guess,
}

impl Certainty {
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Guess => "guess",
        }
    }
}

/// One cause of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub side: Refuser,
    pub certainty: Certainty,
    /// What was seen, both values in it.
    pub because: String,
    /// One thing to do, in words.
    pub help: String,
    /// One command that does or checks it, ready to be run.
    pub command: Option<String>,
    /// Where in a file it stands.
    pub place: Option<Place>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The line itself, where it may be shown.
    pub text: Option<String>,
}

impl Place {
    /// Line `line` of `file`, counted from 1.
    pub fn new(file: impl Into<String>, line: usize) -> Self {
        Self {
            file: file.into(),
            line,
            text: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Finding {
    pub fn new(code: Code, side: Refuser, certainty: Certainty, because: impl Into<String>) -> Self {
        Self {
            code,
            side,
            certainty,
            because: because.into(),
            help: String::new(),
            command: None,
            place: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    pub fn place(mut self, file: impl Into<String>, line: usize) -> Self {
        self.place = Some(Place::new(file, line));
        self
    }

    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Puts `reworded` in the place of every sentence, where that gives another one.
    pub fn reword(&mut self, reworded: impl Fn(&str) -> Cow<'_, str>) {
        let line = self.place.as_mut().and_then(|place| place.text.as_mut());
        let texts = [&mut self.because, &mut self.help].into_iter();
        for text in texts.chain(&mut self.command).chain(line) {
            if let Cow::Owned(other) = reworded(text) {
                *text = other;
            }
        }
    }
}
