//! Forwarding: the one step that lets a peer's bytes reach the backend.
//!
//! It takes an [`Allowed`], which only a decision makes, and which owns the connection that it was made for.

mod answer;
mod begun;
mod body;
mod budget;
mod headers;
mod host;
mod http;
mod joined;
pub(crate) mod path;
pub(crate) mod pool;
pub(crate) mod relay;
mod remembered;
mod send;
mod sender;
pub(crate) mod slots;
pub(crate) mod streams;
mod tokens;
pub(crate) mod unacceptable;
mod visit;
mod websocket;

use std::sync::Arc;

use handfast_pki::code;
use tokio::io::AsyncWriteExt;

use self::http::Run;
use crate::{
    authorize::Allowed,
    backend::Stream,
    error::Ended,
    metered::Metered,
    proxy_protocol,
    pulse::Pulse,
    upstream::{InUse, Tried, Upstream},
    worker::Worker,
};

/// Forwards requests or bytes until one side has had enough.
pub(crate) fn run(allowed: Allowed, worker: &Worker) -> Run<'_> {
    if allowed.standing().host.speaks_http {
        http::serve(allowed, worker.clone())
    } else {
        Box::pin(relay_bytes(allowed, worker))
    }
}

/// Bytes both ways, for the peer that was allowed.
async fn relay_bytes(allowed: Allowed, worker: &Worker) -> Result<(), Ended> {
    let to = allowed.standing().first_route().map(|route| route.to.clone());
    let upstream = to.and_then(|name| worker.upstream(&name));
    let upstream = upstream.ok_or_else(|| Ended::Broken {
        code: code::BACKEND_UNREACHABLE,
        reason: "the backend of the connection is gone".to_owned(),
    })?;
    // Boxed: connecting may shake hands, and its memory is given back before the connection goes on.
    let (mut backend, _in_use) = Box::pin(reach(&upstream, allowed.pulse())).await?;
    let standing = allowed.standing();
    let seen = &worker.context.counters.seen;
    if let Some(peer) = &standing.peer {
        seen.connected(peer, Some(standing.host.name.label()), None);
    }
    let secured = allowed.into_secured();
    if upstream.backend.announces {
        let written = backend.write_all(&proxy_protocol::header(&secured)).await;
        written.map_err(|error| Ended::Broken {
            code: code::BACKEND_BROKE,
            reason: format!("the backend broke off: {error}"),
        })?;
    }
    secured.pulse.tunnels();
    let mut client = Metered::new(secured.stream, secured.pulse);
    relay::relay(&mut client, &mut backend).await
}

/// A connection to the first target that can be reached.
async fn reach(upstream: &Arc<Upstream>, pulse: &Pulse) -> Result<(Box<dyn Stream>, InUse), Ended> {
    let mut tried = Tried::default();
    let mut failed = None;
    while let Some(in_use) = upstream.pick(pulse.now(), tried) {
        match upstream.backend.connect(in_use.target(), false).await {
            Ok((stream, _)) => {
                in_use.answered();
                return Ok((stream, in_use));
            }
            Err(error) => {
                in_use.unreachable(pulse.now(), &error);
                failed = Some(Ended::unreachable(&in_use.target().to, &error));
            }
        }
        in_use.tried(&mut tried);
    }
    // A backend has at least one target.
    Err(failed.unwrap_or_else(|| Ended::Broken {
        code: code::BACKEND_UNREACHABLE,
        reason: "the backend has no target".to_owned(),
    }))
}

/// The bytes of a connection's state over HTTP/1.1, over HTTP/2, and of a relay.
#[cfg(test)]
pub(crate) fn sizes() -> (usize, usize, usize) {
    fn size<F>(_: impl FnOnce(Allowed, &'static Worker) -> F) -> usize {
        size_of::<F>()
    }
    let (http1, http2) = http::sizes();
    (http1, http2, size(relay_bytes))
}
