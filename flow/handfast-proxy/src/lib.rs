//! The reverse proxy: forwards the connections of clients that are trusted and allowed, closes them when they no longer
//! are, and writes a record for each connection.
//!
//! One single-threaded runtime per worker, each with its own listener, backend connections and clock;
//! what they share is a snapshot of trust ([`live::Live`]) that a reload swaps as a whole.

mod accept;
mod activation;
pub mod admin;
mod admission;
mod assertion;
mod authorize;
pub mod backend;
mod bound_tokens;
pub mod config;
pub mod confine;
mod counters;
pub mod descriptors;
mod error;
mod explain;
mod forward;
mod handshake;
mod heartbeat;
mod host;
mod identify;
mod limits;
mod lists;
pub mod live;
mod log;
mod metered;
mod pressure;
mod proxy;
mod proxy_protocol;
mod pulse;
mod record;
mod registry;
pub mod rehearsal;
mod review;
mod seen;
mod service;
mod shutdown;
mod socket_file;
mod sources;
pub mod tunnel;
mod upstream;
mod worker;

use std::sync::Arc;

use handfast_audit::Sink;
use handfast_finding::Problem;

use crate::{accept::Accepted, record::Record, worker::Worker};
pub use crate::{
    backend::{AssertionSource, BackendSource, BackendUrl},
    config::AdminAddress,
    limits::{Detail, Limits},
    live::ReadSources,
    log::AccessLog,
    proxy::{Proxy, ProxySettings},
    shutdown::{Drained, ForceClose},
    sources::{
        BoundTokensSource, ClientCas, HostSource, ListPlace, ListenerSource, PolicySource, RouteSource,
        Sources,
    },
    tunnel::Tunnels,
};

impl Proxy {
    /// Loads the state of trust, binds the address and starts the workers. Nothing is served before
    /// everything is good.
    pub fn open(settings: ProxySettings, sink: Arc<dyn Sink>) -> Result<Self, Problem> {
        Self::open_for(settings, sink, serve)
    }
}

/// The life of one connection. Its record begins at once: whoever is cut before its turn leaves one, too.
fn serve(mut accepted: Accepted, worker: Worker) -> impl Future<Output = ()> {
    let mut record = Record::begin(&accepted, &worker.context); // one event, whatever happens below
    async move {
        let outcome = async {
            if proxy_protocol::is_announced(&accepted, &worker.announcers) {
                Box::pin(proxy_protocol::client(&mut accepted)).await?;
                record.came_from(accepted.address.to_string());
            }
            record.named(handshake::id(&accepted.stream).await);
            let secured = handshake::perform(accepted, &worker).await?;
            record.secured(&secured);
            let identified = identify::peer(secured);
            let allowed = authorize::admitted(identified);
            record.allowed(&allowed);
            forward::run(allowed, &worker).await
        };
        let outcome = outcome.await;
        record.close(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty thousand connections wait at a time: what one of them keeps is a promise, too. In bytes.
    #[test]
    fn a_waiting_connection_keeps_little() {
        fn size<A, B, F>(_: impl FnOnce(A, B) -> F) -> usize {
            size_of::<F>()
        }
        let (http1, http2, relay) = forward::sizes();
        let sizes = [size(serve), http1, http2, relay];
        assert!(
            sizes
                .iter()
                .zip([1024, 2048, 4096, 2048])
                .all(|(size, most)| *size <= most),
            "the task, HTTP/1.1, HTTP/2, a relay: {sizes:?}"
        );
    }
}
