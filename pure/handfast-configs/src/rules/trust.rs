//! The files that say whose clients are believed: CAs, how deep their chains go, revocation lists.

use std::path::Path;

use handfast_finding::{Certainty, Finding, Place};
use handfast_pki::{
    Certificate, code,
    crl::RevocationList,
    name::{self, Name},
    pem::{self, Item},
};
use jiff::Timestamp;

use super::{about, quoted};
use crate::{
    Kind,
    files::{Files, Reader},
    site::{Asks, Material, Meant, Revocation, Site, Source},
};

/// More CAs than these, and they are no private PKI's.
const MOST_CAS: usize = 20;

/// Where systems keep the CAs of the public.
const SYSTEM_BUNDLES: [&str; 8] = [
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/usr/share/ca-certificates",
    "/usr/local/share/certs",
    "/usr/lib/ssl/certs",
];

/// Organisations that certify anybody.
const PUBLIC_CAS: [&str; 14] = [
    "let's encrypt",
    "internet security research group",
    "digicert",
    "sectigo",
    "comodo",
    "globalsign",
    "google trust services",
    "amazon",
    "godaddy",
    "entrust",
    "zerossl",
    "ssl corporation",
    "certum",
    "buypass",
];

pub(super) fn judge(meant: &Meant, reader: &mut Reader<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    for site in meant.sites.iter().filter(|site| site.does_ask()) {
        findings.extend(nobody(meant.kind, site));
        findings.extend(system(site));
        findings.extend(twice(meant.kind, site));
        let (mut cas, mut is_whole) = (Vec::new(), !site.trust.is_elsewhere);
        for material in site.trust.cas.iter().chain(&site.trust.others) {
            match certificates(material, reader.files()) {
                Loaded::Read(found) => {
                    findings.extend(of_public(site, material, &found));
                    findings.extend(leaves(site, material, &found, reader.files()));
                    findings.extend(expired(site, material, &found, now));
                    cas.extend(found);
                }
                Loaded::Unusable(why) => {
                    is_whole = false;
                    findings.push(unusable(meant.kind, site, material, &why));
                }
                Loaded::Closed(why) => {
                    is_whole = false;
                    reader.passed_over.push(format!("{}: {why}", material.name));
                }
            }
        }
        if is_whole && !cas.is_empty() && cas.len() <= MOST_CAS {
            findings.extend(rootless(meant.kind, site, &cas));
            findings.extend(depth(meant.kind, site, &cas));
        }
        findings.extend(revocation(meant.kind, site, &cas, reader, now));
    }
    findings
}

/// Sites that verify certificates and look up nowhere whether one was revoked.
pub(in super::super) fn without_lists(meant: &Meant) -> impl Iterator<Item = &Site> {
    meant.sites.iter().filter(|site| {
        let trust = &site.trust;
        let looks_up = !trust.crls.is_empty() || trust.asks_responder || trust.is_elsewhere;
        site.does_ask() && site.asks.value != Asks::Unverified && !looks_up
    })
}

/// The same as findings, for who demands it.
pub(super) fn unlisted(meant: &Meant) -> impl Iterator<Item = Finding> {
    without_lists(meant).map(|site| {
        let because = format!(
            "{}: {} verifies certificates, and no revocation list is named; a revoked one is accepted until it expires",
            site.called,
            quoted(&site.asks)
        );
        about(
            code::REVOCATION_OFF,
            Certainty::Certain,
            &site.asks.place,
            because,
        )
        .help(meant.kind.name_lists())
    })
}

/// What became of reading a file that is named.
pub(super) enum Loaded<T> {
    Read(T),
    /// It is not what it should be.
    Unusable(String),
    /// We may not read it; the server may.
    Closed(String),
}

