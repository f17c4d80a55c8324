//! Whether a chain is trusted, with every path that was tried.

use std::fmt::Write as _;

use handfast_finding::{
    Problem,
    when::{relative, when},
};
use handfast_pki::{
    Certificate, Purpose, Refusal, VerifiedChain, candidates::Candidate, link, name::shown, serial, time,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    json::{certificate, problem},
    style::{BAD, GOOD},
};

/// What was asked of a chain.
pub struct Question<'a> {
    pub presented: &'a [Certificate],
    pub purpose: Purpose,
    /// The host that the chain must be for.
    pub host: Option<&'a str>,
    pub at: Timestamp,
}

impl Question<'_> {
    /// The verdict, and each path that was tried, as lines.
    pub fn text(&self, verdict: &Result<VerifiedChain, Refusal>, paths: &[Candidate]) -> String {
        let mut out = String::new();
        let leaf = self.presented.first().map(whose).unwrap_or_default();
        match verdict {
            Ok(chain) => {
                let host = self.host.map(|host| format!(" for {host}")).unwrap_or_default();
                let _ = writeln!(out, "{GOOD}trusted{GOOD:#}: {leaf} as a {}{host}", self.purpose);
                let _ = writeln!(out, "  until {}", when(chain.not_after(), self.at));
            }
            Err(refusal) => {
                let _ = writeln!(
                    out,
                    "{BAD}{}{BAD:#}: {refusal}  [{}]",
                    word(Some(refusal)),
                    refusal.code(self.purpose)
                );
                let _ = writeln!(out, "  help: {}", refusal.hint());
            }
        }
        for (index, path) in paths.iter().enumerate() {
            self.path(path, index + 1, paths.len(), &mut out);
        }
        out
    }

    fn path(&self, candidate: &Candidate, number: usize, of: usize, out: &mut String) {
        match &candidate.verdict {
            Ok(()) => {
                let _ = writeln!(out, "path {number} of {of}: good");
            }
            Err(refusal) => {
                let refused = if refusal.is_undecided() {
                    "not decided"
                } else {
                    "refused"
                };
                let _ = writeln!(
                    out,
                    "path {number} of {of}: {refused}, {refusal}  [{}]",
                    refusal.code(self.purpose)
                );
            }
        }
        for (depth, certificate) in candidate.path.iter().enumerate() {
            let branch = if depth == 0 {
                String::new()
            } else {
                format!("{}└ ", "  ".repeat(depth - 1))
            };
            let trusted = candidate.reaches_anchor && depth + 1 == candidate.path.len();
            let role = if trusted { "trusted, " } else { "" };
            let ends = if certificate.not_after() < self.at {
                "ended"
            } else {
                "ends"
            };
            let far = relative(certificate.not_after(), self.at);
            let name = if depth == 0 {
                whose(certificate)
            } else {
                certificate.called()
            };
            let _ = writeln!(out, "  {branch}{name}  ({role}{ends} {far})");
        }
        for note in notes(&candidate.path) {
            let _ = writeln!(out, "  note: {note}");
        }
        if let (false, Some(last)) = (candidate.reaches_anchor, candidate.path.last()) {
            let indent = "  ".repeat(candidate.path.len() - 1);
            let _ = writeln!(
                out,
                "  {indent}└ {}  (neither presented nor trusted)",
                shown(last.issuer())
            );
        }
    }

    pub fn to_json(&self, verdict: &Result<VerifiedChain, Refusal>, paths: &[Candidate]) -> Value {
        let refusal = verdict.as_ref().err();
        json!({
            "verdict": word(refusal),
            "trusted": decided(refusal),
            "purpose": self.purpose.to_string(),
            "host": self.host,
            "at": self.at,
            "identity": self.presented.first().map(Certificate::identity),
            "until": verdict.as_ref().ok().map(|chain| time::shown(chain.not_after())),
            "problem": refusal.map(|refusal| refused(refusal, self.purpose)),
            "paths": paths.iter().map(|path| self.path_json(path)).collect::<Vec<_>>(),
        })
    }

    fn path_json(&self, candidate: &Candidate) -> Value {
        let refusal = candidate.verdict.as_ref().err();
        json!({
            "trusted": decided(refusal),
            "reaches_anchor": candidate.reaches_anchor,
            "certificates": candidate.path.iter().map(certificate).collect::<Vec<_>>(),
            "problem": refusal.map(|refusal| refused(refusal, self.purpose)),
            "notes": notes(&candidate.path),
        })
    }
}

/// The answer in words; there are three.
fn word(refusal: Option<&Refusal>) -> &'static str {
    match refusal {
        None => "trusted",
        Some(refusal) if refusal.is_undecided() => "not decided",
        Some(_) => "not trusted",
    }
}

/// Yes, no, or nothing where it cannot be told here.
fn decided(refusal: Option<&Refusal>) -> Option<bool> {
    match refusal {
        None => Some(true),
        Some(refusal) if refusal.is_undecided() => None,
        Some(_) => Some(false),
    }
}

/// The leaf by the name that rules compare with, and its subject where that is another one.
fn whose(leaf: &Certificate) -> String {
    let name = leaf.identity().called();
    if leaf.subject().is_empty() {
        return name;
    }
    format!("{name} ({})", shown(leaf.subject()))
}

/// What does not matter here and does to other programs.
pub fn notes(path: &[Certificate]) -> Vec<String> {
    let mut notes = Vec::new();
    for [below, above] in path.array_windows() {
        let called = below.called();
        if let Some(mismatch) = link::identifier_mismatch(below, above) {
            notes.push(format!(
                "\"{called}\": {mismatch}; OpenSSL, and with it nginx, Apache and HAProxy, looks for another issuer then"
            ));
        }
        if let Some(writing) = link::other_writing(below, above) {
            notes.push(format!(
                "\"{called}\": {writing}; OpenSSL and Java take it for the same name, Go, NSS and rustls do not"
            ));
        }
    }
    let negative = path.iter().filter(|one| serial::is_negative(one.serial_octets()));
    notes.extend(negative.map(|one| {
        format!(
            "\"{}\": its serial number {} is negative; Go refuses it since 1.23",
            one.called(),
            one.serial()
        )
    }));
    notes
}

/// Why a chain is not trusted, as a problem.
pub fn refused(refusal: &Refusal, purpose: Purpose) -> Value {
    problem(&Problem::new(refusal.code(purpose), refusal).help(refusal.hint()))
}
