//! From a trace to the reason. Pure: the time is an argument.
//!
//! An alert alone proves little, for stacks choose differently; it is read together with what was asked,
//! what was sent, and what our own certificate says of itself.

use handfast_pki::{Certificate, Code, Purpose, Refusal, code, name, text::listed};
use handfast_tls::{HandshakeError, error::alert_name, trace::Side};
use jiff::Timestamp;

use crate::{
    Certainty, Finding, Refuser,
    exchange::Answer,
    trace::{Ending, Trace},
};

/// The reason why the connection in `trace` failed at `now`; `None` where it did not.
pub fn judge(trace: &Trace, answer: Option<&Answer>, now: Timestamp) -> Option<Finding> {
    match &trace.ending {
        Ending::Open => answer.and_then(|answer| in_http(trace, answer, now)),
        Ending::Unreachable(detail) => Some(Finding {
            code: code::CANNOT_CONNECT,
            side: Refuser::Network,
            certainty: Certainty::Certain,
            because: format!(
                "no TCP connection to {}:{}: {detail}",
                trace.target.host, trace.target.port
            ),
            help: "check host and port, and that the server runs and is not behind a firewall".into(),
            command: None,
        }),
        Ending::Handshake(HandshakeError::Refused { refusal, purpose }) => Some(ours(refusal, *purpose)),
        Ending::Handshake(HandshakeError::Alert { number, code, .. }) => {
            Some(alert(trace, *number, *code, now))
        }
        Ending::Handshake(error) => Some(match trace.alert_from(Side::Server) {
            Some(number) => alert(trace, number, error.code(), now),
            None => Finding {
                code: error.code(),
                side: Refuser::Network,
                certainty: Certainty::Likely,
                because: error.to_string(),
                help: "check that the port speaks TLS, and the versions and suites of both sides".into(),
                command: None,
            },
        }),
        Ending::Closed | Ending::Broken(_) => Some(match trace.alert_from(Side::Server) {
            Some(number) => alert(trace, number, code::VAGUE_ALERT, now),
            None => closed(trace, now),
        }),
        Ending::Silent(detail) => Some(Finding {
            code: code::CUT_SHORT,
            side: Refuser::Server,
            certainty: Certainty::Guess,
            because: detail.clone(),
            help: "look at the server's log at this time".into(),
            command: None,
        }),
        Ending::NoStartTls(detail) => Some(
            Finding::new(code::NOT_TLS, Refuser::Server, Certainty::Certain, detail)
                .help("check the port, and that TLS is switched on in the server"),
        ),
        Ending::NotHttp(detail) => Some(Finding {
            code: code::NOT_TLS,
            side: Refuser::Server,
            certainty: Certainty::Likely,
            because: format!("the server did not answer in HTTP: {detail}"),
            help: "check that the port serves HTTP behind TLS".into(),
            command: None,
        }),
    }
}

/// We refused the server.
fn ours(refusal: &Refusal, purpose: Purpose) -> Finding {
    Finding {
        code: refusal.code(purpose),
        side: Refuser::Client,
        certainty: Certainty::Certain,
        because: format!("we do not believe the server: {refusal}"),
        help: refusal.hint().into(),
        command: None,
    }
}

/// The server refused us with an alert.
fn alert(trace: &Trace, number: u8, by_alert: Code, now: Timestamp) -> Finding {
    let said = format!(
        "the server ended the connection with the alert {} ({number})",
        alert_name(number)
    );
    if unanswered(trace) && [116, 40, 42, 46].contains(&number) {
        // 116 means this and nothing else; the others are what TLS 1.2 stacks say of it.
        let certainty = if number == 116 {
            Certainty::Certain
        } else {
            Certainty::Likely
        };
        return no_certificate(
            certainty,
            format!("the server asked for a client certificate, none was sent; {said}"),
        );
    }
    let vague = [40, 42, 46].contains(&number) || by_alert == code::VAGUE_ALERT;
    if let Some((code, because, help)) = own_fault(trace, now)
        // certificate_expired is said of what is not valid yet, too (RFC 8446 section 6.2).
        && (vague || code == by_alert || (code, by_alert) == (code::NOT_YET_VALID, code::EXPIRED))
    {
        let certainty = if code == by_alert {
            Certainty::Certain
        } else {
            Certainty::Likely
        };
        return Finding {
            code,
            side: Refuser::Server,
            certainty,
            because: format!("{said}; {because}"),
            help,
            command: None,
        };
    }
    let help = match by_alert {
        code::NOT_ALLOWED => {
            "the certificate is believed, its name is not allowed: ask for a rule for one of its names"
        }
        code::UNKNOWN_ISSUER => {
            "send the intermediate after the leaf, or have the issuing CA added to the server's client CAs"
        }
        _ => "look at the server's log at this time: it knows the reason",
    };
    let certainty = if vague {
        Certainty::Guess
    } else {
        Certainty::Likely
    };
    Finding {
        code: by_alert,
        side: Refuser::Server,
        certainty,
        because: said,
        help: help.into(),
        command: None,
    }
}

