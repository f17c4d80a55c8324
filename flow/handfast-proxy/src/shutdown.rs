//! How a proxy or tunnel is asked to end, and how that went.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// The wish to close, as every worker hears it.
#[derive(Default)]
pub(crate) struct Closing {
    /// Nothing is accepted any more, and connections may end.
    pub(crate) asked: CancellationToken,
    /// Nobody waits for connections to end any more.
    pub(crate) forced: CancellationToken,
}

/// Makes a proxy or tunnel that is being closed cut what is left at once.
pub struct ForceClose(Arc<Closing>);

impl ForceClose {
    pub(crate) fn new(closing: &Arc<Closing>) -> Self {
        Self(closing.clone())
    }

    /// Ends the waiting; every connection still leaves its record.
    pub fn now(&self) {
        self.0.forced.cancel();
    }
}

impl Closing {
    /// Tells every worker.
    pub(crate) fn close(&self) {
        self.asked.cancel();
    }
}

/// How closing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that did not end within the deadline.
    pub cut: usize,
}
