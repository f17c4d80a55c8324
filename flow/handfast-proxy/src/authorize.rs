//! May this peer come in? Decided once per remembered chain and generation of trust.

use std::sync::Arc;

use handfast_policy::Denial;

use crate::{
    admission::{self, Admission},
    handshake::Secured,
    identify::Identified,
};

/// The right to be forwarded. Only [`decide`] makes one, and [`crate::forward::run`] takes it.
pub(crate) struct Allowed {
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
}

/// Decides about the peer under the rules of the generation that the handshake was made under.
pub(crate) fn decide(secured: &Secured, identified: Identified) -> Result<Allowed, Denial> {
    let admission = admission::of(identified.peer(), secured.state.policy());
    let rule = admission
        .decision
        .as_ref()
        .map(|permit| permit.rule().to_owned())
        .map_err(Clone::clone)?;
    Ok(Allowed { admission, rule })
}
