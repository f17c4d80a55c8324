//! What the callbacks of one handshake saw, carried out of rustls beside its result.
//!
//! rustls asks its verifier for yes or no, and tells it nothing about which connection it asks for. The reasons, both
//! values and the verified peer leave by a witness: the handshake's future puts its own in the configuration's place for
//! this thread before every poll and takes it back after, so that a callback, which runs inside of a poll, always finds
//! its own connection's witness.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use handfast_pki::Refusal;
use thread_local::ThreadLocal;

use crate::{admit::Admit, asked::Asked, peer::Peer};

/// The testimony about one handshake.
pub(crate) struct Witness<A: Admit> {
    /// The peer whose chain was verified.
    pub(crate) peer: Option<Arc<Peer>>,
    /// SHA-256 of all that it presented.
    pub(crate) presented: Option<[u8; 32]>,
    /// Whether that peer has proven to hold the key of its certificate (CertificateVerify).
    pub(crate) proven: bool,
    /// What was decided about it.
    pub(crate) verdict: Option<Result<A::Pass, A::Denial>>,
    /// Why the chain was refused.
    pub(crate) refusal: Option<Refusal>,
    /// What the server asked of its client.
    pub(crate) asked: Option<Asked>,
}

impl<A: Admit> Default for Witness<A> {
    fn default() -> Self {
        Self {
            peer: None,
            presented: None,
            proven: false,
            verdict: None,
            refusal: None,
            asked: None,
        }
    }
}

impl<A: Admit> Witness<A> {
    /// The peer, where it was verified and then denied.
    pub(crate) fn denied(&self) -> Option<Arc<Peer>> {
        self.peer.clone().filter(|_| matches!(self.verdict, Some(Err(_))))
    }
}

/// The place of the witnesses of one configuration: for each thread the one of the handshake that is polled.
pub(crate) struct Witnesses<A: Admit>(ThreadLocal<RefCell<Witness<A>>>);

impl<A: Admit> Witnesses<A> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(ThreadLocal::new()))
    }

    /// Lets a callback testify.
    pub(crate) fn testify(&self, note: impl FnOnce(&mut Witness<A>)) {
        note(&mut self.0.get_or_default().borrow_mut());
    }

    fn swap(&self, other: &mut Witness<A>) {
        self.testify(|current| std::mem::swap(current, other));
    }
}

/// A future that is polled with its own witness in place.
pub(crate) struct Witnessed<F, A: Admit> {
    inner: F,
    witnesses: Arc<Witnesses<A>>,
    witness: Witness<A>,
}

impl<F, A: Admit> Witnessed<F, A> {
    /// The future that `begin` makes. A ClientHello that was read before is answered while it is made, so that this has the
    /// witness in place, too.
    pub(crate) fn new(witnesses: &Arc<Witnesses<A>>, begin: impl FnOnce() -> F) -> Self {
        let mut witness = Witness::default();
        witnesses.swap(&mut witness);
        let inner = begin();
        witnesses.swap(&mut witness);
        Self {
            inner,
            witnesses: witnesses.clone(),
            witness,
        }
    }
}

// The witness is moved out and in, and nothing points into it.
impl<F: Unpin, A: Admit> Unpin for Witnessed<F, A> {}

impl<F: Future + Unpin, A: Admit> Future for Witnessed<F, A> {
    type Output = (F::Output, Witness<A>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.witnesses.swap(&mut this.witness);
        let polled = Pin::new(&mut this.inner).poll(cx);
        this.witnesses.swap(&mut this.witness);
        polled.map(|output| (output, std::mem::take(&mut this.witness)))
    }
}
