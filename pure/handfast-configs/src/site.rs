//! What all configurations come to, whoever's they are: sites, what each asks of its clients, and the ways on from it.
//!
//! The readers make these, the rules judge them; neither knows the other.

use std::path::PathBuf;

use handfast_finding::{Certainty, Place};

use super::Kind;

/// A configuration as meant.
#[derive(Debug)]
pub(super) struct Meant {
    pub(super) kind: Kind,
    /// As the user named it.
    pub(super) file: String,
    pub(super) sites: Vec<Site>,
    /// Where the running program can be told to do something else, open to other machines.
    pub(super) admins: Vec<Said<()>>,
}

/// What a reader makes of a configuration.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) sites: Vec<Site>,
    pub(super) admins: Vec<Said<()>>,
}

impl From<Vec<Site>> for Found {
    fn from(sites: Vec<Site>) -> Self {
        Self {
            sites,
            admins: Vec::new(),
        }
    }
}

/// Something that one line says.
#[derive(Debug, Clone)]
pub(super) struct Said<T> {
    pub(super) value: T,
    /// The words themselves, without what ends a line.
    pub(super) written: String,
    pub(super) place: Place,
}

impl<T> Said<T> {
    pub(super) fn new(value: T, written: impl Into<String>, place: &Place) -> Self {
        Self {
            value,
            written: written.into(),
            place: place.clone(),
        }
    }
}

/// One virtual host on its addresses.
#[derive(Debug)]
pub(super) struct Site {
    /// For sentences: `server "api.example"`.
    pub(super) called: String,
    pub(super) place: Place,
    /// Where it listens, as written; sites that share one are told apart by the name the client sends.
    pub(super) addresses: Vec<String>,
    /// The names it answers to.
    pub(super) names: Vec<String>,
    /// Takes whoever names none of the others.
    pub(super) is_default: bool,
    /// Whether TLS ends here; without, there is only [`Site::ways`].
    pub(super) is_tls: bool,
    pub(super) is_http: bool,
    /// Refuses every handshake.
    pub(super) rejects: bool,
    pub(super) asks: Said<Asks>,
    /// What to write in the place of what asks, where it is not the usual line.
    pub(super) mend: Option<String>,
    pub(super) later: Later,
    /// Where a certificate is asked for once the request is known.
    pub(super) late: Vec<Said<Asks>>,
    pub(super) trust: Trust,
    /// Certificates and keys of the server itself.
    pub(super) pairs: Vec<Pair>,
    /// Versions older than TLS 1.2 that are let in.
    pub(super) old_versions: Vec<Said<String>>,
    pub(super) weak_ciphers: Vec<Said<String>>,
    /// Whether sessions can be resumed.
    pub(super) resumes: bool,
    /// Whether a request may name another host than its handshake.
    pub(super) crossing: Said<Crossing>,
    pub(super) ways: Vec<Way>,
    /// What is reached here, and by whom.
    pub(super) reaches: Vec<Reach>,
    /// Whether only some addresses are let in at all.
    pub(super) is_fenced: bool,
    /// Whether anything here depends on who the client is, or tells somebody who it is.
    pub(super) looks: bool,
    pub(super) comparisons: Vec<Comparison>,
}

impl Site {
    /// What it is called and where it listens; one without a name is called by where it listens.
    pub(super) fn called_on(&self, addresses: &[String]) -> String {
        let is_said = |address: &String| self.called.ends_with(&format!(" on {address}"));
        if addresses.is_empty() || addresses.iter().any(is_said) {
            return self.called.clone();
        }
        format!("{} on {}", self.called, addresses.join(", "))
    }

    /// A site that does nothing yet.
    pub(super) fn new(called: impl Into<String>, place: &Place) -> Self {
        Self {
            called: called.into(),
            place: place.clone(),
            addresses: Vec::new(),
            names: Vec::new(),
            is_default: false,
            is_tls: true,
            is_http: true,
            rejects: false,
            asks: Said::new(Asks::Never, "", place),
            mend: None,
            later: Later::Accept,
            late: Vec::new(),
            trust: Trust::default(),
            pairs: Vec::new(),
            old_versions: Vec::new(),
            weak_ciphers: Vec::new(),
            resumes: true,
            crossing: Said::new(Crossing::Unsaid, "", place),
            ways: Vec::new(),
            reaches: Vec::new(),
            is_fenced: false,
            looks: false,
            comparisons: Vec::new(),
        }
    }

