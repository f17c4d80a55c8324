//! The holes in a configuration of nginx, Apache, HAProxy, Envoy or Caddy, as its user wrote it.
//!
//! In: the name of a file and a way to read it and what it names. A reader per kind makes [`site::Site`]s of the
//! text, the rules judge those. Out: findings, each with the line that it is about. What cannot be read as a
//! configuration is a [`Trouble`] and no finding.

#![warn(missing_docs)]

mod address;
mod apache;
mod caddy;
mod dialect;
pub mod edit;
mod envoy;
mod files;
mod haproxy;
mod kind;
#[cfg(test)]
mod lab;
mod nginx;
mod node;
pub mod outline;
mod pattern;
mod rules;
mod site;
mod span;
mod spot;
mod telling;
mod trouble;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

pub use files::{Files, folders, matching};
use files::{Opened, Reader};
use handfast_finding::Finding;
use handfast_pki::conceal::concealed;
use jiff::Timestamp;
pub use kind::Kind;
pub use outline::{Outline, outline};
use site::Meant;
pub use span::Span;
use telling::{Told, told};
pub use trouble::Trouble;

/// What the user says beside the name of the file.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Whose configuration it is, where that cannot be told.
    pub kind: Option<Kind>,
    /// The folder that relative paths start from.
    pub folder: Option<PathBuf>,
    /// Whether a site that looks up no revoked certificate is a finding, and not only a note.
    pub demands_revocation: bool,
}

/// What a configuration comes to.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What was learned that is no failure, as name and value.
    pub notes: Vec<(String, String)>,
    /// The most specific first; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Reads the configuration `file` and what it names, and says where its mutual TLS has holes at `now`.
pub fn look(file: &Path, wanted: &Wanted, files: &dyn Files, now: Timestamp) -> Result<Judged, Trouble> {
    let mut reader = Reader::new(files, file, wanted.folder.as_deref());
    let (name, kind, opened) = begin(file, wanted, &mut reader)?;
    let found = match kind {
        Kind::Nginx => nginx::read(&name, &opened, &mut reader)?.into(),
        Kind::Apache => apache::read(&name, &opened, &mut reader)?.into(),
        Kind::HaProxy => haproxy::read(&name, &opened, &mut reader)?,
        Kind::Envoy => envoy::read(&name, &opened, &mut reader)?,
        Kind::Caddy => caddy::read(&name, &opened, &mut reader)?,
    };
    let meant = Meant {
        kind,
        sites: found.sites,
        admins: found.admins,
        file: name,
    };
    let mut findings = rules::judge(&meant, wanted, &mut reader, now);
    for place in findings.iter_mut().filter_map(|finding| finding.place.as_mut()) {
        place.text = reader.line(place);
    }
    let mut notes = notes(&meant, &reader);
    // Values are repeated in findings, and a configuration may hold its keys itself.
    for finding in &mut findings {
        finding.reword(concealed);
    }
    for (_, value) in &mut notes {
        if let Cow::Owned(other) = concealed(value) {
            *value = other;
        }
    }
    Ok(Judged { notes, findings })
}

/// Opens the configuration `file`, and says whose it is.
fn begin(file: &Path, wanted: &Wanted, reader: &mut Reader<'_>) -> Result<(String, Kind, Opened), Trouble> {
    let opened = reader.open(file, None)?;
    let name = file.display().to_string();
    if wanted.kind.is_none() && kind::is_ours(file, &opened.text) {
        return Err(Trouble::Ours { file: name });
    }
    let told = wanted.kind.map_or_else(|| told(file, &opened.text), Told::Ours);
    match told {
        Told::Ours(kind) => Ok((name, kind, opened)),
        Told::Other(of) => Err(Trouble::OtherKind { file: name, name: of }),
        Told::Unknown => Err(Trouble::UnknownKind { file: name }),
    }
}

fn notes(meant: &Meant, reader: &Reader<'_>) -> Vec<(String, String)> {
    let ends = meant.sites.iter().filter(|site| site.is_tls).count();
    let asks = meant.sites.iter().filter(|site| site.does_ask()).count();
    let mut notes = vec![
        ("kind".to_owned(), meant.kind.name().to_owned()),
        ("files".to_owned(), reader.count().to_string()),
        (
            "sites".to_owned(),
            format!("{ends} with TLS, {asks} ask for a client certificate"),
        ),
    ];
    if let Some(site) = rules::without_lists(meant).next() {
        notes.push((
            "revocation".to_owned(),
            format!(
                "{} names no revocation list (CRL), so a revoked certificate is accepted until it expires ({})",
                site.called,
                handfast_pki::code::REVOCATION_OFF
            ),
        ));
    }
    if !reader.passed_over.is_empty() {
        notes.push(("not looked at".to_owned(), reader.passed_over.join("; ")));
    }
    notes
}