/// The bytes of `material`; of a folder, of everything in it.
pub(super) fn bytes(material: &Material, files: &dyn Files) -> Loaded<Vec<u8>> {
    let path = match &material.source {
        Source::Inline(bytes) => return Loaded::Read(bytes.clone()),
        Source::Path(path) => path,
    };
    let read = |path: &Path| match files.read(path) {
        Ok(bytes) => Loaded::Read(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Loaded::Closed(error.to_string())
        }
        Err(error) => Loaded::Unusable(error.to_string()),
    };
    match files.list(path) {
        Ok(mut names) if !names.is_empty() => {
            names.sort();
            let mut all = Vec::new();
            for name in names {
                if let Loaded::Read(bytes) = read(&path.join(name)) {
                    all.extend(bytes);
                    all.push(b'\n');
                }
            }
            Loaded::Read(all)
        }
        _ => read(path),
    }
}

/// The certificates of `material`, in order.
pub(super) fn certificates(material: &Material, files: &dyn Files) -> Loaded<Vec<Certificate>> {
    match bytes(material, files) {
        Loaded::Read(bytes) => match pem::certificates(&bytes) {
            Ok(found) => Loaded::Read(found),
            Err(error) => Loaded::Unusable(error.to_string()),
        },
        Loaded::Unusable(why) => Loaded::Unusable(why),
        Loaded::Closed(why) => Loaded::Closed(why),
    }
}

/// A root, or what OpenSSL takes for one: signed by itself.
fn is_root(certificate: &Certificate) -> bool {
    certificate.is_self_issued()
}

/// Certificates are verified, and no CA is named.
fn nobody(kind: Kind, site: &Site) -> Option<Finding> {
    let verifies = matches!(site.asks.value, Asks::Required | Asks::Optional);
    (verifies && site.trust.is_empty()).then(|| {
        let because = format!(
            "{}: {} verifies certificates, and no file of client CAs is named",
            site.called,
            quoted(&site.asks)
        );
        about(
            code::BAD_TRUST_FILE,
            Certainty::Certain,
            &site.asks.place,
            because,
        )
        .help(format!("write {}", kind.name_cas()))
    })
}

/// The system's CAs are the clients' CAs.
fn system(site: &Site) -> Option<Finding> {
    let said = site.trust.system.as_ref()?;
    let because = format!(
        "{}: {} trusts, for clients, every CA that the system trusts for servers",
        site.called,
        quoted(said)
    );
    Some(about(code::PUBLIC_CAS, Certainty::Certain, &said.place, because).help("name your own CA alone"))
}

fn twice(kind: Kind, site: &Site) -> Option<Finding> {
    let second = site.trust.twice.as_ref()?;
    let then = match kind {
        Kind::Nginx => "nginx does not start with two",
        _ => "it replaces the first",
    };
    let because = format!(
        "{}: \"{}\" is the second {}, and {then}",
        site.called, second.written, second.value
    );
    Some(
        about(code::BAD_CLIENT_CAS, Certainty::Certain, &second.place, because)
            .help("put all CAs into one file, and name that"),
    )
}

fn unusable(kind: Kind, site: &Site, material: &Material, why: &str) -> Finding {
    let because = format!(
        "{}: \"{}\" holds no client CAs: {why}",
        site.called, material.name
    );
    about(code::BAD_TRUST_FILE, Certainty::Certain, &material.place, because)
        .help(format!("name a PEM file with your own CA: {}", kind.name_cas()))
}

/// A bundle of the public's CAs, or a single one of them.
fn of_public(site: &Site, material: &Material, found: &[Certificate]) -> Option<Finding> {
    let is_bundle = matches!(&material.source, Source::Path(path)
        if SYSTEM_BUNDLES.iter().any(|bundle| path.starts_with(bundle)) && found.len() > 1);
    let finding = |certainty, because: String| {
        about(code::PUBLIC_CAS, certainty, &material.place, because)
            .help("name a file with your own CA alone")
    };
    if is_bundle || found.len() > MOST_CAS {
        return Some(finding(
            Certainty::Certain,
            format!(
                "{}: \"{}\" holds {} CAs, expected your own; a certificate of any of them is accepted",
                site.called,
                material.name,
                found.len()
            ),
        ));
    }
    let public = found.iter().find(|ca| {
        let shown = name::shown(ca.subject()).to_lowercase();
        PUBLIC_CAS.iter().any(|public| shown.contains(public))
    })?;
    Some(finding(
        Certainty::Likely,
        format!(
            "{}: \"{}\" holds \"{}\", which issues certificates to anyone; expected your own CA",
            site.called,
            material.name,
            public.called()
        ),
    ))
}

