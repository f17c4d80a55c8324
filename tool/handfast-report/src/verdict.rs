//! Whether a chain is trusted, with every path that was tried.

use std::fmt::Write as _;

use handfast_finding::{
    Problem,
    when::{relative, when},
};
use handfast_pki::{Certificate, Purpose, Refusal, VerifiedChain, candidates::Candidate, name::shown};
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
        let leaf = self
            .presented
            .first()
            .map(Certificate::called)
            .unwrap_or_default();
        match verdict {
            Ok(chain) => {
                let host = self.host.map(|host| format!(" for {host}")).unwrap_or_default();
                let _ = writeln!(
                    out,
                    "{GOOD}trusted{GOOD:#}: \"{leaf}\" as a {}{host}",
                    self.purpose
                );
                let _ = writeln!(out, "  until {}", when(chain.not_after(), self.at));
            }
            Err(refusal) => {
                let _ = writeln!(
                    out,
                    "{BAD}not trusted{BAD:#}: {refusal}  [{}]",
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
                let _ = writeln!(
                    out,
                    "path {number} of {of}: refused, {refusal}  [{}]",
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
            let _ = writeln!(out, "  {branch}{}  ({role}{ends} {far})", certificate.called());
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
            "trusted": verdict.is_ok(),
            "purpose": self.purpose.to_string(),
            "host": self.host,
            "at": self.at,
            "identity": self.presented.first().map(Certificate::identity),
            "until": verdict.as_ref().ok().map(VerifiedChain::not_after),
            "problem": refusal.map(|refusal| refused(refusal, self.purpose)),
            "paths": paths.iter().map(|path| self.path_json(path)).collect::<Vec<_>>(),
        })
    }

    fn path_json(&self, candidate: &Candidate) -> Value {
        let refusal = candidate.verdict.as_ref().err();
        json!({
            "trusted": candidate.verdict.is_ok(),
            "reaches_anchor": candidate.reaches_anchor,
            "certificates": candidate.path.iter().map(certificate).collect::<Vec<_>>(),
            "problem": refusal.map(|refusal| refused(refusal, self.purpose)),
        })
    }
}

/// Why a chain is not trusted, as a problem.
pub fn refused(refusal: &Refusal, purpose: Purpose) -> Value {
    problem(&Problem::new(refusal.code(purpose), refusal).help(refusal.hint()))
}
