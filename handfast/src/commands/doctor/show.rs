//! How a report is shown: in the terminal, as JSON, as a page, as a diagram, as a bundle for the other party.

use std::path::PathBuf;

use handfast_credentials::files::{self, Readers};
use handfast_doctor::Report;
use handfast_finding::shell::shell;
use handfast_report::{
    bundle, chains, html, json,
    ladder::{self, Detail},
    mermaid,
    schema::Schema,
    style::{FAINT, STRONG},
};
use jiff::Timestamp;

use crate::{
    failure::{Exit, Failure},
    given::hidden,
    words::{Words, width},
};

/// The looks of a report.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Show {
    /// Open every step of the handshake in plain words
    #[arg(long)]
    explain: bool,
    /// More fields of each message; twice, and its bytes
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Write the report as one self-contained page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print the handshake as a Mermaid sequence diagram instead of the report
    #[arg(long, conflicts_with = "explain")]
    mermaid: bool,
    /// Write a report that is safe to send to the other party: no keys, no secrets
    #[arg(long, value_name = "FILE.zip")]
    bundle: Option<PathBuf>,
    /// Mask the names of hosts and certificates in the bundle
    #[arg(long, requires = "bundle")]
    mask: bool,
}

/// Shows `made`, and says how the command ends: 0 without findings, 1 with.
pub fn show(made: &Report, show: &Show, words: &Words) -> Result<Exit, Failure> {
    words.json(Schema::Doctor, json::report(made));
    show_all(std::slice::from_ref(made), 0, show, words)?;
    Ok(if made.findings.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

/// Shows `reports` one after the other; page, diagram and bundle are those of number `chosen`.
pub fn show_all(reports: &[Report], chosen: usize, show: &Show, words: &Words) -> Result<(), Failure> {
    let now = Timestamp::from_second(Timestamp::now().as_second()).map_err(Failure::bug)?;
    let mut worst = reports[chosen].clone();
    worst.reword(hidden);
    let worst = &worst;
    if let Some(path) = &show.html {
        words.tell_leftovers(&files::write(
            path,
            html::page(worst, now, html::Contents::Whole).as_bytes(),
            Readers::Everybody,
        )?);
    }
    if let Some(path) = &show.bundle {
        let zipped = bundle::bundle(worst, show.mask, now).map_err(Failure::bug)?;
        words.tell_leftovers(&files::write(path, &zipped, Readers::Everybody)?);
    }
    if show.mermaid {
        words.data(mermaid::mermaid(worst).trim_end());
    } else {
        for made in reports {
            picture(made, show, now, words);
            super::say(made, words);
        }
    }
    for path in show.html.iter().chain(&show.bundle) {
        words.talk(format_args!("written: {}", shell(path.display())));
    }
    Ok(())
}

/// The ladder, the chains where they may explain something, the further connections.
fn picture(made: &Report, show: &Show, now: Timestamp, words: &Words) {
    let Some(trace) = made.trace.as_ref().filter(|trace| !trace.messages.is_empty()) else {
        return;
    };
    let detail = Detail {
        explain: show.explain,
        verbose: show.verbose,
        unbroken: false,
        width: width(),
    };
    words.data(ladder::detailed(trace, detail, made.blamed()).trim_end());
    words.data("");
    let wanted = show.verbose > 0 || show.explain || made.findings.first().is_some_and(is_about_chains);
    if let Some(chains) = chains::of(made, now).filter(|_| wanted) {
        words.data(chains.text());
    }
    if !made.probes.is_empty() {
        words.data(format_args!("{STRONG}further connections{STRONG:#}"));
        for probe in &made.probes {
            words.data(format_args!("  {FAINT}{probe}{FAINT:#}"));
        }
        words.data("");
    }
}

/// Whether two chains side by side help to see what `finding` means.
fn is_about_chains(finding: &handfast_finding::Finding) -> bool {
    let code = finding.code.to_string();
    code.starts_with("HF-2")
        || [
            "HF-102", "HF-103", "HF-104", "HF-105", "HF-106", "HF-110", "HF-301", "HF-302",
        ]
        .contains(&code.as_str())
}
