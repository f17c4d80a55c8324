//! What is wrong: a code, the side that refused, how sure that is, both values, one thing to do.

use std::{borrow::Cow, fmt};

use handfast_pki::Code;

use crate::{fault, refuser::Refuser};

/// How sure a finding is; the more certain one is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nothing else explains the evidence.
    Certain,
    /// Something else would explain it too, and is rarer.
    Likely,
    /// One of several causes that explain it alike.
    Guess,
}

impl Certainty {
    /// `certain`, `likely` or `guess`, as answers in JSON spell it.
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
    /// Which cause it is; each has a page in `docs/findings/`.
    pub code: Code,
    /// Who refused, would refuse, or should have refused.
    pub side: Refuser,
    /// Whose files or settings are at fault, so where something has to change; nothing where that is not known.
    pub fault: Option<Refuser>,
    /// How sure this is.
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
    /// A cause without advice. What `because` repeats of a file may be a key in the wrong place, and is left out then.
    pub fn new(code: Code, side: Refuser, certainty: Certainty, because: impl Into<String>) -> Self {
        Self {
            code,
            side,
            fault: fault::of(code, side),
            certainty,
            because: because.into(),
            help: String::new(),
            command: None,
            place: None,
        }
    }

    /// Where what has to change is known better than by the code alone.
    pub fn fault_of(mut self, fault: impl Into<Option<Refuser>>) -> Self {
        self.fault = fault.into();
        self
    }

    /// Who would refuse, where the finding is about files of `whose`: the program that reads them, or the peer that is
    /// shown them.
    pub fn refuser_of_files(&self, whose: Refuser) -> Refuser {
        match whose {
            _ if fault::is_of_own_program(self.code) => whose,
            Refuser::Client => Refuser::Server,
            Refuser::Server => Refuser::Client,
            Refuser::Network => Refuser::Network,
        }
    }

    /// The same with one thing to do about it, in words.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same with the line of a file that it is about, counted from 1.
    pub fn place(mut self, file: impl Into<String>, line: usize) -> Self {
        self.place = Some(Place::new(file, line));
        self
    }

    /// The same with a command that does or checks what is to be done.
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
