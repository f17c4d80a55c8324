//! May this peer come in? Decided once per remembered chain and generation of trust.

use std::sync::Arc;

use handfast_policy::Denial;

use crate::{
    admission::{Guest, guest},
    handshake::Shaken,
    identify::Who,
};

/// The right to be forwarded. Only [`decide`] makes one, and [`crate::forward::run`] takes it.
pub(crate) struct Allowed {
    guest: Arc<Guest>,
    rule: String,
}

impl Allowed {
    /// The rule that decided.
    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    pub(crate) fn guest(&self) -> &Arc<Guest> {
        &self.guest
    }
}

/// Decides about `who` under the rules of the generation that the handshake was made under.
pub(crate) fn decide(shaken: &Shaken, who: Who) -> Result<Allowed, Denial> {
    let guest = guest(who.peer(), shaken.state.policy());
    let rule = guest
        .decision
        .as_ref()
        .map(|permit| permit.rule().to_owned())
        .map_err(Clone::clone)?;
    Ok(Allowed { guest, rule })
}
