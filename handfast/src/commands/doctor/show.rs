//! How a report is shown: in the terminal, as JSON, as a page, as a diagram, as a bundle for the other party.

use std::path::PathBuf;

use handfast_credentials::files::{self, Readers};
use handfast_doctor::Report;
use handfast_finding::shell::shell;
use handfast_report::{bundle, html, json, ladder::Detail, mermaid, schema::Schema, shown};

use crate::{
    failure::{Exit, Failure},
    given::hidden,
    time,
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
    Ok(Exit::found(&made.findings))
}

/// Shows `reports` one after the other; page, diagram and bundle are those of number `chosen`.
pub fn show_all(reports: &[Report], chosen: usize, show: &Show, words: &Words) -> Result<(), Failure> {
    let now = time::now();
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
        let detail = Detail {
            explain: show.explain,
            verbose: show.verbose,
            unbroken: false,
            width: width(),
        };
        for made in reports {
            if let Some(picture) = shown::picture(made, detail, now) {
                words.data(picture);
            }
            words.data(shown::learned(made));
        }
    }
    for path in show.html.iter().chain(&show.bundle) {
        words.talk(format_args!("written: {}", shell(path.display())));
    }
    Ok(())
}
