//! Tokens of a request: the one that it has to carry, and the one that its backend gets of us.

use std::sync::Arc;

use handfast_pki::{Fingerprint, code};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use jiff::Timestamp;

use super::{
    remembered::{Made, Verified},
    visit::{Instead, Visit},
};
use crate::{
    assertion,
    backend::Backend,
    bound_tokens::{Refused, bearer},
    pulse::ticks,
};

/// Refuses a request of the route at `place` whose token is not good, by the keys of this moment. A host that only
/// observes demands tokens, too: they are for the backend, and not what it tries out.
pub(super) fn check<B>(visit: &Visit, place: Option<usize>, request: &Request<B>) -> Result<(), Instead> {
    let place = place.unwrap_or_default();
    let before = visit.standing.host.rules.routes.get(place);
    if before.is_none_or(|route| route.tokens.is_none()) {
        // A reload that demands tokens of a route cuts the connections to it.
        return Ok(());
    }
    let state = visit.worker.live.state();
    let host = state
        .listener(visit.standing.listener)
        .and_then(|listener| listener.called(&visit.standing.host.name));
    let tokens = host.and_then(|host| host.rules.routes.get(place)?.tokens.as_ref());
    let gone = || Instead::from((StatusCode::FORBIDDEN, code::NOT_ALLOWED));
    let tokens = tokens.ok_or_else(gone)?;
    let now = Timestamp::now().as_second();
    // A token is bound to the certificate that was proven; without one there is nothing to be bound to.
    let certificate = visit.standing.fingerprint();
    let certificate =
        certificate.ok_or_else(|| Instead::from((StatusCode::FORBIDDEN, code::NEEDS_CERTIFICATE)))?;
    let checked = bearer(request.headers(), request.uri().query()).and_then(|token| {
        let hash = Fingerprint::of(token.as_bytes()).0;
        let mut verified = visit.verified();
        let is_known =
            |known: &Verified| known.token == hash && Arc::ptr_eq(&known.keys, tokens) && known.until > now;
        if verified.as_deref().is_some_and(is_known) {
            return Ok(());
        }
        let until = tokens.check(token, &certificate, now)?;
        *verified = Some(Box::new(Verified {
            token: hash,
            keys: tokens.clone(),
            until,
        }));
        Ok(())
    });
    checked.map_err(|refused: Refused| {
        let status = match refused {
            // The token may be good.
            Refused::NoKeys(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        };
        Instead {
            reason: Some(refused.to_string()),
            ..Instead::from((status, refused.code()))
        }
    })
}

/// Adds what `backend` wants to know of the client, signed.
pub(super) fn add_assertion(
    visit: &Visit,
    backend: &Backend,
    headers: &mut HeaderMap,
) -> Result<(), Instead> {
    let Some(source) = &backend.assertion else {
        return Ok(());
    };
    remove_spellings(headers, &source.header);
    // Of a client that is not known by name there is nothing to be asserted.
    let Some(peer) = visit
        .standing
        .peer
        .as_ref()
        .filter(|_| visit.standing.admission.told.is_some())
    else {
        return Ok(());
    };
    let unavailable = || Instead::from((StatusCode::BAD_GATEWAY, code::BACKEND_UNREACHABLE));
    let state = visit.worker.live.state();
    let assertions = state.assertions().ok_or_else(unavailable)?;
    let now = visit.pulse.now();
    let mut made = visit.made();
    made.retain(|made| made.until > now && Arc::ptr_eq(&made.by, assertions));
    if let Some(known) = made.iter().find(|made| made.backend == backend.identity.0) {
        headers.insert(source.header.clone(), known.value.clone());
        return Ok(());
    }
    let second = Timestamp::now().as_second();
    let token = assertions.about(peer.identity(), source, second);
    let token = token.map_err(|_| unavailable())?;
    let value = HeaderValue::from_str(&token).map_err(|_| unavailable())?;
    headers.insert(source.header.clone(), value.clone());
    made.push(Made {
        backend: backend.identity.0,
        by: assertions.clone(),
        value,
        until: now.saturating_add(ticks(assertion::KEPT)),
    });
    Ok(())
}

/// Removes what a backend could read as the header `name`. After a reload the list of those that are always removed may
/// not have it yet.
fn remove_spellings(headers: &mut HeaderMap, name: &HeaderName) {
    let ours = handfast_headers::fold(name.as_str());
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| handfast_headers::fold(name.as_str()) == ours)
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}
