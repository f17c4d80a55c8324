//! Where the traffic secrets of a connection of our own go, so that a trace of it can be read.

use std::fmt;

use rustls::KeyLog;

/// Takes every secret of a connection as it is derived: its label (RFC 9850), the client random, the secret.
pub struct SecretLog(Box<Take>);

type Take = dyn Fn(&str, &[u8], &[u8]) + Send + Sync;

impl SecretLog {
    /// A log that hands every secret to `take`.
    pub fn new(take: impl Fn(&str, &[u8], &[u8]) + Send + Sync + 'static) -> Self {
        Self(Box::new(take))
    }
}

impl KeyLog for SecretLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        (self.0)(label, client_random, secret);
    }
}

impl fmt::Debug for SecretLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretLog(hidden)")
    }
}
