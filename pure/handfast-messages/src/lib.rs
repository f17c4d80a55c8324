//! The errors of other programs: from a pasted text to the causes behind it. Pure, like all of judging.
//!
//! A text is read line by line. Three things know what a line says, each more general than the one before: tables
//! of sentences (a file per program), lists of what a library can say by name, number or text of its source
//! (`lists/`), and the words that everybody uses of certificates and keys (`concepts.rs`), from which nothing is
//! certain. An alert tells who refused only together with who speaks: in a server's log it is the client's. What a
//! text cannot tell is said with it: the other causes, and the test that separates them.

#![warn(missing_docs)]

mod advice;
mod alerts;
mod browsers;
mod clouds;
mod concepts;
mod curl;
mod endpoint;
mod gnutls;
mod go;
mod java;
mod lines;
mod list;
mod lists;
mod meaning;
mod meanings;
mod number;
mod openssl;
mod ourselves;
mod pattern;
mod rustls;
mod scripts;
mod search;
mod servers;
mod services;
mod speaker;
mod tokens;
mod vague;
mod web;
mod windows;

#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told;

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, text::printable};

pub use advice::Test;
pub use lines::{LARGEST, decode};
pub use web::INSPECTORS;

use concepts::Concept;
use lines::Line;
use meaning::{Cause, Meaning, Weight};
use pattern::Pattern;
use search::Found;
use speaker::Speaker;

/// What a text says.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The lines that were recognised, in their order.
    pub said: Vec<Said>,
    /// Their causes, the most probable first; empty where nothing was recognised.
    pub findings: Vec<Finding>,
    /// How to tell the causes apart, where there are several.
    pub tests: Vec<Test>,
}

/// One line that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Counted from 1.
    pub line: usize,
    /// Which program or library says it.
    pub program: &'static str,
    /// Whether that program was the client or the server, where it can be told.
    pub role: Option<&'static str>,
    /// What it says, safe to print.
    pub text: String,
}

/// The tables, in the order in which a line is compared with them; the first that fits decides.
static TABLES: [&[Pattern]; 16] = [
    web::TABLE,
    servers::TABLE,
    services::TABLE,
    clouds::TABLE,
    windows::TABLE,
    browsers::TABLE,
    java::TABLE,
    go::TABLE,
    rustls::TABLE,
    scripts::TABLE,
    gnutls::TABLE,
    curl::TABLE,
    tokens::TABLE,
    openssl::TABLE,
    alerts::TABLE,
    vague::TABLE,
];

/// The causes behind `text`, the most probable first; none where nothing in it is known.
pub fn causes(text: &str) -> Vec<Finding> {
    read(text).findings
}

/// Everything that `text` says to somebody who knows the programs.
pub fn read(text: &str) -> Reading {
    let lines = lines::lines(text);
    let whole: Vec<&str> = lines.iter().map(|line| line.normal.as_str()).collect();
    let whole = whole.join("\n");
    let mut hits = hits(&lines, &whole);
    let joined;
    if hits.is_empty() {
        // A terminal or a mail program may have broken the line in the middle of what we know.
        joined = rejoined(&lines);
        hits = self::hits(&joined, &whole);
    }
    let most = hits.iter().map(Hit::weight).max();
    hits.retain(|hit| Some(hit.weight()) == most);
    Reading {
        said: hits.iter().map(Hit::said).collect(),
        tests: advice::tests(&hits),
        findings: findings(&hits),
    }
}

/// A line with what it says.
struct Hit<'a> {
    line: &'a Line,
    speaker: Speaker,
    /// Who refused, and whether that is known.
    refuser: Refuser,
    is_known: bool,
    fragment: &'a str,
    by: By,
}

/// What a line was recognised by.
#[derive(Clone, Copy)]
enum By {
    /// A sentence of a program.
    Sentence(&'static Pattern),
    /// A name, number or text of a list.
    List(Found<'static>),
    /// Words that everybody uses.
    Concept(&'static Concept),
    /// A code of ours.
    Code(Code),
}

/// The recognised lines; each text once, however often it was said.
fn hits<'a>(lines: &'a [Line], whole: &str) -> Vec<Hit<'a>> {
    let mut hits: Vec<Hit<'a>> = Vec::new();
    for (at, (line, speaker)) in lines.iter().zip(speaker::speakers(lines)).enumerate() {
        let Some(hit) = hit(line, speaker, whole, near(lines, at)) else {
            continue;
        };
        if !hits.iter().any(|known| known.says_the_same_as(&hit)) {
            hits.push(hit);
        }
    }
    hits
}

/// The line at `at` with those around it: what stands far away in a log is another story.
fn near(lines: &[Line], at: usize) -> &[Line] {
    const AROUND: usize = 3;
    let end = lines.len().min(at + AROUND + 1);
    lines.get(at.saturating_sub(AROUND)..end).unwrap_or_default()
}

fn hit<'a>(line: &'a Line, speaker: Speaker, whole: &str, near: &[Line]) -> Option<Hit<'a>> {
    if let Some((code, refuser)) = ourselves::code(line) {
        return Some(Hit {
            line,
            speaker,
            refuser,
            is_known: true,
            fragment: "hf ",
            by: By::Code(code),
        });
    }
    let (by, fragment) = recognised(line, whole, near)?;
    let meaning = by.meaning()?;
    let known = speaker::refuser(line, meaning.speech, speaker.role);
    Some(Hit {
        line,
        speaker,
        refuser: known.unwrap_or(meaning.otherwise_or(by.otherwise())),
        is_known: known.is_some(),
        fragment,
        by,
    })
}

