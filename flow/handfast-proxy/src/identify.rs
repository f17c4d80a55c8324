//! Who the proven peer is.

use std::sync::Arc;

use handfast_tls::Peer;

use crate::handshake::Secured;

/// The peer of a finished handshake. Only [`peer`] makes one.
pub(crate) struct Identified {
    peer: Arc<Peer>,
}

/// The identity is that of the leaf of the verified path, and of nothing else that was sent.
pub(crate) fn peer(secured: &Secured) -> Identified {
    Identified {
        peer: secured.peer.clone(),
    }
}

impl Identified {
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }
}
