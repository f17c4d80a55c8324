//! What rustls's callbacks saw during one connection's handshake.
//!
//! A verifier can answer rustls with an alert and no more; the chain that it verified, or the reason in
//! full, has to reach the flow on another way. Each connection owns a [`Witness`], and [`Witnessed`] puts
//! it in this thread's place for exactly as long as that connection is polled. Callbacks run within the
//! poll, so they can reach no other connection's witness.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use handfast_pki::Refusal;

use crate::{asked::Asked, peer::Peer};

/// The testimony about one handshake.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    /// The peer whose chain was verified.
    pub(crate) peer: Option<Arc<Peer>>,
    /// Whether that peer has proven to hold the key of its certificate (CertificateVerify).
    pub(crate) proven: bool,
    /// Verified, but not to be let in.
    pub(crate) turned_away: bool,
    /// Why the chain was refused.
    pub(crate) refusal: Option<Refusal>,
    /// What the server asked of its client.
    pub(crate) asked: Option<Asked>,
}

thread_local! {
    static CURRENT: RefCell<Witness> = RefCell::default();
}

/// Lets a callback testify.
pub(crate) fn testify(note: impl FnOnce(&mut Witness)) {
    CURRENT.with_borrow_mut(note);
}

/// A future that is polled with its own witness in place.
pub(crate) struct Witnessed<F> {
    inner: F,
    witness: Witness,
}

impl<F> Witnessed<F> {
    pub(crate) fn new(inner: F) -> Self {
        Self {
            inner,
            witness: Witness::default(),
        }
    }
}

impl<F: Future + Unpin> Future for Witnessed<F> {
    type Output = (F::Output, Witness);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, &mut this.witness));
        let polled = Pin::new(&mut this.inner).poll(cx);
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, &mut this.witness));
        polled.map(|output| (output, std::mem::take(&mut this.witness)))
    }
}
