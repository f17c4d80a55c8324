//! What ties a configuration to its machine and its files: everything that a copy of it needs otherwise.
//!
//! In: the same as for [`look`](crate::look). Out: the texts that it is made of, and every place in them that an editor
//! may have to change, with what stands there for. What can go wrong: it cannot be read.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_finding::Place;

use crate::{
    Files, Kind, Trouble, Wanted, apache, begin, caddy,
    edit::{Edit, EditError, apply},
    envoy,
    files::Reader,
    haproxy, nginx,
    span::{Span, Word},
};

/// A configuration as an editor sees it.
#[derive(Debug, Clone)]
pub struct Outline {
    /// Whose it is.
    pub kind: Kind,
    /// The texts that it is made of; the first is the file itself.
    pub parts: Vec<Part>,
    /// Every place that may have to be changed, in the order of reading.
    pub spots: Vec<Spot>,
    /// What stands at the top of a configuration of nginx; of a Caddyfile, the block of its options, without a name.
    pub tops: Vec<Top>,
    /// Whether it is all that the program reads; otherwise it is a part that the whole includes.
    pub is_whole: bool,
    /// Names of sites, as they are written.
    pub names: Vec<String>,
    /// Where relative paths start from, the likeliest first.
    pub folders: Vec<PathBuf>,
}

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

/// Reads the configuration `file` and what it includes, and says what ties it to this machine.
pub fn outline(file: &Path, wanted: &Wanted, files: &dyn Files) -> Result<Outline, Trouble> {
    let mut reader = Reader::new(files, file, wanted.folder.as_deref());
    let (name, kind, opened) = begin(file, wanted, &mut reader)?;
    let mut found = Found::default();
    let mut is_whole = true;
    match kind {
        Kind::Nginx => {
            let tree = nginx::tokens::read(&name, &opened, &mut reader)?;
            is_whole = nginx::spots::is_whole(&tree);
            nginx::spots::find(&tree, &mut found);
        }
        Kind::Apache => {
            let known = &mut apache::lines::Known::default();
            let tree = apache::lines::read(&name, &opened, &mut reader, known)?;
            apache::spots::find(&tree, &mut found);
        }
        Kind::HaProxy => {
            let sections = haproxy::lines::read(&name, &opened)?;
            haproxy::spots::find(&sections, &mut reader, &mut found)?;
        }
        Kind::Envoy => envoy::spots::find(&name, &opened, &mut reader, &mut found)?,
        Kind::Caddy if caddy::is_json(&opened.text) => {
            return Err(Trouble::malformed(
                &Place::new(name, 1),
                "a Caddyfile",
                "the JSON that Caddy makes of one",
            ));
        }
        Kind::Caddy => {
            let nodes = caddy::tokens::read(&name, &opened, &mut reader)?;
            caddy::spots::find(&nodes, &mut found);
        }
    }
    for span in std::mem::take(&mut reader.idle) {
        found.gone(&span);
    }
    Ok(Outline {
        kind,
        is_whole,
        spots: found.spots,
        tops: found.tops,
        names: found.names,
        folders: reader.folders().to_owned(),
        parts: reader.parts,
    })
}

impl Outline {
    /// All of a part.
    pub fn whole(&self, part: usize) -> Span {
        let length = self.parts.get(part).map_or(0, |part| part.text.len());
        Span::new(part, 0..length)
    }

    /// The text of `span` with those of `edits` that are within it, each of a part by its number, and with what is included
    /// there.
    pub fn render(&self, span: &Span, edits: &[(usize, Edit)]) -> Result<String, EditError> {
        let is_in = |range: &Range<usize>| range.start >= span.range.start && range.end <= span.range.end;
        let own = edits
            .iter()
            .filter(|(part, edit)| *part == span.part && is_in(&edit.range));
        let mut own: Vec<Edit> = own.map(|(_, edit)| edit.clone()).collect();
        for (range, included) in self.included(span.part) {
            if !is_in(&range) {
                continue;
            }
            let mut text = String::new();
            for part in included {
                text.push_str(&self.render(&self.whole(part), edits)?);
                // Its last line may be a comment.
                text.push('\n');
            }
            own.push(Edit::new(range, text));
        }
        for edit in &mut own {
            edit.range = edit.range.start - span.range.start..edit.range.end - span.range.start;
        }
        let text = self
            .parts
            .get(span.part)
            .and_then(|part| part.text.get(span.range.clone()));
        apply(text.unwrap_or_default(), &own)
    }

    /// The directives of `part` that include others, with these in their order. What is included once more by the same
    /// directive, in a snippet that is used twice, is the same.
    fn included(&self, part: usize) -> Vec<(Range<usize>, Vec<usize>)> {
        let mut found: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
        for (index, other) in self.parts.iter().enumerate() {
            let Some(Named::Include(by)) = &other.named else {
                continue;
            };
            if by.part != part {
                continue;
            }
            match found.iter_mut().find(|(range, _)| *range == by.range) {
                None => found.push((by.range.clone(), vec![index])),
                Some((_, all)) => {
                    let is_known =
                        |known: &usize| self.parts.get(*known).is_some_and(|part| part.name == other.name);
                    if !all.iter().any(is_known) {
                        all.push(index);
                    }
                }
            }
        }
        found
    }
}

/// What the readers find.
#[derive(Debug, Default)]
pub(super) struct Found {
    spots: Vec<Spot>,
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

#[cfg(test)]
pub(super) mod tests;
