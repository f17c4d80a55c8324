//! Which further connections could separate what one look leaves open.

use handfast_tls::HandshakeError;
use handfast_trace::Kind as MessageKind;

use super::{Kind, refused_by_alert};
use crate::{Answer, Ending, Subject, Trace, Verdict, When};

/// Those for `trace` and `answer`, the most telling first: the time of an examination may end before the last one.
pub fn worth(trace: &Trace, answer: Option<&Answer>, subject: &Subject) -> Vec<Kind> {
    let mut kinds = needed(trace, subject);
    if subject.context.may_forge && answer.is_some() {
        kinds.push(Kind::Forged);
    }
    if subject.context.must_refuse.is_some() && trace.ending.is_good() {
        kinds.push(Kind::MustRefuse);
    }
    if subject.context.origin.is_some() {
        kinds.push(Kind::Preflight);
    }
    if !subject.context.other_names.is_empty() && trace.established.is_some() {
        kinds.extend([Kind::WithoutCertificate, Kind::ResumedFromOther]);
    }
    if subject.when == When::Always && trace.established.is_some() {
        let all = [
            Kind::WithoutCertificate,
            Kind::ThrowAway,
            Kind::Stranger,
            Kind::OnlyTls12,
            Kind::WithoutSni,
            Kind::SmallHello,
            Kind::Again,
        ];
        let missing: Vec<Kind> = all.into_iter().filter(|kind| !kinds.contains(kind)).collect();
        kinds.extend(missing);
    }
    kinds
}

fn needed(trace: &Trace, subject: &Subject) -> Vec<Kind> {
    if !trace.saw(&MessageKind::ServerHello) {
        return without_hello(trace);
    }
    let sent = trace.asked.as_ref().is_some_and(|asked| asked.sent);
    match &trace.ending {
        Ending::Handshake(HandshakeError::Refused { .. }) => {
            vec![Kind::AnyServer, Kind::WithoutSni, Kind::Again, Kind::Again]
        }
        // The alerts that are about the protocol and not about a certificate.
        Ending::Handshake(_) if refused_by_alert(trace).is_some_and(is_of_protocol) => Vec::new(),
        // A server that is several may have refused us for one of them alone.
        Ending::Handshake(_) | Ending::Closed | Ending::Broken(_) | Ending::Service(_) if sent => {
            vec![Kind::ThrowAway, Kind::Again, Kind::Again]
        }
        Ending::Open if trace.asked.is_none() && trace.verdict.refusal().is_some() => vec![Kind::OnlyTls12],
        // Another of several servers may ask.
        Ending::Open if trace.asked.is_none() && !trace.own_chain.is_empty() && !trace.resumed => {
            vec![Kind::Again, Kind::Again]
        }
        // Whether it verifies what it asks for is shown by nothing but a certificate that must be refused.
        Ending::Open if sent => {
            let mut kinds = vec![Kind::ThrowAway, Kind::Again, Kind::Again];
            match trace.verdict {
                Verdict::Refused(_) if super::sni(&subject.target).is_none() => kinds.push(Kind::WithSni),
                Verdict::Refused(_) => {}
                _ => kinds.insert(1, Kind::Stranger),
            }
            kinds
        }
        Ending::Open if subject.context.served.is_some() => vec![Kind::Again, Kind::Again],
        _ => Vec::new(),
    }
}

/// Nothing was agreed on: the server may speak another protocol, or TLS as nobody does any more.
fn without_hello(trace: &Trace) -> Vec<Kind> {
    match &trace.ending {
        Ending::NoStartTls(_) | Ending::Unreachable(_) => Vec::new(),
        // What answers in the clear may want a PROXY line before it answers at all.
        _ if trace.saw(&MessageKind::NotTls) => vec![Kind::ProxyLine, Kind::Again, Kind::Again],
        _ => match refused_by_alert(trace) {
            // These two say all there is to say (RFC 6066 section 3, RFC 7301 section 3.2).
            Some(112 | 120) => Vec::new(),
            Some(70) => vec![Kind::OldHello],
            // Each of two servers in turn is met by two that are alike.
            _ => vec![
                Kind::Again,
                Kind::Again,
                Kind::SmallHello,
                Kind::WideHello,
                Kind::OldHello,
                Kind::Postgres,
                Kind::ProxyLine,
                Kind::WithoutSni,
                Kind::WithoutAlpn,
            ],
        },
    }
}

/// Whether the alert `number` says that the peers do not speak alike (RFC 8446 section 6.2): version, suite, extension,
/// name, application protocol.
pub(crate) fn is_of_protocol(number: u8) -> bool {
    matches!(number, 70 | 71 | 86 | 109 | 110 | 112 | 120)
}
