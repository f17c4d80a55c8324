//! Who the proven peer is.

use std::sync::Arc;

use handfast_tls::Peer;

use crate::handshake::Shaken;

/// The peer of a finished handshake. Only [`peer`] makes one.
pub(crate) struct Who {
    peer: Arc<Peer>,
}

/// The identity is that of the leaf of the verified path, and of nothing else that was sent.
pub(crate) fn peer(shaken: &Shaken) -> Who {
    Who {
        peer: shaken.peer.clone(),
    }
}

impl Who {
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }
}
