//! The errors of other programs: from a pasted text to the causes behind it. Pure, like all of judging.
//!
//! A text is compared line by line with tables of what programs say, the specific texts before the general
//! ones. An alert tells who refused only together with who speaks: in a server's log it is the client's. What
//! a text cannot tell is said with it: the other causes, and the test that separates them.

#![warn(missing_docs)]

mod advice;
mod alerts;
mod browsers;
mod clouds;
mod curl;
mod endpoint;
mod gnutls;
mod go;
mod java;
mod lines;
mod numbers;
mod openssl;
mod ourselves;
mod pattern;
mod rustls;
mod scripts;
mod servers;
mod services;
mod speaker;
mod tokens;
mod vague;
mod web;
mod windows;

#[cfg(test)]
mod tests;

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, text::printable};

pub use advice::Test;
pub use lines::{LARGEST, decode};
pub use web::INSPECTORS;

use lines::Line;
use pattern::{Cause, Pattern};
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
static TABLES: [&[Pattern]; 17] = [
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
    numbers::TABLE,
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
    if hits.iter().any(|hit| !hit.is_general()) {
        hits.retain(|hit| !hit.is_general());
    }
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
    fragment: &'static str,
    meaning: Meaning,
}

/// What a line was recognised by.
enum Meaning {
    Pattern(&'static Pattern),
    /// A code of ours.
    Code(Code),
}

/// The recognised lines; each text once, however often it was said.
fn hits<'a>(lines: &'a [Line], whole: &str) -> Vec<Hit<'a>> {
    let mut hits: Vec<Hit<'a>> = Vec::new();
    for (line, speaker) in lines.iter().zip(speaker::speakers(lines)) {
        let Some(hit) = hit(line, speaker, whole) else {
            continue;
        };
        if !hits.iter().any(|known| known.says_the_same_as(&hit)) {
            hits.push(hit);
        }
    }
    hits
}

fn hit<'a>(line: &'a Line, speaker: Speaker, whole: &str) -> Option<Hit<'a>> {
    if let Some((code, refuser)) = ourselves::code(line) {
        return Some(Hit {
            line,
            speaker,
            refuser,
            is_known: true,
            fragment: "hf ",
            meaning: Meaning::Code(code),
        });
    }
    let patterns = TABLES.into_iter().flatten();
    let (pattern, fragment) = patterns
        .filter_map(|pattern| Some((pattern, pattern.fits(line, whole)?)))
        .next()?;
    let known = speaker::refuser(line, pattern.speech, speaker.role);
    Some(Hit {
        line,
        speaker,
        refuser: known.unwrap_or(pattern.otherwise),
        is_known: known.is_some(),
        fragment,
        meaning: Meaning::Pattern(pattern),
    })
}

impl Hit<'_> {
    fn is_general(&self) -> bool {
        matches!(self.meaning, Meaning::Pattern(pattern) if pattern.is_general)
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        self.refuser == other.refuser
            && match (&self.meaning, &other.meaning) {
                (Meaning::Pattern(one), Meaning::Pattern(another)) => std::ptr::eq(*one, *another),
                (Meaning::Code(one), Meaning::Code(another)) => one == another,
                _ => false,
            }
    }

    fn program(&self) -> &'static str {
        match &self.meaning {
            Meaning::Code(_) => ourselves::PROGRAM,
            Meaning::Pattern(pattern) => self.speaker.name.unwrap_or(pattern.program),
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
        match &self.meaning {
            Meaning::Code(code) => vec![(self.refuser, pattern::certain(*code))],
            Meaning::Pattern(pattern) => pattern.causes(self.refuser, self.is_known),
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