    /// Whether the handshake asks for a certificate.
    pub(super) fn does_ask(&self) -> bool {
        self.is_tls && self.asks.value != Asks::Never
    }
}

/// Whether the handshake asks for a client's certificate, and what it does with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asks {
    Never,
    /// Whatever is sent is let in, and nothing too.
    Unverified,
    /// What is sent is verified, who sends nothing is let in.
    Optional,
    /// Who sends nothing, or what cannot be verified, stays out.
    Required,
}

/// What becomes, behind the handshake, of a client without a verified certificate; the stricter the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Later {
    Accept,
    /// The backend learns of it, and may refuse.
    Told,
    /// A script or another program decides.
    Unknown,
    Refused,
}

/// Whether a request may be for another host than its handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crossing {
    /// Nothing is said, so the program and its version decide.
    Unsaid,
    Refused,
    Allowed,
}

/// Whose clients are believed.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    pub(super) cas: Vec<Material>,
    /// CAs that complete a chain and are not named to the client.
    pub(super) others: Vec<Material>,
    /// Some come from where we cannot look, such as a server of secrets.
    pub(super) is_elsewhere: bool,
    /// The line that makes the system's own CAs the clients' CAs.
    pub(super) system: Option<Said<()>>,
    /// A second line of the same name, which is refused or replaces the first.
    pub(super) twice: Option<Said<String>>,
    pub(super) depth: Option<Said<usize>>,
    pub(super) crls: Vec<Material>,
    pub(super) revocation: Revocation,
    /// Whether a responder (OCSP) is asked.
    pub(super) asks_responder: bool,
}

impl Trust {
    /// Whether nobody is named at all.
    pub(super) fn is_empty(&self) -> bool {
        self.cas.is_empty() && self.others.is_empty() && self.system.is_none() && !self.is_elsewhere
    }

    /// Whether clients of the same CAs are believed.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let named = |trust: &Self| {
            let mut sources: Vec<_> = trust
                .cas
                .iter()
                .chain(&trust.others)
                .map(|material| material.source.clone())
                .collect();
            sources.sort();
            sources.dedup();
            sources
        };
        self.is_elsewhere == other.is_elsewhere && named(self) == named(other)
    }
}

/// Which certificates of a chain are looked up in the revocation lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Revocation {
    #[default]
    All,
    OnlyLeaf,
    /// The lists are there and nobody looks.
    Off,
}

/// Certificates, keys or lists, where they are named.
#[derive(Debug, Clone)]
pub(super) struct Material {
    /// As written.
    pub(super) name: String,
    pub(super) source: Source,
    pub(super) place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A file, or a folder of files.
    Path(PathBuf),
    /// In the configuration itself.
    Inline(Vec<u8>),
}

/// The server's certificate, and its key where that is another file.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) certificate: Material,
    pub(super) key: Option<Material>,
}

/// One way on to a backend.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// For sentences: `location "/api"`.
    pub(super) called: String,
    /// The line that sends requests there.
    pub(super) place: Place,
    /// The backend, as written.
    pub(super) backend: String,
    /// What is done to headers, in order.
    pub(super) steps: Vec<Step>,
    /// Headers that an outer block sets, and that this one loses by setting its own.
    pub(super) lost: Vec<Step>,
    /// Whether a header with an underscore in its name is handed on.
    pub(super) keeps_underscores: bool,
    /// Whether the client's own headers are handed on at all.
    pub(super) hands_on: bool,
    /// Whether the backend learns anything of the client's certificate.
    pub(super) tells: bool,
}

/// One place at which requests are handed to a backend, or answered from files.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    /// For sentences: `location "/admin"`.
    pub(super) called: String,
    /// The line that lets clients this far.
    pub(super) place: Place,
    /// What is reached, as written.
    pub(super) backend: String,
    /// The same in one spelling: addresses, or a folder.
    pub(super) at: Vec<String>,
    /// The path under which it is reached, where that is known.
    pub(super) path: Option<String>,
    /// What becomes here of a client without a verified certificate, or without TLS.
    pub(super) stranger: Later,
    /// Whether a line says just this exception.
    pub(super) is_meant: bool,
    /// Whether who is kept out is not refused, and goes on to what comes next.
    pub(super) passes_on: bool,
    /// Whether files are answered with, and nothing behind is reached.
    pub(super) is_files: bool,
    /// What leads here once a client was refused.
    pub(super) after: Option<Said<()>>,
}

