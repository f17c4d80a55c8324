//! Whether clients are asked for a certificate, and whether it matters what they send.

use handfast_finding::{Certainty, Finding, Place};
use handfast_pki::code;

use super::{about, by_address, quoted};
use crate::{
    Kind,
    site::{Asks, Later, Meant, Site},
};

pub(super) fn judge(meant: &Meant) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for site in meant.sites.iter().filter(|site| site.is_tls) {
        findings.extend(unchecked(meant.kind, site));
        findings.extend(not_asked(meant, site));
        findings.extend(late(meant.kind, site));
    }
    findings.extend(some_hosts(meant));
    if findings.is_empty() && !meant.sites.iter().any(Site::does_ask) {
        findings.push(nobody(meant));
    }
    findings
}

/// A certificate that is missing or not verified, and nobody minds.
fn unchecked(kind: Kind, site: &Site) -> Option<Finding> {
    let gets_in = match site.asks.value {
        Asks::Optional => "lets a client without a certificate in",
        Asks::Unverified => "accepts any certificate, from any issuer",
        Asks::Never | Asks::Required => return None,
    };
    let (certainty, then) = match site.later {
        Later::Refused => return None,
        Later::Accept => (Certainty::Certain, "and no line refuses it afterwards"),
        Later::Told => (
            Certainty::Guess,
            "the backend is told, and has to refuse it by itself",
        ),
        Later::Unknown => (
            Certainty::Guess,
            "whether a script refuses it afterwards cannot be told",
        ),
    };
    let said = quoted(&site.asks);
    let mut write = site.mend.clone().unwrap_or_else(|| kind.demand().to_owned());
    if site.trust.is_empty() {
        write = format!("{} and {write}", kind.name_cas());
    }
    let because = format!("{}: {said} {gets_in}, {then}; expected {write}", site.called);
    let help = match certainty {
        Certainty::Certain => format!("write {write}, or refuse by {}", kind.refuse()),
        _ => format!("write {write}, where every client has a certificate"),
    };
    Some(about(code::UNVERIFIED, certainty, &site.asks.place, because).help(help))
}

/// CAs of clients are named, and no client is asked.
fn not_asked(meant: &Meant, site: &Site) -> Option<Finding> {
    let named = site.trust.cas.first()?;
    // An outer block may name the CAs for others.
    let is_of_others = meant
        .sites
        .iter()
        .any(|other| other.does_ask() && other.trust.cas.iter().any(|ca| ca.place == named.place));
    if site.does_ask() || is_of_others || !site.late.is_empty() {
        return None;
    }
    let is_off = !site.asks.written.is_empty();
    let (code, place) = match (meant.kind, is_off) {
        // The only one whose usual form names the CAs and the switch in one line.
        (Kind::HaProxy, true) => (code::UNVERIFIED, &site.asks.place),
        (_, true) => (code::NOT_ASKED, &site.asks.place),
        (_, false) => (code::NOT_ASKED, &named.place),
    };
    let because = format!(
        "{}: \"{}\" are the CAs of clients and {}, so no client is asked for a certificate; expected \"{}\"",
        site.called,
        named.name,
        if is_off {
            format!("{} is said", quoted(&site.asks))
        } else {
            "nothing demands one".to_owned()
        },
        meant.kind.demand()
    );
    Some(about(code, Certainty::Certain, place, because).help(format!("write {}", meant.kind.demand())))
}

/// Asked only once the request is known, which most clients do not support and HTTP/2 forbids.
fn late(kind: Kind, site: &Site) -> Vec<Finding> {
    let asked = site.late.iter().filter(|late| late.value > site.asks.value);
    asked
        .map(|late| {
            let because = format!(
                "{}: {} asks for the certificate after the request has been read, the handshake asks for {}",
                site.called,
                quoted(late),
                match site.asks.value {
                    Asks::Never => "none",
                    _ => "one that may be left out",
                }
            );
            about(code::ASKED_LATE, Certainty::Certain, &late.place, because).help(format!(
                "write {} for the whole virtual host, and there {}",
                kind.demand(),
                kind.refuse()
            ))
        })
        .collect()
}

/// One site of an address asks, another does not.
fn some_hosts(meant: &Meant) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (address, sites) in by_address(meant) {
        let Some(asks) = sites.iter().find(|site| site.asks.value == Asks::Required) else {
            continue;
        };
        let open = sites
            .iter()
            .filter(|site| !site.does_ask() && !site.rejects && site.late.is_empty());
        findings.extend(open.map(|site| {
            let because = format!(
                "{} asks for no certificate, {} on the same address does",
                site.called_on(&[address.to_owned()]),
                asks.called
            );
            about(code::NOT_ASKED, Certainty::Guess, &site.place, because).help(format!(
                "where this is not meant to be public, write {}",
                meant.kind.demand()
            ))
        }));
    }
    findings
}

/// No mutual TLS at all.
fn nobody(meant: &Meant) -> Finding {
    let (place, because) = match meant
        .sites
        .iter()
        .find(|site| site.is_tls)
        .or(meant.sites.first())
    {
        Some(site) if site.is_tls => (
            site.place.clone(),
            format!(
                "{}: no client is asked for a certificate, here or elsewhere in this configuration",
                site.called
            ),
        ),
        Some(site) => (
            site.place.clone(),
            format!("{}: no site of this configuration speaks TLS", site.called),
        ),
        None => (
            Place::new(&meant.file, 1),
            "nothing in this configuration ends TLS".to_owned(),
        ),
    };
    about(code::NOT_ASKED, Certainty::Guess, &place, because).help(format!(
        "write {} and {}",
        meant.kind.name_cas(),
        meant.kind.demand()
    ))
}