/// What says most of `line`: a sentence before a list, and both before words, where they say as much.
fn recognised<'a>(line: &'a Line, whole: &str, near: &[Line]) -> Option<(By, &'a str)> {
    let fits = |pattern: &'static Pattern| Some((pattern, pattern.fits(line, whole)?));
    let sentence = TABLES.into_iter().flatten().find_map(fits);
    let sentence = sentence.map(|(pattern, fragment)| (By::Sentence(pattern), fragment));
    if let Some((by, _)) = sentence
        && by.weight() == Weight::Specific
    {
        return sentence;
    }
    let list = search::find(line, near).map(|found| (By::List(found.row_alone()), found.fragment));
    let concept = concepts::find(line).map(|(concept, fragment)| (By::Concept(concept), fragment));
    [sentence, list, concept]
        .into_iter()
        .flatten()
        .min_by_key(|(by, _)| std::cmp::Reverse(by.weight()))
}

impl By {
    fn meaning(&self) -> Option<&'static Meaning> {
        match self {
            Self::Sentence(pattern) => Some(&pattern.meaning),
            Self::Concept(concept) => Some(&concept.meaning),
            Self::List(found) => Some(&found.row.meaning),
            Self::Code(_) => None,
        }
    }

    fn weight(&self) -> Weight {
        self.meaning().map_or(Weight::Specific, |meaning| meaning.weight)
    }

    /// Who refused where neither the text nor its meaning tells.
    fn otherwise(&self) -> Refuser {
        match self {
            Self::List(found) => found.list.otherwise,
            _ => Refuser::Client,
        }
    }
}

impl Hit<'_> {
    fn weight(&self) -> Weight {
        self.by.weight()
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        self.refuser == other.refuser
            && match (&self.by, &other.by) {
                (By::Sentence(one), By::Sentence(another)) => std::ptr::eq(*one, *another),
                (By::Concept(one), By::Concept(another)) => std::ptr::eq(*one, *another),
                (By::List(one), By::List(another)) => std::ptr::eq(one.row, another.row),
                (By::Code(one), By::Code(another)) => one == another,
                _ => false,
            }
    }

    fn program(&self) -> &'static str {
        let name = self.speaker.name;
        match &self.by {
            By::Code(_) => ourselves::PROGRAM,
            By::Sentence(pattern) => name.unwrap_or(pattern.program),
            By::Concept(_) => name.unwrap_or("a program"),
            By::List(found) => name.unwrap_or(found.list.program),
        }
    }

    fn said(&self) -> Said {
        Said {
            line: self.line.number,
            program: self.program(),
            role: self.speaker.role.map(speaker::Role::name),
            text: printable(&self.line.around(self.fragment)),
        }
    }

    /// Its causes with the side that refused.
    fn causes(&self) -> Vec<(Refuser, Cause)> {
        let is_inferred = matches!(self.by, By::Concept(_));
        match (&self.by, self.by.meaning()) {
            (By::Code(code), _) => vec![(self.refuser, meaning::certain(*code))],
            (_, Some(meaning)) => meaning.causes(self.refuser, self.is_known, is_inferred),
            (_, None) => Vec::new(),
        }
    }
}

/// The causes of all `hits`: the surest first, each code once.
fn findings(hits: &[Hit<'_>]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for hit in hits {
        let said = hit.said();
        let place = endpoint::of_line(hit.line).unwrap_or_else(|| endpoint::UNKNOWN.to_owned());
        let causes = hit.causes();
        let first = causes.first().map(|(side, cause)| (*side, cause.code));
        for (side, cause) in causes {
            let because = because(&said, side, &cause, first);
            let (help, command) = advice::of(cause.code, side);
            let finding = Finding::new(cause.code, side, cause.certainty, because).help(help);
            findings.push(if command.is_empty() {
                finding
            } else {
                finding.command(command.replace(endpoint::UNKNOWN, &place))
            });
        }
    }
    ranked(findings)
}

/// What was seen, and what it means; `first` is the cause before all others of the same line.
fn because(said: &Said, side: Refuser, cause: &Cause, first: Option<(Refuser, Code)>) -> String {
    let Said {
        line, program, text, ..
    } = said;
    let who = advice::direction(cause.code, side);
    let told = match first {
        Some(first) if first == (side, cause.code) => {
            format!("{program} says in line {line} \"{text}\": {who}")
        }
        Some((same, _)) if same == side => format!("line {line} can mean this, too"),
        _ => format!("line {line} can mean this, too: {who}"),
    };
    if cause.why.is_empty() {
        told
    } else {
        format!("{told}; {}", cause.why)
    }
}

/// The surest first, in the order in which they were found where equally sure.
fn ranked(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| finding.certainty);
    let mut seen = Vec::new();
    findings.retain(|finding| {
        let is_new = !seen.contains(&finding.code);
        seen.push(finding.code);
        is_new
    });
    // What is certain needs no guesses of other lines beside it.
    if findings
        .iter()
        .filter(|finding| finding.certainty == Certainty::Certain)
        .count()
        > 1
    {
        findings.retain(|finding| finding.certainty != Certainty::Guess);
    }
    findings
}

/// Each line together with the next one, broken between words and within one.
fn rejoined(lines: &[Line]) -> Vec<Line> {
    let pairs = lines.iter().zip(lines.iter().skip(1));
    pairs
        .flat_map(|(line, next)| {
            ["", " "].map(|between| {
                let joined = format!(
                    "{}{between}{}",
                    line.written.trim_end(),
                    next.written.trim_start()
                );
                Line::new(line.number, joined)
            })
        })
        .collect()
}
