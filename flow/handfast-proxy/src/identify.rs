//! Who the proven peer is.

use crate::handshake::Secured;

/// A connection together with the peer that it belongs to. Only [`peer`] makes one.
pub(crate) struct Identified {
    secured: Secured,
}

/// The identity is that of the leaf of the verified path, and of nothing else that was sent.
pub(crate) fn peer(secured: Secured) -> Identified {
    Identified { secured }
}

impl Identified {
    pub(crate) fn into_secured(self) -> Secured {
        self.secured
    }
}