/// Certificates that are no CA's, so that no chain leads to them.
fn leaves(site: &Site, material: &Material, found: &[Certificate], files: &dyn Files) -> Option<Finding> {
    let is_leaf = |certificate: &&Certificate| !certificate.is_ca() && !is_root(certificate);
    let leaf = found.iter().find(is_leaf)?;
    let only = found.iter().filter(is_leaf).count() == found.len();
    let is_own = site
        .pairs
        .iter()
        .any(|pair| match certificates(&pair.certificate, files) {
            Loaded::Read(own) => own.first() == Some(leaf),
            _ => false,
        });
    let what = if is_own {
        "the certificate of this server itself"
    } else {
        "a leaf"
    };
    let because = format!(
        "{}: \"{}\" holds {what}, \"{}\", expected the CA that certifies the clients (\"{}\"?)",
        site.called,
        material.name,
        leaf.called(),
        name::shown(leaf.issuer())
    );
    let certainty = if is_own || only {
        Certainty::Certain
    } else {
        Certainty::Likely
    };
    Some(
        about(code::UNKNOWN_ISSUER, certainty, &material.place, because)
            .help("put the CA's certificate into the file, not one that it has issued"),
    )
}

fn expired(site: &Site, material: &Material, found: &[Certificate], now: Timestamp) -> Option<Finding> {
    let old = found.iter().find(|certificate| certificate.not_after() < now)?;
    let because = format!(
        "{}: the CA \"{}\" in \"{}\" expired at {}, it is {now}",
        site.called,
        old.called(),
        material.name,
        old.not_after()
    );
    Some(
        about(code::EXPIRED, Certainty::Certain, &material.place, because)
            .help("put the CA's new certificate into the file, and reload the server"),
    )
}

/// Intermediates alone, where the program wants a root above them.
fn rootless(kind: Kind, site: &Site, cas: &[Certificate]) -> Option<Finding> {
    let place = &site.trust.cas.first().or(site.trust.others.first())?.place;
    let top = cas.iter().find(|ca| ca.is_ca())?;
    if !kind.needs_root() || cas.iter().any(is_root) {
        return None;
    }
    let because = format!(
        "{}: the file of client CAs holds \"{}\" and not \"{}\" above it; {} wants the chain up to the root, and refuses \
         everybody",
        site.called,
        top.called(),
        name::shown(top.issuer()),
        kind.name()
    );
    Some(
        about(code::BAD_CLIENT_CAS, Certainty::Certain, place, because)
            .help("put the root into the same file: cat issuing-ca.crt root-ca.crt > client-ca.crt"),
    )
}

/// The CAs in the file stand higher than the depth allows.
fn depth(kind: Kind, site: &Site, cas: &[Certificate]) -> Option<Finding> {
    let above = cas.iter().map(|ca| height(ca, cas, cas.len())).max()?;
    let needed = if kind.counts_root() {
        above
    } else {
        above.saturating_sub(1)
    };
    let (allowed, said, place) = match &site.trust.depth {
        Some(said) => (said.value, quoted(said), &said.place),
        None => (
            kind.usual_depth(),
            format!("the usual depth is {}", kind.usual_depth()),
            &site.trust.cas.first()?.place,
        ),
    };
    if needed <= allowed {
        return None;
    }
    let because = format!(
        "{}: {said}, and the file of client CAs has a chain of {above} CAs, which needs {needed}",
        site.called
    );
    Some(
        about(code::VERIFY_DEPTH, Certainty::Certain, place, because)
            .help(format!("write {}", kind.depth(needed))),
    )
}

