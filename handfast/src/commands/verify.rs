//! `handfast verify`: whether a chain is to be believed, and why not.

use std::path::PathBuf;

use handfast_credentials::load;
use handfast_finding::when::{relative, when};
use handfast_pki::{
    AnchorError, Anchors, Certificate, Purpose, Refusal, VerifiedChain,
    name::shown,
    verify::{Candidate, candidates, for_host, host, verify},
};
use handfast_report::style::{BAD, GOOD};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Verify a certificate against trusted CAs, as the proxy and the client do
///
/// Says yes (exit code 0) or no (exit code 5), why, and shows every path from the certificate up to a
/// trusted CA. It opens no connection and does not check revocation.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast verify server/tls.crt --ca server/ca.crt --purpose server --host localhost"
)]
pub struct Args {
    /// The certificate, followed in the file by its intermediates; - for stdin
    cert: PathBuf,
    /// The trusted CA certificates
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// What it is used for: client or server [default: server with --host, else what the certificate says first]
    #[arg(long, value_parser = ["client", "server"])]
    purpose: Option<String>,
    /// The host that it must be valid for, a DNS name or an IP address
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// When, such as 2027-01-31T12:00:00Z, instead of now
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let at = args.at.unwrap_or(now);
    let asked = args
        .host
        .as_deref()
        .map(host)
        .transpose()
        .map_err(|error| Failure::about("--host", &error))?;
    let presented = load::certificates(&args.cert)?;
    let anchors = Anchors::new(load::certificates(&args.ca)?, at).map_err(|error| unusable(args, &error))?;
    let purpose = purpose(args, &presented);
    let ders: Vec<_> = presented
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    let verdict = verify(&ders, &anchors, purpose, at).and_then(|chain| match &asked {
        Some(asked) => for_host(&chain, asked).map(|()| chain),
        None => Ok(chain),
    });
    let paths = candidates(&presented, &anchors, purpose, at);
    let question = Question {
        args,
        presented: &presented,
        purpose,
        at,
    };
    question.tell(&verdict, &paths, words);
    for left_out in anchors.left_out() {
        words.talk(format_args!(
            "note: \"{}\" is among the trusted CAs and ended at {}",
            left_out.called(),
            when(left_out.not_after(), at)
        ));
    }
    Ok(if verdict.is_ok() {
        Exit::Yes
    } else {
        Exit::Untrusted
    })
}

/// CAs that have all ended trust nobody; anything else is a wrong file.
fn unusable(args: &Args, error: &AnchorError) -> Failure {
    let exit = if matches!(error, AnchorError::Expired { .. }) {
        Exit::Untrusted
    } else {
        Exit::Misuse
    };
    Failure::new(exit, error.code(), format!("\"{}\": {error}", args.ca.display()))
        .hint("give the CA certificates that are to be trusted: --ca ca.crt")
}

fn purpose(args: &Args, presented: &[Certificate]) -> Purpose {
    match args.purpose.as_deref() {
        Some("client") => return Purpose::Client,
        Some(_) => return Purpose::Server,
        None => {}
    }
    let first = presented.first().and_then(Certificate::extended_key_usage_names);
    let says_client = first.is_some_and(|names| names.first().is_some_and(|name| name == "clientAuth"));
    if args.host.is_none() && says_client {
        Purpose::Client
    } else {
        Purpose::Server
    }
}

/// What was asked.
struct Question<'a> {
    args: &'a Args,
    presented: &'a [Certificate],
    purpose: Purpose,
    at: Timestamp,
}

impl Question<'_> {
    fn tell(&self, verdict: &Result<VerifiedChain, Refusal>, paths: &[Candidate], words: &Words) {
        let leaf = self
            .presented
            .first()
            .map(Certificate::called)
            .unwrap_or_default();
        match verdict {
            Ok(chain) => {
                let host = self
                    .args
                    .host
                    .as_ref()
                    .map(|host| format!(" for {host}"))
                    .unwrap_or_default();
                words.data(format_args!(
                    "{GOOD}trusted{GOOD:#}: \"{leaf}\" as a {}{host}",
                    self.purpose
                ));
                words.data(format_args!("  until {}", when(chain.not_after(), self.at)));
            }
            Err(refusal) => {
                words.data(format_args!(
                    "{BAD}not trusted{BAD:#}: {refusal}  [{}]",
                    refusal.code(self.purpose)
                ));
                words.data(format_args!("  hint: {}", refusal.hint()));
            }
        }
        for (index, path) in paths.iter().enumerate() {
            self.tell_path(path, index + 1, paths.len(), words);
        }
        words.json(&self.to_json(verdict, paths));
    }

    fn tell_path(&self, candidate: &Candidate, number: usize, of: usize, words: &Words) {
        match &candidate.verdict {
            Ok(()) => words.data(format_args!("path {number} of {of}: good")),
            Err(refusal) => {
                words.data(format_args!(
                    "path {number} of {of}: refused, {refusal}  [{}]",
                    refusal.code(self.purpose)
                ));
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
            words.data(format_args!(
                "  {branch}{}  ({role}{ends} {far})",
                certificate.called()
            ));
        }
        if let (false, Some(last)) = (candidate.reaches_anchor, candidate.path.last()) {
            let indent = "  ".repeat(candidate.path.len() - 1);
            words.data(format_args!(
                "  {indent}└ {}  (neither presented nor trusted)",
                shown(last.issuer())
            ));
        }
    }

    fn to_json(&self, verdict: &Result<VerifiedChain, Refusal>, paths: &[Candidate]) -> Value {
        let refusal = verdict.as_ref().err();
        json!({
            "trusted": verdict.is_ok(),
            "purpose": self.purpose.to_string(),
            "host": self.args.host,
            "at": self.at,
            "identity": self.presented.first().map(Certificate::identity),
            "until": verdict.as_ref().ok().map(VerifiedChain::not_after),
            "code": refusal.map(|refusal| refusal.code(self.purpose).to_string()),
            "reason": refusal.map(ToString::to_string),
            "hint": refusal.map(Refusal::hint),
            "paths": paths.iter().map(|path| self.path_json(path)).collect::<Vec<_>>(),
        })
    }

    fn path_json(&self, candidate: &Candidate) -> Value {
        let refusal = candidate.verdict.as_ref().err();
        let certificate = |certificate: &Certificate| {
            json!({
                "called": certificate.called(),
                "fingerprint": certificate.fingerprint(),
                "not_after": certificate.not_after(),
            })
        };
        json!({
            "trusted": candidate.verdict.is_ok(),
            "reaches_anchor": candidate.reaches_anchor,
            "certificates": candidate.path.iter().map(certificate).collect::<Vec<_>>(),
            "code": refusal.map(|refusal| refusal.code(self.purpose).to_string()),
            "reason": refusal.map(ToString::to_string),
        })
    }
}
