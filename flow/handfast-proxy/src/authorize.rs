//! May this client come in? Decided in the handshake, once per remembered chain, host and generation of trust.

use crate::{handshake::Secured, host::Standing, identify::Identified, pulse::Pulse};

/// The right to be forwarded, with the one connection that has it. Only [`admitted`] makes one, and
/// [`crate::forward::run`] takes it: no connection is forwarded without its permission, or with another's.
pub(crate) struct Allowed {
    secured: Secured,
}

impl Allowed {
    /// The rule that decided, where one did.
    pub(crate) fn rule(&self) -> Option<String> {
        self.secured.standing.admission.rule.clone()
    }

    pub(crate) fn standing(&self) -> &Standing {
        &self.secured.standing
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.secured.pulse
    }

    pub(crate) fn secured(&self) -> &Secured {
        &self.secured
    }

    pub(crate) fn into_secured(self) -> Secured {
        self.secured
    }
}

/// Goes on with what was decided in the handshake: at least one route of its host allows the client. Which of them does is
/// asked for again with each request.
pub(crate) fn admitted(identified: Identified) -> Allowed {
    Allowed {
        secured: identified.into_secured(),
    }
}
