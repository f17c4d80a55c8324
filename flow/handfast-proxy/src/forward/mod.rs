//! Forwarding: the one step that lets a peer's bytes reach the backend.
//!
//! It takes an [`Allowed`], which only a decision makes, together with the connection that it was made for.

mod answer;
mod body;
mod budget;
mod headers;
mod host;
mod http;
mod pool;
mod slots;
mod splice;

pub(crate) use pool::Pools;
pub(crate) use slots::Slots;
pub(crate) use splice::splice;

use crate::{authorize::Allowed, door::Worker, error::Ended, handshake::Shaken, pulse::Felt};

/// Forwards requests or bytes until one side has had enough.
pub(crate) async fn run(allowed: Allowed, shaken: Shaken, worker: &Worker) -> Result<(), Ended> {
    if worker.backend.speaks_http() {
        // Boxed, so that the small future of a byte tunnel does not carry the large one of HTTP.
        return Box::pin(http::serve(allowed, shaken, worker.clone())).await;
    }
    let backend = worker.backend.connect().await;
    let mut backend = backend.map_err(|error| Ended::unreachable(&worker.backend, &error))?;
    shaken.pulse.tunnels();
    let mut client = Felt::new(shaken.stream, shaken.pulse);
    splice(&mut client, &mut backend).await
}
