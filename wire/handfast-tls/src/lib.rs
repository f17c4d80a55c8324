//! TLS 1.3 and 1.2 as this project speaks it. The only crate that names rustls.
//!
//! In: anchors, credentials, a byte stream. Out: an encrypted stream and the [`Peer`] that was proven, or
//! a [`HandshakeError`] that says who refused whom and why. Certificates are judged by `handfast-pki`.
//! Nothing here opens a socket.
//!
//! rustls copies the old client chain into a resumed session and asks no verifier again, so that a session would outlive
//! the authority that admitted it. Resumption is off, but for a server that keeps [`Sessions`]: these are handed out only
//! after their client was judged again.

#![warn(missing_docs)]

mod admit;
mod asked;
pub mod client;
pub mod credentials;
pub mod error;
pub mod listening;
pub mod peer;
mod probing;
mod provider;
mod secret_log;
pub mod server;
mod sessions;
mod verify;
mod witness;

pub use admit::{Admit, ByCondition, Condition};
pub use client::{Client, ClientStream};
pub use credentials::{CredentialError, Credentials};
pub use error::HandshakeError;
pub use listening::Listener;
pub use peer::{Established, Peer};
pub use secret_log::SecretLog;
pub use server::{Server, ServerStream};
pub use sessions::Sessions;
