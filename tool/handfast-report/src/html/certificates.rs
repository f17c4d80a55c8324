//! Every certificate that was sent, a card each: names, usages, and its bytes to copy.

use handfast_doctor::Report;
use handfast_finding::when::when;
use handfast_pki::{Certificate, name, text::printable};
use handfast_trace::Side;
use jiff::Timestamp;
use maud::{Markup, html};

use super::Contents;

/// The place of a card within the page.
pub(super) fn anchor(side: Side, place: usize) -> String {
    format!("{}-certificate-{place}", side.name())
}

pub(super) fn section(made: &Report, now: Timestamp, contents: Contents) -> Markup {
    let trace = made.trace.as_ref();
    let chains = [
        (
            Side::Server,
            trace.map(|trace| trace.presented()).unwrap_or_default(),
        ),
        (
            Side::Client,
            trace.map(|trace| trace.own_chain.clone()).unwrap_or_default(),
        ),
    ];
    html! {
        @if chains.iter().any(|(_, chain)| !chain.is_empty()) {
            section {
                h2 { "Certificates" }
                @for (side, chain) in &chains {
                    @for (place, certificate) in chain.iter().enumerate() {
                        article .card.certificate id=(anchor(*side, place)) {
                            h3 {
                                (certificate.called())
                                span .faint { " of the " (side.name()) ", " (place + 1) " of " (chain.len()) }
                            }
                            dl {
                                @for (label, value) in rows(certificate, now) { dt { (label) } dd { (value) } }
                            }
                            @if contents == Contents::Whole {
                                details .bytes { summary { "PEM" } pre { (certificate.to_pem().trim_end()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rows(certificate: &Certificate, now: Timestamp) -> Vec<(&'static str, String)> {
    let listed = |names: Vec<String>| match names.is_empty() {
        true => "none".to_owned(),
        false => printable(&names.join(", ")),
    };
    let usages = certificate
        .key_usage_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut ca = if certificate.is_ca() { "yes" } else { "no" }.to_owned();
    if let Some(length) = certificate.path_length() {
        ca.push_str(&format!(", pathlen:{length}"));
    }
    vec![
        ("names", listed(alternative_names(certificate))),
        ("valid from", when(certificate.not_before(), now)),
        ("until", when(certificate.not_after(), now)),
        ("key usage", listed(usages)),
        (
            "extended key usage",
            listed(certificate.extended_key_usage_names().unwrap_or_default()),
        ),
        ("CA", ca),
        ("key", certificate.public_key().algorithm()),
        ("signed with", certificate.signature_algorithm()),
        ("subject", name::shown(certificate.subject())),
        ("issuer", name::shown(certificate.issuer())),
        ("serial number", certificate.serial()),
        ("SHA-256", certificate.fingerprint().to_string()),
    ]
}

/// Without the common name, which is none of them.
fn alternative_names(certificate: &Certificate) -> Vec<String> {
    let mut identity = certificate.identity();
    identity.common_name = None;
    identity.names()
}
