//! The TLS handshake: a TCP stream in, an encrypted stream of a proven peer out.

use std::{net::SocketAddr, sync::Arc};

use handfast_audit::HandshakeId;
use handfast_tls::{Established, HandshakeError, Peer, ServerStream};
use tokio::net::TcpStream;

use crate::{
    accept::Accepted, admission, error::Ended, live::State, pulse::Pulse, registry::Proof, worker::Worker,
};

/// A connection whose peer proved possession of a key that a trusted CA certified. Only [`perform`] makes one.
pub(crate) struct Secured {
    /// Boxed: it goes through several futures, and each would keep room for the whole of it.
    pub(crate) stream: Box<ServerStream<TcpStream>>,
    pub(crate) peer: Arc<Peer>,
    pub(crate) established: Established,
    /// The generation of trust that the handshake was made under, whatever is loaded since.
    pub(crate) state: Arc<State>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) address: SocketAddr,
    pub(crate) id: u64,
    _private: (),
}

/// The name of the handshake that is about to begin, read without taking it from the stream. Nothing where its first
/// bytes come in pieces: a name is not worth waiting for.
pub(crate) async fn id(tcp: &TcpStream) -> Option<HandshakeId> {
    let mut start = [0; handfast_trace::HANDSHAKE_ID_NEEDS];
    let length = tcp.peek(&mut start).await.ok()?;
    handfast_trace::handshake_id(start.get(..length)?).map(HandshakeId)
}

/// Shakes hands; the worker's sweep sees to the deadline.
pub(crate) async fn perform(accepted: Accepted, worker: &Worker) -> Result<Secured, Ended> {
    let state = worker.live.state();
    let Accepted {
        tcp,
        address,
        pulse,
        id,
        ..
    } = accepted;
    // Boxed: the handshake's working memory is given back before the connection goes on.
    let secured = Box::pin(state.server().accept(tcp))
        .await
        .map_err(|failed| match failed.error {
            HandshakeError::NotAdmitted { peer } => match admission::denial(&peer, state.policy()) {
                Some(denial) => Ended::TurnedAway { peer, denial },
                None => Ended::Refused(HandshakeError::NotAdmitted { peer }),
            },
            error => match failed.proven {
                Some(peer) => Ended::BrokenOff { peer, error },
                None => Ended::Refused(error),
            },
        })?;
    pulse.proven(secured.peer.chain().not_after().as_second());
    let proof = Proof {
        peer: secured.peer.clone(),
        generation: state.generation(),
    };
    worker.context.registry.proved(id, Some(proof));
    let (stream, peer, established) = (Box::new(secured.stream), secured.peer, secured.established);
    Ok(Secured {
        stream,
        peer,
        established,
        state,
        pulse,
        address,
        id,
        _private: (),
    })
}
