//! `handfast verify`: whether a chain is to be believed, and why not.

use std::path::PathBuf;

use handfast_credentials::load;
use handfast_finding::when::when;
use handfast_pki::{
    AnchorError, Anchors, Certificate, Purpose, Trust,
    candidates::candidates,
    verify::{for_host, host, verify},
};
use handfast_report::{schema::Schema, verdict::Question};
use jiff::Timestamp;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Verify a certificate against trusted CAs, as the proxy and the client do
///
/// Says yes (exit code 0), no (exit code 5), or that it cannot be verified here (exit code 3: an algorithm that
/// Handfast does not support), why, and shows every path from the certificate up to a trusted CA. It opens no connection and does not check revocation.
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
    let trust = Trust::from(anchors);
    let purpose = purpose(args, &presented);
    let ders: Vec<_> = presented
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    let verdict = verify(&ders, &trust, purpose, at).and_then(|chain| match &asked {
        Some(asked) => for_host(&chain, asked).map(|()| chain),
        None => Ok(chain),
    });
    let paths = candidates(&presented, &trust, purpose, at);
    let question = Question {
        presented: &presented,
        purpose,
        host: args.host.as_deref(),
        at,
    };
    words.data(question.text(&verdict, &paths).trim_end());
    words.json(Schema::Verify, question.to_json(&verdict, &paths));
    for left_out in trust.anchors().left_out() {
        words.talk(format_args!(
            "note: \"{}\" is among the trusted CAs and ended at {}",
            left_out.called(),
            when(left_out.not_after(), at)
        ));
    }
    Ok(match verdict {
        Ok(_) => Exit::Yes,
        Err(refusal) if refusal.is_undecided() => Exit::Unreachable,
        Err(_) => Exit::Untrusted,
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
        .help("give the CA certificates that are to be trusted: --ca ca.crt")
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
