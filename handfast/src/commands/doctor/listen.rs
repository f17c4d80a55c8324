//! `handfast doctor listen`: we are the server.

use handfast_doctor::{
    Report,
    listen::{Listen as Server, listen},
};
use handfast_finding::{Certainty, Finding};
use handfast_pki::code;
use handfast_report::{json, schema::Schema};
use tokio::signal::unix::{SignalKind, signal};

use super::{flags_of_listen::Listen, listener, say};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

pub fn run(args: &Listen, words: &Words) -> Result<Exit, Failure> {
    let server = listener::server(args)?;
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
