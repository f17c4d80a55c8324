//! `handfast doctor listen`: we are the server.

use handfast_doctor::{
    Report,
    listen::{Listen as Server, listen, together},
};
use handfast_pki::code;
use handfast_report::{json, schema::Schema, shown::learned};
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use super::flags_of_listen::Listen;
use crate::{
    failure::{Exit, Failure},
    time,
    words::Words,
};

pub fn run(args: &Listen, words: &Words) -> Result<Exit, Failure> {
    let pair = args.cert.as_deref().zip(args.key.as_deref());
    let (client_ca, expected) = (args.client_ca.as_deref(), args.expect_cert.as_deref());
    let server = Server::of_files(pair, client_ca, expected, Timestamp::now())?;
    let reports = time::wait_for(serve(args, server, words))??;
    let findings = together(&reports);
    let all = Report {
        findings,
        ..Report::new(format!("listen {}", args.address))
    };
    let mut object = json::report(&all);
    object["connections"] = reports.iter().map(json::report).collect();
    words.json(Schema::Doctor, object);
    Ok(Exit::found(&all.findings))
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
                    words.data(learned(&report));
                }
                reports.push(report);
            }
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    Ok(reports)
}
