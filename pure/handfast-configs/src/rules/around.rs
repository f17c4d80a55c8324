//! Ways around the client certificate: places that the check does not cover, and listeners beside it that lead to the
//! same backend.
//!
//! That a place is open can be what somebody wanted. So a finding is sure only where the configuration contradicts
//! itself: it refuses a client, and hands the refused request on to what it was refused.

use handfast_finding::{Certainty, Finding};
use handfast_pki::code;

use super::{about, quoted};
use crate::{
    Kind, address,
    site::{Asks, Later, Meant, Reach, Site},
};

/// Parts of a path that are offered to everybody by custom.
const PUBLIC: [&str; 26] = [
    ".well-known",
    "alive",
    "assets",
    "ca.crl",
    "crl",
    "css",
    "favicon.ico",
    "health",
    "healthcheck",
    "healthz",
    "heartbeat",
    "images",
    "js",
    "live",
    "livez",
    "login",
    "ocsp",
    "ping",
    "public",
    "ready",
    "readyz",
    "robots.txt",
    "signin",
    "static",
    "up",
    "version",
];

pub(super) fn judge(meant: &Meant) -> Vec<Finding> {
    let mut findings = Vec::new();
    for site in &meant.sites {
        findings.extend(unguarded(meant.kind, site));
        findings.extend(after_refusal(meant.kind, site));
        findings.extend(beside(meant, site));
        findings.extend(behind(meant, site));
    }
    if meant.sites.iter().any(Site::does_ask) {
        findings.extend(meant.admins.iter().map(|admin| {
            let because = format!(
                "{} lets other machines change, without a client certificate, what {} demands of its clients",
                quoted(admin),
                meant.kind.name()
            );
            about(code::WAY_AROUND, Certainty::Likely, &admin.place, because)
                .help("bind it to 127.0.0.1 or to a socket, or take it away")
        }));
    }
    findings
}

/// Whether a path is offered to everybody by custom, such as `/healthz`.
fn is_public(reach: &Reach) -> bool {
    let Some(path) = &reach.path else { return false };
    let letters = path.trim_matches(['^', '$', '/']).to_lowercase();
    letters
        .split(['/', '(', ')', '|', '*'])
        .map(|part| part.trim_start_matches('\\'))
        .any(|part| PUBLIC.contains(&part))
}

/// Whether `site` lets clients only as far as they have shown a good certificate, at least in a part.
fn guards(site: &Site) -> impl Iterator<Item = &Reach> {
    let is_asked = site.does_ask();
    let guarded = move |reach: &&Reach| is_asked && reach.stranger == Later::Refused && reach.after.is_none();
    site.reaches.iter().filter(guarded)
}

/// Whether `site` asks nobody, also later.
fn asks_nobody(site: &Site) -> bool {
    !site.is_tls || site.asks.value == Asks::Never && site.late.is_empty() && !site.rejects
}

/// A place without the check that stands in another place of the same site.
fn unguarded(kind: Kind, site: &Site) -> Vec<Finding> {
    let is_lax = matches!(site.asks.value, Asks::Optional | Asks::Unverified);
    if !site.is_tls || !is_lax || site.later != Later::Refused {
        return Vec::new();
    }
    let open = |reach: &&Reach| {
        reach.after.is_none() && !reach.is_files && reach.stranger <= Later::Told && !is_public(reach)
    };
    site.reaches
        .iter()
        .filter(open)
        .filter(|reach| !is_rest(site, reach))
        .map(|reach| {
            let same: Vec<&Reach> = guards(site).filter(|guard| guard.is_beside(reach)).collect();
            // Where everything guarded is a part of what is open, that part alone may be what is to be guarded.
            let is_part = guards(site).all(|guard| reach.holds(guard));
            let is_void = same.iter().any(|guard| guard.passes_on && reach.holds(guard));
            let is_same = !same.is_empty() && !is_part || is_void;
            let certainty = match reach.stranger {
                Later::Accept if is_same && !reach.is_meant => Certainty::Likely,
                _ => Certainty::Guess,
            };
            let guard = match same.first().copied().or(guards(site).next()) {
                Some(guard) => format!("{} refuses it", guard.called),
                None => "another place refuses it".to_owned(),
            };
            let because = format!(
                "{}: {} lets a client through and {} hands it on to {} without a look at its certificate, while {guard}",
                site.called,
                quoted(&site.asks),
                reach.called,
                reach.backend,
            );
            let unless = if certainty == Certainty::Guess {
                "where this is not meant to be public, "
            } else {
                ""
            };
            about(code::UNVERIFIED, certainty, &reach.place, because).help(format!(
                "{unless}write {} for it too, or {} for all",
                kind.refuse(),
                kind.demand()
            ))
        })
        .collect()
}

/// Whether `reach` is the rest of a site of which a part alone is guarded, and leads elsewhere than that part.
fn is_rest(site: &Site, reach: &Reach) -> bool {
    let mut guarded = guards(site).peekable();
    guarded.peek().is_some() && guarded.all(|guard| reach.holds(guard) && !guard.is_beside(reach))
}

/// What was refused is handed on.
fn after_refusal(kind: Kind, site: &Site) -> Vec<Finding> {
    let led = site
        .reaches
        .iter()
        .filter_map(|reach| Some((reach, reach.after.as_ref()?)));
    led.filter(|(reach, _)| reach.stranger <= Later::Told)
        .map(|(reach, after)| {
            let is_same = site
                .reaches
                .iter()
                .any(|other| other.after.is_none() && other.is_beside(reach));
            let (certainty, what) = match (is_same, reach.stranger) {
                (true, Later::Accept) => (Certainty::Certain, "the same backend"),
                (true, _) => (Certainty::Guess, "the same backend, which is told,"),
                (false, _) => (Certainty::Guess, "a backend"),
            };
            let because = format!(
                "{}: {} sends requests that were refused for want of a good certificate to {}, and that hands them on \
                 to {what} {}",
                site.called,
                quoted(after),
                reach.called,
                reach.backend
            );
            about(code::WAY_AROUND, certainty, &after.place, because)
                .help(format!("answer there instead of handing on: {}", kind.end()))
        })
        .collect()
}

