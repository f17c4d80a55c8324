//! `handfast doctor listen`: we are the server.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use handfast_credentials::load;
use handfast_doctor::{
    Context, Report,
    listen::{Listen as Server, listen},
    throwaway,
};
use handfast_finding::{Certainty, Finding};
use handfast_pki::{code, name, name::AltName};
use handfast_report::{json, schema::Schema};
use handfast_tls::Credentials;
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use super::say;
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Be the server: show what a client really sends, and why it would be refused
///
/// Answers every client and forwards nothing. If a client sends no certificate when issuers are named, its next
/// connection is asked without names, so that a certificate that was held back is seen.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast doctor listen 127.0.0.1:8443 --client-ca ca.crt --cert server/tls.crt --key server/tls.key"
)]
pub struct Listen {
    /// Where to listen; port 0 lets the system choose
    #[arg(default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    address: SocketAddr,
    /// The certificate to show; without it one is made that clients have to be told to accept
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The CAs to name to clients, and to judge their certificates by
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// The certificate file that the client should be using
    #[arg(long, value_name = "FILE")]
    expect_cert: Option<PathBuf>,
    /// End after this many reports
    #[arg(long, value_name = "COUNT")]
    connections: Option<usize>,
    /// End after the first connection
    #[arg(long, conflicts_with = "connections")]
    once: bool,
}

pub fn run(args: &Listen, words: &Words) -> Result<Exit, Failure> {
    let server = server(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::bug)?;
    let reports = runtime.block_on(serve(args, server, words))?;
    let findings = together(&reports);
    let all = Report {
        findings,
        ..Report::new(format!("listen {}", args.address))
    };
    let mut object = json::report(&all);
    object["connections"] = reports.iter().map(json::report).collect();
    words.json(Schema::Doctor, object);
    Ok(if all.findings.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

async fn serve(args: &Listen, server: Server, words: &Words) -> Result<Vec<Report>, Failure> {
    let cannot =
        |error: std::io::Error| Failure::of(code::CANNOT_LISTEN, format!("\"{}\": {error}", args.address));
    let mut listening = listen(args.address, server).await.map_err(cannot)?;
    words.talk(format_args!(
        "listening on {}, end with Ctrl-C",
        listening.address()
    ));
    let most = if args.once { Some(1) } else { args.connections };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::bug)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::bug)?;
    let mut reports = Vec::new();
    while most.is_none_or(|most| reports.len() < most) {
        tokio::select! {
            report = listening.next() => {
                let Some(report) = report else { break };
                if !words.json {
                    words.data(format_args!("\n{}", report.target));
                    say(&report, words);
                }
                reports.push(report);
            }
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    Ok(reports)
}

/// The findings of all connections, the surest first. That a certificate is held back explains that none was sent.
fn together(reports: &[Report]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for finding in reports.iter().flat_map(|report| &report.findings) {
        if !findings.iter().any(|known| known.code == finding.code) {
            findings.push(finding.clone());
        }
    }
    if findings
        .iter()
        .any(|finding| finding.code == code::HELD_BACK && finding.certainty == Certainty::Certain)
    {
        findings.retain(|finding| finding.code != code::NO_CERTIFICATE);
    }
    findings.sort_by_key(|finding| finding.certainty);
    findings
}

fn server(args: &Listen) -> Result<Server, Failure> {
    let now = Timestamp::now();
    let credentials = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => load::paired(load::certificates(cert)?, &load::private_key(key)?, key)?,
        _ => throwaway(now)?,
    };
    let mut context = Context {
        is_http: true,
        ..Context::default()
    };
    let mut issuers = Vec::new();
    if let Some(path) = &args.client_ca {
        let anchors = load::anchors(path, now)?;
        issuers = anchors
            .certificates()
            .iter()
            .map(|anchor| name::der_of(anchor.subject()))
            .collect();
        context.known = anchors.certificates().to_vec();
        context.client_trust = Some(Arc::new(anchors.into()));
    }
    if let Some(path) = &args.expect_cert {
        context.served = load::certificates(path)?.into_iter().next();
        context.known.extend(load::neighbours(path));
    }
    Ok(Server {
        credentials,
        issuers,
        context,
    })
}

/// A certificate for this machine that nobody has a reason to believe.
fn throwaway(now: Timestamp) -> Result<Credentials, Failure> {
    let names = vec![
        AltName::Dns("localhost".into()),
        AltName::Ip(std::net::Ipv4Addr::LOCALHOST.into()),
    ];
    throwaway::server(names, now).map_err(Failure::bug)
}
