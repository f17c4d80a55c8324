//! Versions and cipher suites that should no longer be spoken.

use handfast_finding::{Certainty, Finding};
use handfast_pki::code;

use super::about;
use crate::site::Meant;

pub(super) fn judge(meant: &Meant) -> Vec<Finding> {
    let mut findings = Vec::new();
    for site in &meant.sites {
        for (old, code, what, write) in site
            .old_versions
            .iter()
            .map(|old| {
                (
                    old,
                    code::NO_COMMON_VERSION,
                    "is older than TLS 1.2",
                    meant.kind.newer_versions(),
                )
            })
            .chain(site.weak_ciphers.iter().map(|weak| {
                (
                    weak,
                    code::NO_COMMON_CIPHER,
                    "is a weak cipher",
                    meant.kind.strong_ciphers(),
                )
            }))
        {
            let because = format!(
                "{}: \"{}\" allows {}, which {what}; expected TLS 1.2 with AEAD suites or TLS 1.3",
                site.called, old.written, old.value
            );
            findings
                .push(about(code, Certainty::Certain, &old.place, because).help(format!("write {write}")));
        }
    }
    findings
}

/// Whether a version, in whoever's words, is older than TLS 1.2.
pub(in super::super) fn is_old_version(version: &str) -> bool {
    let plain: String = version
        .to_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    matches!(
        plain.as_str(),
        "sslv2" | "sslv3" | "tlsv1" | "tlsv10" | "tlsv11" | "tls1" | "tls10" | "tls11"
    )
}

/// The members of an OpenSSL cipher list that nobody should offer.
pub(in super::super) fn weak_ciphers(list: &str) -> Vec<String> {
    const WEAK: [&str; 12] = [
        "NULL", "ENULL", "ANULL", "ADH", "AECDH", "EXP", "EXPORT", "LOW", "RC4", "DES", "3DES", "MD5",
    ];
    let members = list
        .split([':', ',', ' '])
        .filter(|member| !member.starts_with(['!', '-']));
    members
        .filter(|member| {
            let mut parts = member.trim_start_matches('+').split(['-', '+', '_']);
            parts.any(|part| WEAK.contains(&part.to_uppercase().as_str())) || member.contains("SECLEVEL=0")
        })
        .map(|member| format!("\"{member}\""))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_suites_are_told_from_strong_ones_and_from_refusals() {
        assert_eq!(weak_ciphers("HIGH:!aNULL:!MD5:-RC4"), Vec::<String>::new());
        assert_eq!(
            weak_ciphers("HIGH:RC4-SHA:DES-CBC3-SHA"),
            ["\"RC4-SHA\"", "\"DES-CBC3-SHA\""]
        );
        assert_eq!(weak_ciphers("DEFAULT@SECLEVEL=0"), ["\"DEFAULT@SECLEVEL=0\""]);
        assert_eq!(weak_ciphers("TLS_RSA_WITH_3DES_EDE_CBC_SHA").len(), 1);
        assert!(is_old_version("TLSv1") && is_old_version("TLSv1_1") && is_old_version("TLSv1.0"));
        assert!(!is_old_version("TLSv1.2") && !is_old_version("tls1.3"));
    }
}
