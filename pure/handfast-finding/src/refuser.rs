//! The ends of a connection.

/// One end of a connection, or what lies between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuser {
    /// The side that was connected to.
    Server,
    /// The side that connected.
    Client,
    /// Neither of them: what lies between.
    Network,
}

impl Refuser {
    /// `server`, `client` or `network`, as answers in JSON spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Network => "network",
        }
    }
}
