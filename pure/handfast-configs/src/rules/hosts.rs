//! Several sites on one address: what a session, or a request for another host, carries from one to the other.
//!
//! What each program does was read in its source: nginx answers 421 to another host than the handshake's, but only
//! where the handshake named one; Apache since 2.4.64, Caddy and Envoy's filter chains keep sites apart; HAProxy
//! leaves it to its rules.

use handfast_finding::{Certainty, Finding};
use handfast_pki::code;

use super::{about, by_address, quoted};
use crate::{
    Kind,
    site::{Asks, Crossing, Later, Meant, Site},
};

pub(super) fn judge(meant: &Meant) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (address, sites) in by_address(meant) {
        let kind = meant.kind;
        match kind {
            Kind::Nginx => findings.extend(nginx(address, &sites)),
            Kind::Apache => findings.extend(apache(address, &sites)),
            Kind::HaProxy => findings.extend(haproxy(address, &sites)),
            Kind::Envoy | Kind::Caddy => findings.extend(crossed(kind, address, &sites)),
        }
        findings.extend(coalesced(kind, address, &sites));
    }
    findings
}

/// Whether what lets a client into `one` is not what lets it into `other`.
fn differ(one: &Site, other: &Site) -> bool {
    one.asks.value != other.asks.value || one.does_ask() && !one.trust.is_like(&other.trust)
}

/// The first site that demands a certificate, and one that lets others in.
fn uneven<'a>(sites: &[&'a Site]) -> Option<(&'a Site, &'a Site)> {
    let strict = sites.iter().filter(|site| site.asks.value >= Asks::Optional);
    strict
        .flat_map(|strict| sites.iter().map(move |lax| (*lax, *strict)))
        .find(|(lax, strict)| !lax.rejects && differ(lax, strict) && lax.asks.value <= strict.asks.value)
}

fn said(site: &Site) -> String {
    let cas: Vec<&str> = site.trust.cas.iter().map(|ca| ca.name.as_str()).collect();
    match site.asks.value {
        Asks::Never => format!("{} asks for no certificate", site.called),
        Asks::Unverified => format!("{} trusts any certificate", site.called),
        Asks::Optional | Asks::Required if cas.is_empty() => format!("{} trusts other CAs", site.called),
        Asks::Optional | Asks::Required => format!("{} trusts \"{}\"", site.called, cas.join("\", \"")),
    }
}

/// Who names no host is verified by the default server's CAs, and the verdict holds for every host.
fn nginx(address: &str, sites: &[&Site]) -> Vec<Finding> {
    let Some((default, others)) = sites.split_first() else {
        return Vec::new();
    };
    let verifies = matches!(default.asks.value, Asks::Required | Asks::Optional);
    let Some(other) = others.iter().find(|other| {
        other.does_ask() && verifies && !default.rejects && !default.trust.is_like(&other.trust)
    }) else {
        return Vec::new();
    };
    let pair = format!("on {address} {}, {}", said(default), said(other));
    let stub = Kind::Nginx.bind_host(address);
    let mut findings = Vec::new();
    if other.is_http {
        let because = format!(
            "{pair}; a client that sends no name in its handshake is verified by the first and reaches the second by \
             its Host header"
        );
        findings.push(
            about(code::MISDIRECTED, Certainty::Certain, &other.place, because).help(format!("write {stub}")),
        );
    }
    if default.resumes {
        let because = format!(
            "{pair}, and sessions of the first can be resumed at the second, which does not verify again: \
             CVE-2025-23419 in nginx 1.11.4 to 1.27.3, fixed in 1.26.3 and 1.27.4"
        );
        findings.push(
            about(
                code::RESUMED_UNCHECKED,
                Certainty::Likely,
                &default.place,
                because,
            )
            .help(format!(
                "update nginx, or write {stub}, or ssl_session_tickets off; and ssl_session_cache off;"
            )),
        );
    }
    findings
}

