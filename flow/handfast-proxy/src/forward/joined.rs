//! A WebSocket of one HTTP/2 stream and its connection to the backend, once both have agreed on it.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::{relay::relay, sender::Slots};
use crate::{pulse::Busy, upstream::InUse};

/// Both ends of a WebSocket, and what is in use until they have ended.
pub(super) struct Joined {
    pub(super) client: OnUpgrade,
    pub(super) backend: OnUpgrade,
    pub(super) busy: Busy,
    pub(super) in_use: (Slots, InUse),
}

/// Passes bytes until both ends have had enough. It ends with the connection of the client, whose stream ends then.
pub(super) fn join(joined: Joined) {
    tokio::spawn(async move {
        let Joined {
            client,
            backend,
            busy: _busy,
            in_use: _in_use,
        } = joined;
        if let (Ok(client), Ok(backend)) = (client.await, backend.await) {
            // How it ends is for both ends to see; the record is that of the connection.
            let _ = relay(&mut TokioIo::new(client), &mut TokioIo::new(backend)).await;
        }
    });
}
