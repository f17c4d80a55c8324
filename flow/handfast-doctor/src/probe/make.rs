//! How a further connection is made, each with one thing different.

use std::sync::Arc;

use handfast_tls::{
    Credentials,
    client::{Probing, Versions},
};
use handfast_trace::{Greeting, greeting::USUAL_SUITES};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use rustls_pki_types::ServerName;

use super::{Kind, Outcome, Probe, raw, sni};
use crate::{
    Ask, Subject, Target, Trace, connect,
    exchange::{self, Talk},
    patience::Patience,
    throwaway, trace,
};

/// Makes the connection.
pub async fn probe(
    kind: Kind,
    subject: &Subject,
    first: &Trace,
    now: Timestamp,
    patience: Patience,
) -> Probe {
    let outcome = match kind {
        _ if patience.is_over() => Outcome::Impossible("the time of an examination was over".into()),
        Kind::OldHello | Kind::WideHello | Kind::ProxyLine => made_by_hand(kind, subject, patience).await,
        Kind::Postgres => raw::postgres(&subject.target, patience).await,
        Kind::ResumedFromOther => resumed_from_other(subject, patience).await,
        Kind::ResumedAfterRefusal => resumed_after_refusal(subject, first, now, patience).await,
        _ => match changed(kind, subject, first, now) {
            Ok((target, talk)) => {
                let contact = connect::connect(&target, patience).await;
                let (seen, answer) = exchange::exchange(contact, &talk, patience).await;
                Outcome::Seen(Box::new(trace::trace(seen, &target)), answer)
            }
            Err(why) => Outcome::Impossible(why),
        },
    };
    Probe { kind, outcome }
}

/// A hello of our own making.
async fn made_by_hand(kind: Kind, subject: &Subject, patience: Patience) -> Outcome {
    let mut greeting = Greeting::old(sni(&subject.target));
    let before: &[u8] = match kind {
        Kind::ProxyLine => {
            greeting.suites.extend(USUAL_SUITES);
            // Of an address for documents, which no rule of a server takes for a neighbour. Apache does not take UNKNOWN.
            b"PROXY TCP4 192.0.2.1 192.0.2.1 50000 443\r\n"
        }
        Kind::WideHello => {
            greeting.suites = USUAL_SUITES.to_vec();
            &[]
        }
        _ => &[],
    };
    raw::greet(&subject.target, before, &greeting, patience).await
}

/// The target and the talk of `subject` with the one thing different.
fn changed(kind: Kind, subject: &Subject, first: &Trace, now: Timestamp) -> Result<(Target, Talk), String> {
    let mut target = subject.target.clone();
    let mut talk = subject.talk.clone();
    match kind {
        Kind::WithoutCertificate => target.credentials = None,
        Kind::ThrowAway => {
            target.credentials = Some(throw_away(first, now)?);
            talk = to_the_login(talk);
        }
        Kind::Stranger => {
            let made = throwaway::client(None, now).map_err(|error| error.to_string())?;
            target.credentials = Some(made);
            talk = to_the_login(talk);
        }
        Kind::OnlyTls12 => target.versions = Versions::OnlyTls12,
        Kind::WithoutSni => target.probing.without_sni = true,
        Kind::WithSni => {
            target.name = name_of(first).ok_or("its certificate has no name for SNI")?;
        }
        Kind::SmallHello => target.probing.small_hello = true,
        Kind::WithoutAlpn => target.alpn.clear(),
        Kind::AnyServer => {
            target.credentials = None;
            target.probing = Probing {
                dangerous_any_server: true,
                ..target.probing
            };
        }
        Kind::Forged => talk = forged(subject)?,
        Kind::MustRefuse => target.credentials = subject.context.must_refuse.clone(),
        Kind::Preflight => {
            target.credentials = None;
            talk = preflight(subject)?;
        }
        Kind::Again
        | Kind::OldHello
        | Kind::WideHello
        | Kind::Postgres
        | Kind::ProxyLine
        | Kind::ResumedFromOther
        | Kind::ResumedAfterRefusal => {}
    }
    Ok((target, talk))
}

/// A name of the certificate that the server showed.
fn name_of(first: &Trace) -> Option<ServerName<'static>> {
    let identity = first.presented().first()?.identity();
    let name = identity.dns.iter().find(|name| !name.contains('*'))?;
    handfast_pki::verify::host(name).ok()
}

/// As far as the protocol decides: some do so at a login. None is tried with the user's own certificate.
fn to_the_login(talk: Talk) -> Talk {
    match talk {
        Talk::Service(service) if service.has_login() => Talk::Login(service),
        other => other,
    }
}