/// A site that asks nobody, and leads to where another lets nobody without a certificate.
fn beside(meant: &Meant, site: &Site) -> Vec<Finding> {
    if !asks_nobody(site) || site.is_fenced {
        return Vec::new();
    }
    let is_open =
        |reach: &&Reach| reach.after.is_none() && reach.stranger <= Later::Told && !is_public(reach);
    let mut findings: Vec<Finding> = Vec::new();
    for reach in site.reaches.iter().filter(is_open) {
        let is_left_to_hosts = |other: &Site| site.is_tls && is_told_by_name(meant.kind, site, other);
        let guarded = meant
            .sites
            .iter()
            .filter(|other| can_reach(site, other) && !is_left_to_hosts(other));
        let found = guarded
            .flat_map(|other| guards(other).map(move |guard| (other, guard)))
            .filter(|(_, guard)| guard.is_beside(reach))
            // The one of which most is open tells most.
            .min_by_key(|(_, guard)| !reach.holds(guard));
        if let Some((other, guard)) = found {
            findings.push(open_beside(meant.kind, site, reach, other, guard));
        }
    }
    // One line on which a reader begins is enough for a site.
    findings.sort_by_key(|finding| finding.certainty);
    findings.truncate(1);
    findings
}

/// Whether the name that the client sends decides between two sites of one address, which other rules judge.
fn is_told_by_name(kind: Kind, site: &Site, other: &Site) -> bool {
    let is_shared = site
        .addresses
        .iter()
        .any(|address| other.addresses.contains(address));
    is_shared && (matches!(kind, Kind::Caddy | Kind::HaProxy) || has_other_names(site, other))
}

/// Whether both have names, and none in common.
fn has_other_names(site: &Site, other: &Site) -> bool {
    let is_common = |name: &String| other.names.contains(name);
    !site.names.is_empty() && !other.names.is_empty() && !site.names.iter().any(is_common)
}

/// Whether `site` is open to more than this machine, or `other` is not either.
fn can_reach(site: &Site, other: &Site) -> bool {
    let is_local = |site: &Site| {
        !site.addresses.is_empty() && site.addresses.iter().all(|address| address::is_local(address))
    };
    !is_local(site) || is_local(other)
}

fn open_beside(kind: Kind, site: &Site, reach: &Reach, other: &Site, guard: &Reach) -> Finding {
    // A backend may tell its hosts apart by the name that is asked for.
    let is_other_host = has_other_names(site, other) && !site.is_default;
    let certainty = if reach.stranger == Later::Accept && reach.holds(guard) && !is_other_host {
        Certainty::Likely
    } else {
        Certainty::Guess
    };
    let how = if site.is_tls {
        "without a client certificate"
    } else {
        "without TLS"
    };
    let because = format!(
        "{} gives {} to any client {how}, and {} demands a client certificate for it",
        site.called_on(&site.addresses),
        reach.backend,
        other.called_on(&other.addresses)
    );
    let write = if site.is_tls {
        kind.demand().to_owned()
    } else {
        kind.send_to_tls().to_owned()
    };
    // What both share is no line of the open one.
    let place = if reach.place == guard.place {
        &site.place
    } else {
        &reach.place
    };
    about(code::WAY_AROUND, certainty, place, because)
        .help(format!("write there {write}, or close that address"))
}

/// A site of the same configuration is the backend of one that demands a certificate, and listens to everybody.
fn behind(meant: &Meant, site: &Site) -> Option<Finding> {
    if !asks_nobody(site) || site.is_fenced {
        return None;
    }
    let is_done =
        !site.reaches.is_empty() && site.reaches.iter().all(|reach| reach.stranger == Later::Refused);
    let address = site
        .addresses
        .iter()
        .find(|address| !address::is_local(address))?;
    let guarded = meant.sites.iter().find(|other| {
        guards(other).any(|guard| {
            guard.at.iter().any(|at| {
                site.addresses
                    .iter()
                    .any(|address| !address::is_local(address) && address::takes(address, at))
            })
        })
    })?;
    if is_done || !can_reach(site, guarded) {
        return None;
    }
    let because = format!(
        "{} is what {} demands a client certificate for, and listens on {address} by itself, where no certificate is \
         asked for",
        site.called, guarded.called
    );
    Some(
        about(code::WAY_AROUND, Certainty::Likely, &site.place, because)
            .help("let it listen on 127.0.0.1 or on a socket"),
    )
}

#[cfg(test)]
mod tests {
    use handfast_finding::Place;

    use super::*;

    #[test]
    fn paths_that_are_public_by_custom_are_told_from_others() {
        let at = |path: &str| {
            let mut reach = Reach::new("", &Place::new("x", 1), "app");
            reach.path = Some(path.to_owned());
            is_public(&reach)
        };
        for path in [
            "/healthz",
            "/.well-known/acme-challenge/",
            "^/(health|ready)$",
            "/app/static/",
        ] {
            assert!(at(path), "{path}");
        }
        for path in ["/", "/admin", "/healthcare", "/api/users", "\\.php$"] {
            assert!(!at(path), "{path}");
        }
    }
}
