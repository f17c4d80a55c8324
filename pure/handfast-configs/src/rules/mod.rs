//! The rules: what is a hole in a configuration, whoever's it is. Each looks at sites and says what it found there.

mod around;
mod asks;
mod headers;
mod hosts;
mod names;
mod pairs;
mod trust;
mod versions;
#[cfg(test)]
mod ways_around_are_named;

use handfast_finding::{Certainty, Finding, Place, Refuser};
use handfast_pki::{Code, code};
use jiff::Timestamp;
pub(super) use trust::without_lists;
pub(super) use versions::{is_old_version, weak_ciphers};

use super::{
    Wanted,
    files::Reader,
    site::{Meant, Said, Site},
};

/// Every finding once per place, the surest and most severe first.
pub(super) fn judge(meant: &Meant, wanted: &Wanted, reader: &mut Reader<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = asks::judge(meant);
    findings.extend(around::judge(meant));
    findings.extend(hosts::judge(meant));
    findings.extend(headers::judge(meant));
    findings.extend(trust::judge(meant, reader, now));
    if wanted.demands_revocation {
        findings.extend(trust::unlisted(meant));
    }
    findings.extend(pairs::judge(meant, reader, now));
    findings.extend(names::judge(meant));
    findings.extend(versions::judge(meant));
    findings.sort_by_key(|finding| (finding.certainty, rank(finding.code)));
    // What is sure of a line says more than what is likely of it.
    let crossed: Vec<Option<Place>> = findings
        .iter()
        .filter(|finding| finding.code == code::MISDIRECTED && finding.certainty == Certainty::Certain)
        .map(|finding| finding.place.clone())
        .collect();
    findings.retain(|finding| finding.code != code::WAY_AROUND || !crossed.contains(&finding.place));
    let mut seen: Vec<(Code, Option<Place>)> = Vec::new();
    findings.retain(|finding| {
        let key = (finding.code, finding.place.clone());
        let is_new = !seen.contains(&key);
        seen.push(key);
        is_new
    });
    findings
}

/// How severe a finding is among equally sure ones: who gets in first, then who stays out, then what is untidy.
fn rank(code: Code) -> usize {
    const ORDER: [Code; 21] = [
        code::UNVERIFIED,
        code::WAY_AROUND,
        code::RESUMED_UNCHECKED,
        code::FORGEABLE,
        code::MISDIRECTED,
        code::PUBLIC_CAS,
        code::NOT_ASKED,
        code::REVOCATION_OFF,
        code::ASKED_LATE,
        code::BAD_TRUST_FILE,
        code::UNKNOWN_ISSUER,
        code::BAD_CLIENT_CAS,
        code::CRL_UNUSABLE,
        code::VERIFY_DEPTH,
        code::KEY_MISMATCH,
        code::CHAIN_ORDER,
        code::EXPIRED,
        code::UNREADABLE,
        code::NAME_FORM,
        code::NO_COMMON_VERSION,
        code::NO_COMMON_CIPHER,
    ];
    // Guesses about what the application does come last.
    let last = if code == code::ANY_OF_CA { 2 } else { 1 };
    ORDER
        .iter()
        .position(|known| *known == code)
        .unwrap_or(ORDER.len() + last)
}

/// A finding about what one line says.
fn about(code: Code, certainty: Certainty, place: &Place, because: impl Into<String>) -> Finding {
    Finding::new(code, Refuser::Server, certainty, because).place(place.file.clone(), place.line)
}

/// The TLS sites of `meant` that share an address, the default of the address first.
fn by_address(meant: &Meant) -> Vec<(&str, Vec<&Site>)> {
    let mut groups: Vec<(&str, Vec<&Site>)> = Vec::new();
    for site in meant.sites.iter().filter(|site| site.is_tls) {
        for address in &site.addresses {
            match groups.iter_mut().find(|(known, _)| known == address) {
                Some((_, sites)) => sites.push(site),
                None => groups.push((address, vec![site])),
            }
        }
    }
    for (_, sites) in &mut groups {
        sites.sort_by_key(|site| !site.is_default);
    }
    groups
}

/// The line as a quotation, where there is one.
fn quoted<T>(said: &Said<T>) -> String {
    if said.written.is_empty() {
        "nothing is said".to_owned()
    } else {
        format!("\"{}\"", said.written)
    }
}