/// The mark by which a forged header is known again.
pub(crate) const FORGED: &str = "handfast-forged-identity";

/// The value of the forged header `name`, by which it is told from the others.
pub(crate) fn forged_as(name: &str) -> String {
    format!("{FORGED}.{name}.")
}

/// The same request with every header by which proxies tell applications who the client is.
fn forged(subject: &Subject) -> Result<Talk, String> {
    let Talk::Http(ask) = &subject.talk else {
        return Err("headers need HTTP".into());
    };
    let mut headers = ask.headers.clone();
    // Servers take about a hundred fields in a head, so one example of each kind has to do.
    for name in handfast_headers::forgeries() {
        // A name is always a value.
        let value = HeaderValue::from_str(&forged_as(name));
        headers.insert(name, value.unwrap_or_else(|_| HeaderValue::from_static(FORGED)));
    }
    Ok(Talk::Http(Ask {
        headers,
        ..ask.clone()
    }))
}

/// What a browser asks before a request with credentials from another origin (Fetch, section 3.2.2).
fn preflight(subject: &Subject) -> Result<Talk, String> {
    let (Talk::Http(ask), Some(origin)) = (&subject.talk, &subject.context.origin) else {
        return Err("a preflight needs HTTP".into());
    };
    let mut headers = HeaderMap::new();
    let origin =
        HeaderValue::from_str(origin).map_err(|_| "the origin cannot stand in a header".to_owned())?;
    headers.insert(http::header::ORIGIN, origin);
    headers.insert(
        http::header::ACCESS_CONTROL_REQUEST_METHOD,
        HeaderValue::from_static("GET"),
    );
    Ok(Talk::Http(Ask {
        method: Method::OPTIONS,
        headers,
        ..ask.clone()
    }))
}

/// A certificate of nobody, with the issuer of our own or one that the server accepts.
fn throw_away(first: &Trace, now: Timestamp) -> Result<Credentials, String> {
    let own = first.own_chain.first().map(|own| own.issuer().der());
    let accepted = || {
        let asked = first.asked.as_ref()?;
        asked.issuers.first().cloned()
    };
    let issuer = own.or_else(accepted);
    throwaway::client(issuer.as_deref(), now).map_err(|error| error.to_string())
}

/// A session begun under another name, offered under the name that was asked for. Neither connection carries a
/// certificate of ours, so nobody has proven anything.
async fn resumed_from_other(subject: &Subject, patience: Patience) -> Outcome {
    let mut tried = Outcome::Impossible("no other name of this server is known".into());
    for other in &subject.context.other_names {
        let Ok(name) = handfast_pki::verify::host(other) else {
            continue;
        };
        let mut target = subject.target.clone();
        target.credentials = None;
        target.probing.sessions = Some(Arc::default());
        let begin = Target {
            name,
            ..target.clone()
        };
        let talk = match &subject.talk {
            Talk::Http(ask) => Talk::Http(Ask {
                host: other.clone(),
                ..ask.clone()
            }),
            other => other.clone(),
        };
        tried = resume((&begin, &talk), (&target, &subject.talk), patience).await;
        if let Outcome::Seen(trace, _) = &tried
            && trace.resumed
        {
            break;
        }
    }
    tried
}

/// A session begun with a certificate that the server refuses, offered again.
async fn resumed_after_refusal(
    subject: &Subject,
    first: &Trace,
    now: Timestamp,
    patience: Patience,
) -> Outcome {
    let mut target = subject.target.clone();
    match throw_away(first, now) {
        Ok(made) => target.credentials = Some(made),
        Err(why) => return Outcome::Impossible(why),
    }
    target.probing.sessions = Some(Arc::default());
    let same = (&target, &subject.talk);
    resume(same, same, patience).await
}

/// One connection to get a session, another one to use it.
async fn resume(first: (&Target, &Talk), second: (&Target, &Talk), patience: Patience) -> Outcome {
    let way = match connect::Way::of(first.0) {
        Ok(way) => way,
        Err(error) => return Outcome::Impossible(error.to_string()),
    };
    let contact = connect::connect_by(&way, first.0, patience).await;
    exchange::exchange(contact, first.1, patience).await;
    let contact = connect::connect_by(&way, second.0, patience).await;
    let (seen, answer) = exchange::exchange(contact, second.1, patience).await;
    Outcome::Seen(Box::new(trace::trace(seen, second.0)), answer)
}
