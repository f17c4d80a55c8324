//! Forwarding: the one step that lets a peer's bytes reach the backend.
//!
//! It takes an [`Allowed`], which only a decision makes, and which owns the connection that it was made for.

mod answer;
mod body;
mod budget;
mod headers;
mod host;
mod http;
mod path;
pub(crate) mod pool;
pub(crate) mod relay;
pub(crate) mod slots;
mod unacceptable;

use self::http::Run;
use crate::{authorize::Allowed, error::Ended, metered::Metered, worker::Worker};

/// Forwards requests or bytes until one side has had enough.
pub(crate) fn run(allowed: Allowed, worker: &Worker) -> Run<'_> {
    if worker.backend.speaks_http() {
        http::serve(allowed, worker.clone())
    } else {
        Box::pin(relay_bytes(allowed, worker))
    }
}

/// Bytes both ways, for the peer that was allowed.
async fn relay_bytes(allowed: Allowed, worker: &Worker) -> Result<(), Ended> {
    // Boxed: connecting may shake hands, and its memory is given back before the connection goes on.
    let backend = Box::pin(worker.backend.connect()).await;
    let mut backend = backend.map_err(|error| Ended::unreachable(&worker.backend, &error))?;
    let secured = allowed.into_secured();
    secured.pulse.tunnels();
    let mut client = Metered::new(secured.stream, secured.pulse);
    relay::relay(&mut client, &mut backend).await
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