impl Reach {
    /// One that is open.
    pub(super) fn new(called: impl Into<String>, place: &Place, backend: &str) -> Self {
        Self {
            called: called.into(),
            place: place.clone(),
            backend: backend.to_owned(),
            at: super::address::of_backend(backend).into_iter().collect(),
            path: None,
            stranger: Later::Accept,
            is_meant: false,
            passes_on: false,
            is_files: false,
            after: None,
        }
    }

    /// Whether the same is reached by `other`.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.at.iter().any(|at| other.at.contains(at))
    }

    /// Whether everything under the path of `other` is under this one's. What is not known may be.
    pub(super) fn holds(&self, other: &Self) -> bool {
        match (&self.path, &other.path) {
            (Some(ours), Some(theirs)) => is_below(theirs, ours),
            (None, _) => true,
            (Some(ours), None) => ours == "/",
        }
    }
}

/// Whether `path` is `outer`, or something in it.
pub(super) fn is_below(path: &str, outer: &str) -> bool {
    let outer = outer.trim_end_matches('/');
    path.trim_end_matches('/')
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One thing done to a header of a request.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// In lower case. Of a removal: may end with `*`.
    pub(super) header: String,
    pub(super) act: Act,
    /// Only under a condition that some request does not fulfil.
    pub(super) sometimes: bool,
    /// Whether the value comes from the client's certificate.
    pub(super) is_identity: bool,
    /// How sure it is that clients can abuse it, if they can.
    pub(super) sure: Certainty,
    /// The line as written.
    pub(super) said: Said<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Remove,
    Set,
    /// Beside what the client sent.
    Add,
    /// What the client sent, under the same or another name.
    Copy,
}

/// A subject or issuer compared with a text.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    /// The form in which the program gives the name.
    pub(super) form: Form,
    /// What it is compared with, and the line.
    pub(super) with: Said<String>,
    /// A part of it, or a pattern.
    pub(super) is_part: bool,
    /// The same value in the other form, as the program writes it.
    pub(super) instead: String,
}

/// How a distinguished name is written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `CN=web,O=Acme` (RFC 2253, RFC 4514).
    Rfc2253,
    /// `/O=Acme/CN=web`, of OpenSSL.
    OneLine,
}

impl Form {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rfc2253 => "RFC 2253 (CN=web,O=Acme)",
            Self::OneLine => "OpenSSL's one line (/O=Acme/CN=web)",
        }
    }
}

/// Whether a header of this name carries a client's identity. What only says how the connection is encrypted does not,
/// although no client should set it either.
pub(super) fn is_identity_header(name: &str) -> bool {
    const OF_THE_CONNECTION: [&str; 4] = ["x-ssl-cipher", "x-ssl-protocol", "ssl-cipher", "ssl-protocol"];
    const INSIDE: [&str; 5] = [
        "client-cert",
        "clientcert",
        "ssl-client",
        "tls-client",
        "client-dn",
    ];
    let folded = handfast_headers::fold(name);
    // Values are looked at with this, too: a variable's name has the header's inside.
    !OF_THE_CONNECTION.contains(&folded.as_str())
        && (is_about_the_client(&folded) || INSIDE.iter().any(|part| folded.contains(part)))
}

fn is_about_the_client(folded: &str) -> bool {
    // X-Forwarded-For and its like are set by every proxy; what is in them is an address.
    const ADDRESSES: [&str; 7] = [
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-server",
        "x-forwarded-prefix",
        "x-forwarded-ssl",
    ];
    handfast_headers::is_identity(folded) && !ADDRESSES.contains(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_site_listens_is_said_once() {
        let place = Place {
            file: "nginx.conf".into(),
            line: 1,
            text: None,
        };
        let at = ["*:80".to_owned()];
        for (called, on) in [
            ("the server on *:80", "the server on *:80"),
            ("server \"api.example\"", "server \"api.example\" on *:80"),
        ] {
            assert_eq!(Site::new(called, &place).called_on(&at), on);
        }
        assert_eq!(Site::new("a site", &place).called_on(&[]), "a site");
    }

    #[test]
    fn headers_that_carry_an_identity_are_known_in_every_spelling() {
        for name in [
            "X-SSL-Client-S-DN",
            "x_ssl_client_verify",
            "Client-Cert",
            "X-Forwarded-Client-Cert",
            "SSL_CLIENT_S_DN_CN",
            "X-Client-Cert",
            "x-ssl-cert",
        ] {
            assert!(is_identity_header(name), "{name}");
        }
        for name in ["Host", "X-Forwarded-For", "X-Client-IP", "X-SSL-Cipher"] {
            assert!(!is_identity_header(name), "{name}");
        }
    }
}
