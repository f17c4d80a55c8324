//! Whom to look at, and as whom: what the user gives, and what it comes to.

use std::{path::PathBuf, sync::Arc};

use handfast_credentials::load;
use handfast_finding::{Finding, Problem, shell::shell};
use handfast_pki::Certificate;
use handfast_tls::client::{Probing, Versions};
use jiff::Timestamp;

use crate::{
    Context, Service, StartTls, Subject, Target, When,
    connect::server_name,
    place::{self, Place},
    spoken::Spoken,
    usable,
};

/// Whom to look at beside its address, and as whom.
#[derive(Debug, Clone, Default)]
pub struct Whom {
    /// Our certificate.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// The CAs that verify the server; without them, those of the system.
    pub ca: Option<PathBuf>,
    /// The name to send and to expect, where it is not the host.
    pub sni: Option<String>,
    /// The value of Host, where it is not the host.
    pub host: Option<String>,
    /// What is spoken before TLS.
    pub starttls: Option<StartTls>,
    /// What is spoken within TLS.
    pub speak: Option<Service>,
    /// The user to ask a database for.
    pub user: Option<String>,
    /// Other names of the same server.
    pub other_names: Vec<String>,
}

/// Why there is nobody to look at yet.
pub enum Unready {
    /// The words of the command make no sense.
    Misused(Problem),
    /// One of the files cannot do what it is for, which is a finding by itself.
    Unusable(Box<Finding>),
}

impl From<Problem> for Unready {
    fn from(problem: Problem) -> Self {
        Self::Misused(problem)
    }
}

impl Whom {
    /// The server that the user calls `named`, to be looked at as its usual client.
    pub fn subject(&self, named: &str, now: Timestamp) -> Result<Subject, Unready> {
        let place = Place::of(named)?;
        let spoken = Spoken {
            starttls: self.starttls,
            speak: self.speak,
            user: self.user.as_deref(),
            host: self.host.as_deref(),
        };
        let credentials = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some(usable::pair(cert, key).map_err(Unready::Unusable)?),
            _ => None,
        };
        let trusted = match &self.ca {
            Some(path) => usable::anchors(path, now).map_err(Unready::Unusable)?,
            None => {
                let anchors = load::system_anchors(now);
                usable::Trusted {
                    // One that signed the server's chain and has expired by our clock is no unknown one.
                    certificates: anchors.left_out().to_vec(),
                    anchors,
                    outdated: None,
                }
            }
        };
        let name = match &self.sni {
            Some(name) => place::ascii(name)?,
            None => place.endpoint.host.clone(),
        };
        let name = name.as_str();
        let target = Target {
            name: server_name(name)?,
            trust: Arc::new(trusted.anchors.into()),
            credentials,
            versions: Versions::Both,
            // A server that was named by its port alone may speak anything, so nothing is demanded of it.
            alpn: spoken.alpn(&place),
            starttls: spoken.starttls,
            probing: Probing::default(),
            endpoint: place.endpoint.clone(),
        };
        Ok(Subject {
            talk: spoken.talk(&place, name),
            target,
            context: Context {
                outdated: trusted.outdated.map(|finding| *finding),
                ..self.context(&place, trusted.certificates)
            },
            when: When::Auto,
            limit: None,
        })
    }

    fn context(&self, place: &Place, trusted: Vec<Certificate>) -> Context {
        let as_whom = [("--cert", &self.cert), ("--key", &self.key), ("--ca", &self.ca)]
            .into_iter()
            .filter_map(|(flag, path)| Some(format!(" {flag} {}", shell(path.as_ref()?.display()))))
            .collect();
        Context {
            known: trusted,
            neighbours: self.cert.as_deref().map(load::neighbours).unwrap_or_default(),
            is_spoken: place.is_http || self.speak.is_some() || self.starttls.is_some(),
            written_host: place.written.clone(),
            other_names: self.other_names.clone(),
            as_whom,
            ..Context::default()
        }
    }
}