/// The server closed without an alert.
fn closed(trace: &Trace, now: Timestamp) -> Finding {
    const SAID: &str = "the server closed the connection without a word";
    if unanswered(trace) {
        return no_certificate(
            Certainty::Likely,
            format!("the server asked for a client certificate, none was sent; {SAID}"),
        );
    }
    let (code, because, help) = own_fault(trace, now).unwrap_or((
        code::CUT_SHORT,
        "nothing in what was exchanged says why".into(),
        "look at the server's log at this time".into(),
    ));
    Finding {
        code,
        side: Refuser::Server,
        certainty: Certainty::Guess,
        because: format!("{SAID}; {because}"),
        help,
        command: None,
    }
}

/// nginx accepts every certificate in TLS and refuses in HTTP, with pages that say why.
fn in_http(trace: &Trace, answer: &Answer, now: Timestamp) -> Option<Finding> {
    if answer.status.as_u16() != 400 {
        return None;
    }
    let page = String::from_utf8_lossy(answer.body.get(..4096.min(answer.body.len())).unwrap_or_default());
    if page.contains("No required SSL certificate was sent") {
        let because = "the server answered 400 \"No required SSL certificate was sent\"";
        return Some(no_certificate(Certainty::Certain, because.into()));
    }
    if page.contains("The SSL certificate error") {
        let (code, because, help) = own_fault(trace, now).unwrap_or((
            code::UNKNOWN_ISSUER,
            "most often it does not know the issuer".into(),
            "look for \"client SSL certificate verify error\" in the server's error log".into(),
        ));
        let because = format!("the server answered 400 \"The SSL certificate error\"; {because}");
        return Some(Finding {
            code,
            side: Refuser::Server,
            certainty: Certainty::Likely,
            because,
            help,
            command: None,
        });
    }
    None
}

fn no_certificate(certainty: Certainty, because: String) -> Finding {
    let help = Refusal::NoCertificate.hint().into();
    Finding {
        code: code::NO_CERTIFICATE,
        side: Refuser::Server,
        certainty,
        because,
        help,
        command: None,
    }
}

fn unanswered(trace: &Trace) -> bool {
    trace.asked.as_ref().is_some_and(|asked| !asked.sent)
}

/// What the certificate that we sent says against itself.
fn own_fault(trace: &Trace, now: Timestamp) -> Option<(Code, String, String)> {
    let own = trace.own_chain.first()?;
    let subject = own.called();
    let refusal = if own.version() != 3 {
        Refusal::OldVersion {
            subject,
            version: own.version(),
        }
    } else if now > own.not_after() {
        Refusal::Expired {
            subject,
            not_after: own.not_after(),
            now,
        }
    } else if now < own.not_before() {
        Refusal::NotYetValid {
            subject,
            not_before: own.not_before(),
            now,
        }
    } else if own.is_ca() {
        Refusal::CaAsLeaf { subject }
    } else if let Some(found) = not_for_clients(own) {
        Refusal::WrongPurpose {
            subject,
            purpose: Purpose::Client,
            found,
        }
    } else {
        return not_among_the_accepted(trace, own);
    };
    Some((
        refusal.code(Purpose::Client),
        format!("our certificate: {refusal}"),
        refusal.hint().into(),
    ))
}

fn not_for_clients(own: &Certificate) -> Option<String> {
    let usages = own.extended_key_usage_names()?;
    (!usages.iter().any(|usage| usage == "clientAuth")).then(|| usages.join(", "))
}

/// None of the accepted issuers stands above anything that we sent.
fn not_among_the_accepted(trace: &Trace, own: &Certificate) -> Option<(Code, String, String)> {
    let accepted = &trace.asked.as_ref()?.issuers;
    let leads_to_one = || {
        trace
            .own_chain
            .iter()
            .any(|sent| accepted.contains(&name::der_of(sent.issuer())))
    };
    if accepted.is_empty() || leads_to_one() {
        return None;
    }
    let accepted: Vec<String> = accepted.iter().map(|der| name::shown_der(der)).collect();
    let top = trace.own_chain.last().unwrap_or(own);
    let because = format!(
        "our certificate was issued by \"{}\", the server accepts {}",
        name::shown(top.issuer()),
        listed(&accepted)
    );
    let help = "send the missing intermediate after the leaf, or have the issuing CA added to the server's client CAs";
    Some((code::UNKNOWN_ISSUER, because, help.into()))
}
