//! What is said of a certificate that was just issued, and of files that were written.

use std::path::Path;

use handfast_ca::{Authority, Issued, State};
use handfast_finding::{shell::shell, when::when};
use handfast_pki::{
    Certificate, Purpose,
    text::{counted, were},
};
use handfast_report::{json, style::GOOD};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::words::Words;

/// A path for JSON, which knows no other text than Unicode.
pub fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Which file now holds what.
pub fn tell_files(lines: &[(&Path, String)], words: &Words) {
    let width = lines
        .iter()
        .map(|(path, _)| text(path).chars().count())
        .max()
        .unwrap_or(0);
    for (path, what) in lines {
        words.data(format_args!("  {:<width$}  {what}", text(path)));
    }
}

/// The first lines about a certificate that was just issued.
pub fn tell_certificate(issued: &Issued, now: Timestamp, words: &Words) {
    let certificate = issued.certificate();
    words.data(format_args!(
        "{GOOD}{} certificate{GOOD:#} for {}",
        issued.profile(),
        certificate.identity().names().join(", ")
    ));
    words.data(format_args!("  until   {}", when(certificate.not_after(), now)));
    if issued.cut_short() {
        words.data("          cut short: nothing outlives its issuer");
    }
    words.data(format_args!("  serial  {}", certificate.serial()));
    words.data(format_args!("  SHA-256 {}", certificate.fingerprint()));
}

/// What the certificate cannot do.
pub fn tell_limits(issued: &Issued, words: &Words) {
    let is_for = |purpose| issued.certificate().is_for(purpose);
    let other = match (is_for(Purpose::Server), is_for(Purpose::Client)) {
        (true, false) => "be used by a client or ",
        (false, true) => "be used by a server or ",
        _ => "",
    };
    words.data(format_args!(
        "it cannot {other}sign others; until it expires, handfast ca revoke takes it back"
    ));
}

/// ` and the intermediate above it`, when there is one.
pub fn and_intermediates(issued: &Issued) -> String {
    match issued.chain().len() - 1 {
        0 => String::new(),
        1 => " and the intermediate above it".into(),
        more => format!(" and the {more} intermediates above it"),
    }
}

/// A command that verifies what was just written.
pub fn verify_command(certificate: &Path, ca: &Path, leaf: &Certificate) -> String {
    let purpose = match (leaf.is_for(Purpose::Server), leaf.is_for(Purpose::Client)) {
        (true, _) => "server",
        (false, true) => "client",
        // Nobody verifies it in a handshake.
        (false, false) => return format!("handfast inspect {}", shell(certificate.display())),
    };
    let host = leaf
        .identity()
        .dns
        .into_iter()
        .find(|dns| purpose == "server" && !dns.starts_with('*'));
    let host = host.map(|host| format!(" --host {host}")).unwrap_or_default();
    let (certificate, ca) = (shell(certificate.display()), shell(ca.display()));
    format!("handfast verify {certificate} --ca {ca} --purpose {purpose}{host}")
}

/// The certificate as JSON.
pub fn described(issued: &Issued, files: &Value, next: &str) -> Value {
    let certificate = issued.certificate();
    json!({
        "profile": issued.profile(),
        "certificate": json::certificate(certificate),
        "cut_short": issued.cut_short(),
        "ignored": issued.ignored(),
        "files": files,
        "next": next,
    })
}

/// Says when a crash has left certificates that nobody was given.
pub fn tell_unfinished(authority: &Authority, now: Timestamp, words: &Words) {
    let Ok(rows) = authority.unfinished(now) else {
        return;
    };
    let planned: Vec<_> = rows.iter().filter(|row| row.state == State::Planned).collect();
    if let Some(last) = planned.last() {
        words.talk(format_args!(
            "note: {} {} planned and never finished, the last with serial {}; they may have been signed, and were not handed out",
            counted(planned.len(), "certificate"),
            were(&planned.len()),
            last.serial
        ));
    }
}
