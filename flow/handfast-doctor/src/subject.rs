//! What is looked at: a server, who we are to it, and what the user knows beside what is seen on the wire.

use std::{path::Path, sync::Arc, time::Duration};

use handfast_credentials::load;
use handfast_finding::{Finding, Problem};
use handfast_pki::{Certificate, Trust, crl::RevocationList};
use handfast_tls::Credentials;
use jiff::Timestamp;

use crate::{Target, exchange::Talk};

/// A server, who we are to it, and what else is known.
#[derive(Clone)]
pub struct Subject {
    pub target: Target,
    pub talk: Talk,
    pub context: Context,
    pub when: When,
    /// How long the whole look may take; without one each part has its own limit.
    pub limit: Option<Duration>,
}

/// Whether further connections are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// Where one look is not enough.
    #[default]
    Auto,
    Always,
    Never,
}

/// What the user knows beside what is seen on the wire.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// What the user named: the file of trusted CAs, or the files that are looked at.
    pub known: Vec<Certificate>,
    /// That all CAs in the file of trusted ones have expired by our clock, so that none of them is trusted.
    pub outdated: Option<Finding>,
    /// What merely lies in the folder of the client's certificate. It can be what is missing; nobody trusts it for that.
    pub neighbours: Vec<Certificate>,
    /// The user said which protocol is spoken within TLS, so that its silence is a failure.
    pub is_spoken: bool,
    /// The host as it was written, where it is asked for in another form.
    pub written_host: Option<String>,
    /// The subject with which a rule on the server compares.
    pub expected_subject: Option<String>,
    /// The answer repeats the headers of the request that the application saw.
    pub is_echo: bool,
    /// Whether forged identity headers may be sent.
    pub may_forge: bool,
    /// Somebody of the right CA whom the server must not let in.
    pub must_refuse: Option<Credentials>,
    /// Other names of the same server, for sessions that are begun there.
    pub other_names: Vec<String>,
    /// The identity that the server must have.
    pub expected: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo that the server must have.
    pub pin: Option<[u8; 32]>,
    /// The leaf that the other side should be using.
    pub served: Option<Certificate>,
    /// The revocation lists that the server may be using.
    pub revocation: Vec<RevocationList>,
    /// The CAs whose clients a server believes, where we are to judge in its place.
    pub client_trust: Option<Arc<Trust>>,
    /// DER names of the issuers that were named to this client before, when it sent nothing for them.
    pub named_before: Vec<Vec<u8>>,
    /// The web origin of a browser's preflight.
    pub origin: Option<String>,
    /// The options that name our own files, as they were given; for commands that can be run as they stand.
    pub as_whom: String,
}

impl Context {
    /// All certificates that can be what is missing: those that are known, and those that lie beside them.
    pub(crate) fn around(&self) -> impl Iterator<Item = &Certificate> {
        self.known.iter().chain(&self.neighbours)
    }

    /// For who judges clients by the CAs in the file `client_ca`, where there is one.
    pub fn of_server(client_ca: Option<&Path>, now: Timestamp) -> Result<Self, Problem> {
        let Some(path) = client_ca else {
            return Ok(Self::default());
        };
        let anchors = load::anchors(path, now)?;
        Ok(Self {
            known: anchors.certificates().to_vec(),
            client_trust: Some(Arc::new(anchors.into())),
            ..Self::default()
        })
    }
}
