//! What a look comes to: a code, the side that refused, how sure that is, both values, one thing to do.

use std::borrow::Cow;

use handfast_pki::{Certificate, Code, conceal::concealed};
use handfast_trace::{Kind, Message, Side};

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
}

/// Everything that one look came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was looked at, as it was named.
    pub target: String,
    /// The connection, where there was one.
    pub trace: Option<crate::Trace>,
    /// What a server said over HTTP.
    pub answer: Option<crate::Answer>,
    /// The CAs that we believe, where we judged a server.
    pub trusted: Vec<Certificate>,
    /// The further connections that were made to separate causes, one sentence each.
    pub probes: Vec<String>,
    /// What was learned that is no failure, as name and value.
    pub notes: Vec<(String, String)>,
    /// The most specific first; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            trace: None,
            answer: None,
            trusted: Vec::new(),
            probes: Vec::new(),
            notes: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Takes out of all texts what could be a private key: for what repeats a file that may hold one.
    pub(crate) fn conceal_keys(&mut self) {
        self.reword(concealed);
    }

    /// Puts `reworded` in the place of every sentence, where that gives another one.
    pub fn reword(&mut self, reworded: impl Fn(&str) -> Cow<'_, str>) {
        let findings = self.findings.iter_mut().flat_map(|finding| {
            let line = finding.place.as_mut().and_then(|place| place.text.as_mut());
            [&mut finding.because, &mut finding.help]
                .into_iter()
                .chain(&mut finding.command)
                .chain(line)
        });
        let notes = self.notes.iter_mut().map(|(_, value)| value);
        for text in findings.chain(notes).chain(&mut self.probes) {
            if let Cow::Owned(other) = reworded(text) {
                *text = other;
            }
        }
    }

    /// The message that was refused, by its place in the trace; an alert says only that something was.
    pub fn blamed(&self) -> Option<usize> {
        let first = self.findings.first()?;
        let messages = self.trace.as_ref()?.messages.as_slice();
        let of = |kind: &Kind, from: Side| {
            let is_it = |message: &Message| message.kind == *kind && message.from == from;
            messages.iter().rposition(is_it)
        };
        let by_client = first.side == Refuser::Client && of(&Kind::Certificate, Side::Client).is_none();
        if !messages.iter().any(|message| message.kind == Kind::ServerHello) {
            return of(&Kind::ClientHello, Side::Client);
        }
        if by_client {
            return of(&Kind::Certificate, Side::Server);
        }
        of(&Kind::Certificate, Side::Client)
    }
}