/// How many CAs stand from `ca` up to a root, itself included; `left` bounds what goes round.
fn height(ca: &Certificate, cas: &[Certificate], left: usize) -> usize {
    if is_root(ca) || left == 0 {
        return usize::from(ca.is_ca() || is_root(ca));
    }
    let above = cas
        .iter()
        .filter(|above| above.subject() == ca.issuer() && *above != ca);
    above.map(|above| height(above, cas, left - 1)).max().unwrap_or(0) + usize::from(ca.is_ca())
}

/// Lists that are not looked at, have run out, or do not speak of every CA.
fn revocation(
    kind: Kind,
    site: &Site,
    cas: &[Certificate],
    reader: &mut Reader<'_>,
    now: Timestamp,
) -> Vec<Finding> {
    let Some(first) = site.trust.crls.first() else {
        return Vec::new();
    };
    if site.trust.revocation == Revocation::Off {
        let because = format!(
            "{}: \"{}\" names a revocation list, and without SSLCARevocationCheck it is not checked",
            site.called, first.name
        );
        return vec![
            about(code::REVOCATION_OFF, Certainty::Certain, &first.place, because)
                .help("write SSLCARevocationCheck chain"),
        ];
    }
    let (mut findings, mut issuers, mut is_whole) = (Vec::new(), Vec::new(), true);
    for material in &site.trust.crls {
        match lists(material, reader.files()) {
            Loaded::Read(lists) => {
                findings.extend(lists.iter().filter_map(|list| stale(site, material, list, now)));
                issuers.extend(lists.into_iter().map(|list| list.issuer));
            }
            Loaded::Unusable(why) => {
                is_whole = false;
                let because = format!(
                    "{}: \"{}\" holds no revocation list: {why}",
                    site.called, material.name
                );
                findings.push(unusable_list(&material.place, because));
            }
            Loaded::Closed(why) => {
                is_whole = false;
                reader.passed_over.push(format!("{}: {why}", material.name));
            }
        }
    }
    if let (Some(ca), true) = (without_list(site, cas, &issuers), is_whole) {
        let because = format!(
            "{}: \"{}\" holds no list of \"{}\", and {} refuses every client below a CA without one",
            site.called,
            first.name,
            ca.called(),
            kind.name()
        );
        findings.push(unusable_list(&first.place, because));
    }
    findings
}

/// The first of `cas` that is looked up and whose name is not among the `issuers` of lists.
fn without_list<'a>(site: &Site, cas: &'a [Certificate], issuers: &[Name]) -> Option<&'a Certificate> {
    // Only those that sign others are looked up by everybody; what signs the leaves cannot be told from the file.
    cas.iter().filter(|ca| ca.is_ca()).find(|ca| {
        let signs = !cas
            .iter()
            .any(|below| below.issuer() == ca.subject() && below != *ca);
        let is_wanted = site.trust.revocation == Revocation::All || signs;
        is_wanted && !issuers.contains(ca.subject())
    })
}

fn unusable_list(place: &Place, because: String) -> Finding {
    about(code::CRL_UNUSABLE, Certainty::Certain, place, because)
        .help("put a fresh list of every CA of the chain into the file, the root's too")
}

fn stale(site: &Site, material: &Material, list: &RevocationList, now: Timestamp) -> Option<Finding> {
    let end = list.next_update.filter(|end| *end < now)?;
    let because = format!(
        "{}: the list of \"{}\" in \"{}\" was good until {end}, it is {now}; every client is refused",
        site.called,
        list.issuer_shown(),
        material.name
    );
    Some(unusable_list(&material.place, because))
}

fn lists(material: &Material, files: &dyn Files) -> Loaded<Vec<RevocationList>> {
    let bytes = match bytes(material, files) {
        Loaded::Read(bytes) => bytes,
        Loaded::Unusable(why) => return Loaded::Unusable(why),
        Loaded::Closed(why) => return Loaded::Closed(why),
    };
    let items = match pem::read(&bytes) {
        Ok(items) => items,
        Err(error) => return Loaded::Unusable(error.to_string()),
    };
    let found: Vec<RevocationList> = items
        .into_iter()
        .filter_map(|item| match item {
            Item::Crl(list) => Some(*list),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Loaded::Unusable("expected a revocation list, found none".to_owned());
    }
    Loaded::Read(found)
}
