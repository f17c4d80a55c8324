//! The server's own certificate and key, as far as we may read them.

use std::path::Path;

use handfast_finding::{Certainty, Finding};
use handfast_pki::{Certificate, Error, code, pem};
use jiff::Timestamp;

use super::{
    about,
    trust::{Loaded, bytes, certificates},
};
use crate::{
    files::Reader,
    site::{Material, Meant, Pair, Site, Source},
};

pub(super) fn judge(meant: &Meant, reader: &mut Reader<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    for site in meant.sites.iter().filter(|site| site.is_tls) {
        for pair in &site.pairs {
            findings.extend(readable(site, pair, reader));
            let chain = match certificates(&pair.certificate, reader.files()) {
                Loaded::Read(chain) => chain,
                Loaded::Unusable(why) | Loaded::Closed(why) => {
                    pass_over(reader, &pair.certificate, &why);
                    continue;
                }
            };
            findings.extend(order(site, pair, &chain));
            findings.extend(dates(site, pair, &chain, now));
            findings.extend(mismatch(site, pair, &chain, reader));
        }
    }
    findings
}

fn pass_over(reader: &mut Reader<'_>, material: &Material, why: &str) {
    let line = format!("{}: {why}", material.name);
    if !reader.passed_over.contains(&line) {
        reader.passed_over.push(line);
    }
}

/// Where the key is: in a file of its own, or in that of the certificate.
fn key_of(pair: &Pair) -> &Material {
    pair.key.as_ref().unwrap_or(&pair.certificate)
}

/// A key that everybody on the machine may read.
fn readable(site: &Site, pair: &Pair, reader: &Reader<'_>) -> Option<Finding> {
    const OTHERS: u32 = 0o004;
    let key = key_of(pair);
    let Source::Path(path) = &key.source else {
        return None;
    };
    let mode = reader.files().mode(path)? & 0o777;
    let holds_key = pair.key.is_some() || holds_key(key, reader);
    (mode & OTHERS != 0 && holds_key && !is_folder(path, reader)).then(|| {
        let because = format!(
            "{}: the private key \"{}\" can be read by others: its mode is {mode:o}, expected 600",
            site.called, key.name
        );
        about(code::UNREADABLE, Certainty::Certain, &key.place, because)
            .help("let its owner alone read it")
            .command(format!("chmod 600 {}", shown(path)))
    })
}

/// The files of a folder are looked at one by one.
fn is_folder(path: &Path, reader: &Reader<'_>) -> bool {
    reader.files().list(path).is_ok_and(|names| !names.is_empty())
}

fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains([' ', '\'', '"', '$', '\\']) {
        format!("'{}'", text.replace('\'', "'\\''"))
    } else {
        text
    }
}

fn holds_key(material: &Material, reader: &Reader<'_>) -> bool {
    match bytes(material, reader.files()) {
        Loaded::Read(bytes) => pem::private_key(&bytes).is_ok() || has_label(&bytes),
        _ => false,
    }
}

fn has_label(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("PRIVATE KEY-----")
}

/// A CA first, and the leaf after it.
fn order(site: &Site, pair: &Pair, chain: &[Certificate]) -> Option<Finding> {
    let first = chain.first()?;
    let leaf = chain.iter().find(|certificate| !certificate.is_ca())?;
    (first.is_ca() && chain.len() > 1).then(|| {
        let because = format!(
            "{}: \"{}\" begins with the CA \"{}\", expected the leaf \"{}\" first",
            site.called,
            pair.certificate.name,
            first.called(),
            leaf.called()
        );
        about(
            code::CHAIN_ORDER,
            Certainty::Certain,
            &pair.certificate.place,
            because,
        )
        .help("put the leaf first, then the intermediates, without the root")
    })
}

fn dates(site: &Site, pair: &Pair, chain: &[Certificate], now: Timestamp) -> Option<Finding> {
    let leaf = chain.first()?;
    let finding = |code, because: String| {
        about(code, Certainty::Certain, &pair.certificate.place, because)
            .help("issue a new one: handfast issue server, and reload the server")
    };
    if leaf.not_after() < now {
        return Some(finding(
            code::EXPIRED,
            format!(
                "{}: \"{}\" expired at {}, it is {now}",
                site.called,
                leaf.called(),
                leaf.not_after()
            ),
        ));
    }
    (leaf.not_before() > now).then(|| {
        finding(
            code::NOT_YET_VALID,
            format!(
                "{}: \"{}\" is valid from {}, it is {now}",
                site.called,
                leaf.called(),
                leaf.not_before()
            ),
        )
    })
}

/// The key of another certificate.
fn mismatch(site: &Site, pair: &Pair, chain: &[Certificate], reader: &mut Reader<'_>) -> Option<Finding> {
    let material = key_of(pair);
    let key = match bytes(material, reader.files()) {
        Loaded::Read(bytes) => pem::private_key(&bytes),
        Loaded::Unusable(why) | Loaded::Closed(why) => {
            pass_over(reader, material, &why);
            return None;
        }
    };
    let leaf = chain.first()?;
    // Locked, or in a form that we do not read: the server may.
    let error = key.ok()?.must_match(leaf).err()?;
    // The order is told by itself; which certificate the key fits does not matter then.
    if leaf.is_ca() && chain.len() > 1 || !matches!(error, Error::KeyMismatch { .. }) {
        return None;
    }
    let because = format!(
        "{}: \"{}\" and \"{}\" are no pair: {error}",
        site.called, pair.certificate.name, material.name
    );
    Some(
        about(code::KEY_MISMATCH, Certainty::Certain, &material.place, because)
            .help("name the key that was made together with this certificate"),
    )
}
