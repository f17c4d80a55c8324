//! May this peer come in? Decided once per remembered chain and generation of trust.

use std::sync::Arc;

use handfast_policy::Denial;

use crate::{
    admission::{self, Admission},
    handshake::Secured,
    identify::Identified,
};

/// The right to be forwarded, with the one connection that has it. Only [`decide`] makes one, and
/// [`crate::forward::run`] takes it: no connection is forwarded without its permission, or with another's.
pub(crate) struct Allowed {
    secured: Secured,
    admission: Arc<Admission>,
    rule: String,
}

impl Allowed {
    /// The rule that decided.
    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    pub(crate) fn admission(&self) -> &Arc<Admission> {
        &self.admission
    }

    pub(crate) fn secured(&self) -> &Secured {
        &self.secured
    }

    pub(crate) fn into_secured(self) -> Secured {
        self.secured
    }
}

/// Decides about the peer under the rules of the generation that the handshake was made under. A denial gives the
/// connection back.
#[expect(
    clippy::result_large_err,
    reason = "moved once per connection, and a box would be allocated for each denial"
)]
pub(crate) fn decide(identified: Identified) -> Result<Allowed, (Denial, Identified)> {
    let admission = admission::of(identified.peer(), identified.secured().state.policy());
    let rule = match &admission.decision {
        Ok(permit) => permit.rule().to_owned(),
        Err(denial) => return Err((denial.clone(), identified)),
    };
    Ok(Allowed {
        secured: identified.into_secured(),
        admission,
        rule,
    })
}