fn apache(address: &str, sites: &[&Site]) -> Vec<Finding> {
    let Some((lax, strict)) = uneven(sites) else {
        return Vec::new();
    };
    let pair = format!("on {address} {}, {}", said(lax), said(strict));
    let write = format!("write {}", Kind::Apache.bind_host(address));
    match strict.crossing.value {
        Crossing::Refused => Vec::new(),
        Crossing::Allowed => vec![
            about(
                code::MISDIRECTED,
                Certainty::Certain,
                &strict.crossing.place,
                format!("{pair}, and {} lets a request cross", quoted(&strict.crossing)),
            )
            .help(write),
        ],
        Crossing::Unsaid => vec![
            about(
                code::RESUMED_UNCHECKED,
                Certainty::Likely,
                &strict.place,
                format!(
                    "{pair}, and a session of the first can be resumed at the second: CVE-2025-23048 in Apache 2.4.35 \
                     to 2.4.63, fixed in 2.4.64; no SSLVHostSNIPolicy is said"
                ),
            )
            .help(format!("update Apache, and {write}, which an older one refuses to start with")),
        ],
    }
}

/// One `bind` is one frontend for all its hosts, and its sessions are good for all of them.
fn haproxy(address: &str, sites: &[&Site]) -> Vec<Finding> {
    let Some((lax, strict)) = uneven(sites) else {
        return Vec::new();
    };
    // Rules that ask for the certificate itself see that a resumed session has none.
    if strict.later == Later::Refused {
        return Vec::new();
    }
    let pair = format!("on {address} {}, {}", said(lax), said(strict));
    let mut findings = Vec::new();
    if strict.crossing.value != Crossing::Refused {
        let because =
            format!("{pair}, and no rule compares the Host of a request with the name of its handshake");
        findings.push(
            about(code::MISDIRECTED, Certainty::Certain, &strict.place, because).help(format!(
                "give them an address each, or write {}",
                Kind::HaProxy.bind_host(address)
            )),
        );
    }
    if strict.resumes {
        let because = format!(
            "{pair}, and a session of the first can be resumed at the second, where nothing is verified again: HAProxy \
             before August 2026, fixed in 3.5-dev5"
        );
        findings.push(
            about(code::RESUMED_UNCHECKED, Certainty::Likely, &strict.place, because).help(format!(
                "update HAProxy, give them an address each, or write {}",
                Kind::HaProxy.refuse()
            )),
        );
    }
    findings
}

/// Something lets a request leave the site of its handshake.
fn crossed(kind: Kind, address: &str, sites: &[&Site]) -> Option<Finding> {
    let (lax, strict) = uneven(sites)?;
    // Either side may say it: the one that is left, or all of them together.
    let open = [lax, strict]
        .into_iter()
        .find(|site| site.crossing.value == Crossing::Allowed)?;
    let because = format!(
        "on {address} {}, {}, and by {} a request for the second may come over a handshake of the first",
        said(lax),
        said(strict),
        quoted(&open.crossing)
    );
    Some(
        about(
            code::MISDIRECTED,
            Certainty::Certain,
            &open.crossing.place,
            because,
        )
        .help(format!("write {}", kind.bind_host(address))),
    )
}

/// One certificate for sites that ask differently: browsers use one connection for all of them, and get 421.
fn coalesced(kind: Kind, address: &str, sites: &[&Site]) -> Option<Finding> {
    let (lax, strict) = uneven(sites)?;
    let files = |site: &Site| {
        let named = site.pairs.iter().map(|pair| pair.certificate.source.clone());
        named.collect::<Vec<_>>()
    };
    let shared = files(strict).into_iter().any(|file| files(lax).contains(&file));
    if !shared || strict.crossing.value == Crossing::Allowed {
        return None;
    }
    let because = format!(
        "on {address} {}, {}, with one certificate for both: a browser asks for the second over a connection to the \
         first, which {} answers with 421 at best",
        said(lax),
        said(strict),
        kind.name()
    );
    Some(
        about(code::MISDIRECTED, Certainty::Guess, &strict.place, because)
            .help("give the site that asks a certificate or an address of its own"),
    )
}
