//! Who was authenticated as whom, by which CA, and until when.

use handfast_doctor::{Report, Trace};
use handfast_finding::when::when;
use handfast_pki::{Certificate, code, name};
use jiff::Timestamp;
use maud::{Markup, html};

/// What became of one side.
struct Side {
    side: &'static str,
    outcome: String,
    is_good: bool,
    /// The identity, the CA and the end; none where there was no certificate.
    certificate: Option<(String, String, String)>,
}

/// One sentence for the head of a page without findings.
pub(super) fn success(made: &Report) -> String {
    let Some(trace) = &made.trace else {
        return "no finding".to_owned();
    };
    let answered = made
        .answer
        .as_ref()
        .map(|answer| format!(", answered {}", answer.status));
    let what = match (trace.established.is_some(), &trace.asked, trace.own_chain.first()) {
        (false, ..) => "no finding".to_owned(),
        (true, Some(_), Some(leaf)) => format!("accepted as {}", leaf.identity().called()),
        (true, ..) => "connected, without a client certificate".to_owned(),
    };
    what + &answered.unwrap_or_default()
}

pub(super) fn section(made: &Report, now: Timestamp) -> Markup {
    let sides: Vec<Side> = made
        .trace
        .iter()
        .flat_map(|trace| sides(made, trace, now))
        .collect();
    html! {
        @if !sides.is_empty() {
            section {
                h2 { "Who was authenticated" }
                div .sides {
                    @for side in &sides {
                        article .card {
                            h3 { "the " (side.side) }
                            p class=(if side.is_good { "good" } else { "plain" }) { (side.outcome) }
                            @if let Some((identity, ca, until)) = &side.certificate {
                                dl {
                                    dt { "as" } dd { code { (identity) } }
                                    dt { "by the CA" } dd { (ca) }
                                    dt { "until" } dd { (until) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sides(made: &Report, trace: &Trace, now: Timestamp) -> Vec<Side> {
    if trace.messages.is_empty() {
        return Vec::new();
    }
    vec![server(trace, now), client(made, trace, now)]
}

fn server(trace: &Trace, now: Timestamp) -> Side {
    let side = "server";
    if let Some(peer) = &trace.peer {
        let path = peer.chain().path();
        let ca = path.last().map(Certificate::called).unwrap_or_default();
        return Side {
            side,
            outcome: "✓ authenticated".to_owned(),
            is_good: true,
            certificate: Some((
                peer.identity().names().join(", "),
                ca,
                when(peer.chain().not_after(), now),
            )),
        };
    }
    let presented = trace.presented();
    let outcome = if presented.is_empty() {
        "sent no certificate that was read"
    } else {
        "sent a certificate that was not verified"
    };
    Side {
        side,
        outcome: outcome.to_owned(),
        is_good: false,
        certificate: presented.first().map(|leaf| claimed(leaf, &presented, now)),
    }
}

fn client(made: &Report, trace: &Trace, now: Timestamp) -> Side {
    let is_asked = trace.asked.is_some();
    let is_accepted = is_asked && trace.established.is_some() && made.findings.is_empty();
    let first = made.findings.first();
    let is_denied = first.is_some_and(|first| first.code == code::NOT_ALLOWED);
    let outcome = match (is_asked, trace.own_chain.is_empty()) {
        (false, _) => "was asked for no certificate",
        (true, true) => "was asked for a certificate and sent none",
        (true, false) if is_accepted => "✓ accepted",
        (true, false) if is_denied => "was recognised and is not allowed",
        (true, false) => "sent this certificate and was not accepted",
    };
    let is_shown = is_asked && !trace.own_chain.is_empty();
    let leaf = trace.own_chain.first().filter(|_| is_shown);
    Side {
        side: "client",
        outcome: outcome.to_owned(),
        is_good: is_accepted && is_shown,
        certificate: leaf.map(|leaf| claimed(leaf, &trace.own_chain, now)),
    }
}

/// What a chain says of itself.
fn claimed(leaf: &Certificate, chain: &[Certificate], now: Timestamp) -> (String, String, String) {
    let names = leaf.identity().names();
    let identity = if names.is_empty() {
        name::shown(leaf.subject())
    } else {
        names.join(", ")
    };
    let top = chain
        .iter()
        .rfind(|certificate| !certificate.is_self_issued())
        .unwrap_or(leaf);
    (identity, name::shown(top.issuer()), when(leaf.not_after(), now))
}
