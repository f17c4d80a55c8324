//! The places of a configuration that an editor may have to change, and what the readers find of them.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use crate::span::{Span, Word};

/// One text of a configuration.
#[derive(Debug, Clone)]
pub struct Part {
    /// The file that it was read from.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// What names it; nothing for the file that the user named.
    pub named: Option<Named>,
}

/// What names a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A directive in whose place the text is read.
    Include(Span),
    /// A word that is the path of a file of its own.
    Path(Span),
}

/// A directive or block that stands in no other.
#[derive(Debug, Clone)]
pub struct Top {
    /// Its name.
    pub name: String,
    /// All of it.
    pub span: Span,
    /// What stands between its braces.
    pub inside: Option<Span>,
}

/// A place that may have to be changed.
#[derive(Debug, Clone)]
pub struct Spot {
    /// Where it is; empty where something is missing.
    pub span: Span,
    /// What is written there, without quotes.
    pub text: String,
    /// What it is for.
    pub role: Role,
}

/// What a place of a configuration is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// An address to listen on.
    Listen(Listen),
    /// The same, of something that is no site: any free port does.
    Spare(&'static str),
    /// A service behind it: what stands before the port of another one that takes its place.
    Backend(&'static str),
    /// About this machine alone: this takes its place.
    Instead(&'static str),
    /// The path of a file or folder with this.
    File(Material),
    /// The material itself, in this form.
    Embedded(Material, Form),
    /// A path that is written to.
    Output,
    /// The path of something that is only read.
    Path,
    /// Any other word.
    Word,
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The port where that says it all, or else the whole address.
    pub called: String,
    /// What stands before the port of another address that takes its place.
    pub before: &'static str,
    /// What stands behind it.
    pub after: &'static str,
    /// Whether it opens the address, and does not only name it.
    pub opens: bool,
}

/// What a file of a server's TLS holds, by what it is named for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Material {
    /// The server's certificate; with its key where the file has both.
    Certificate,
    /// The key of the server's certificate.
    Key,
    /// Certificate and key.
    Pair,
    /// The CAs of clients.
    Cas,
    /// Revocation lists.
    Crl,
}

/// How material is written into a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// PEM as a string literal.
    Literal,
    /// PEM in base64.
    Base64,
    /// DER in base64.
    Der,
}

/// What the readers find.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) spots: Vec<Spot>,
    pub(super) tops: Vec<Top>,
    pub(super) names: Vec<String>,
    /// Part, begin and end of what is known, with the name of an address.
    seen: BTreeMap<(usize, usize, usize), String>,
}

impl Found {
    /// What stands at `span` has this role, unless it has got one already.
    pub(super) fn add(&mut self, span: &Span, text: &str, role: Role) {
        let key = (span.part, span.range.start, span.range.end);
        let called = match &role {
            Role::Listen(listen) => listen.called.clone(),
            _ => String::new(),
        };
        let is_taken = match self.seen.get(&key) {
            // One place is two addresses only by a macro. Nothing that is put there would be both, which shows with the edits.
            Some(known) => called.is_empty() || *known == called,
            None => role == Role::Word && self.has_within(span),
        };
        if is_taken {
            return;
        }
        self.seen.insert(key, called);
        self.spots.push(Spot {
            span: span.clone(),
            text: text.to_owned(),
            role,
        });
    }

    /// Whether something is known of a part of `span`, or of more than it.
    fn has_within(&self, span: &Span) -> bool {
        let before = self.seen.range(..(span.part, span.range.end, 0)).rev();
        let mut whole = before.map(|(key, _)| key).filter(|(_, start, end)| end > start);
        whole
            .next()
            .is_some_and(|(part, _, end)| *part == span.part && *end > span.range.start)
    }

    pub(super) fn word(&mut self, word: &Word, role: Role) {
        self.add(&word.span, word, role);
    }

    /// Words of which nothing is known.
    pub(super) fn words(&mut self, words: &[Word]) {
        for word in words {
            self.word(word, Role::Word);
        }
    }

    /// What goes.
    pub(super) fn gone(&mut self, span: &Span) {
        self.add(span, "", Role::Instead(""));
    }

    /// The address of a service in `word`, alone or in a URL; any other word is one of which nothing is known.
    pub(super) fn backend(&mut self, word: &Word) {
        let place = authority(word).and_then(|range| Some((word.slice(range.clone())?, word.get(range)?)));
        match place {
            Some((span, text)) => self.add(&span, text, Role::Backend("127.0.0.1:")),
            None => self.word(word, Role::Word),
        }
    }
}

/// Host and port in an address or a URL, where it says which.
fn authority(text: &str) -> Option<Range<usize>> {
    let start = text.find("://").map_or(0, |at| at + 3);
    let rest = text.get(start..)?;
    let length = rest.find(['/', '?', '#', ',']).unwrap_or(rest.len());
    let written = rest.get(..length)?;
    let is_elsewhere = text.contains("unix") || text.starts_with("balancer:");
    let is_fixed = !written.is_empty() && !written.contains(['$', '%', '{', '}', '@', '|', '*']);
    (is_fixed && !is_elsewhere).then_some(start..start + length)
}

/// The port where it stands for every address of a machine; the whole of another one, for who comes to one of them may meet
/// another site.
pub(super) fn told_apart(address: &str, port: u16) -> String {
    match address.rsplit_once(':') {
        None | Some(("" | "*" | "0.0.0.0", _)) => port.to_string(),
        Some(_) => address.to_owned(),
    }
}

/// The port at the end of an address.
pub(super) fn port(address: &str) -> Option<u16> {
    let text = address.rsplit_once(':').map_or(address, |(_, port)| port);
    text.parse().ok().filter(|port| *port > 0)
}

/// An address that is opened where it stands.
pub(super) fn opens(called: impl Into<String>) -> Role {
    Role::Listen(Listen {
        called: called.into(),
        before: "127.0.0.1:",
        after: "",
        opens: true,
    })
}
