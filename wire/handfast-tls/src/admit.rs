//! What is decided about a verified peer, and what it gets when it is accepted.

use std::sync::Arc;

use handfast_pki::{Refusal, VerifiedChain};

/// Decides about verified peers while an alert can still be sent.
///
/// The decision is made once per remembered chain and travels with the stream as a value of its own type: who decides for
/// one host never sees the decision of another.
pub trait Admit: Send + Sync + 'static {
    /// What an accepted peer gets.
    type Pass: Clone + Send + Sync + 'static;
    /// Why a peer is rejected.
    type Denial: Clone + Send + Sync + 'static;

    /// A denial is answered with the alert `access_denied` (RFC 8446 section 6.2).
    fn admit(&self, chain: &VerifiedChain) -> Result<Self::Pass, Self::Denial>;

    /// What a client gets of whom nothing is proven but, where it showed a certificate, that it has the key of it: it showed
    /// none ([`Refusal::NoCertificate`]), or one that was refused. Nothing rejects it.
    fn without_identity(&self, _refusal: &Refusal) -> Option<Self::Pass> {
        None
    }
}

/// A further condition on a peer, beside its chain and its name: `false` rejects it.
pub type Condition = Arc<dyn Fn(&VerifiedChain) -> bool + Send + Sync>;

/// The decision by a [`Condition`]; without one, every verified peer is accepted.
pub struct ByCondition(pub Option<Condition>);

impl Admit for ByCondition {
    type Pass = ();
    type Denial = ();

    fn admit(&self, chain: &VerifiedChain) -> Result<(), ()> {
        if self.0.as_ref().is_none_or(|holds| holds(chain)) {
            Ok(())
        } else {
            Err(())
        }
    }
}
