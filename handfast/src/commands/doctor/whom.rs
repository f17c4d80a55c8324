//! Whom to look at, and as whom: the flags that every look at a server shares, and what they come to.

use std::{path::PathBuf, sync::Arc};

use handfast_credentials::load;
use handfast_doctor::{Context, Service, StartTls, Subject, Target, When};
use handfast_finding::{Finding, shell::shell};
use handfast_pki::Certificate;
use handfast_proxy::backend;
use handfast_tls::client::{Probing, Versions};
use jiff::Timestamp;

use super::{
    place::{self, Place},
    spoken::Spoken,
    usable,
};
use crate::failure::Failure;

/// Whom to look at beside its address, and as whom.
#[derive(Debug, clap::Args)]
pub struct Whom {
    /// Our certificate, leaf first
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The CA bundle that verifies the server; without it, the CAs of the system
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The name to send as SNI and to expect in the certificate
    #[arg(long, value_name = "NAME")]
    sni: Option<String>,
    /// The value of Host, where it is not the host of the target
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The protocol that is spoken before TLS
    #[arg(long, value_name = "PROTOCOL", value_parser = StartTls::ALL.map(|(name, _)| name))]
    starttls: Option<String>,
    /// The protocol that is spoken within TLS, where it is not HTTP
    #[arg(long, value_name = "PROTOCOL", value_parser = Service::ALL.map(|(name, _)| name))]
    speak: Option<String>,
    /// The user to ask for behind --starttls postgres or mysql
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Another name of the same server: are its sessions good here, too? May be repeated
    #[arg(long, value_name = "NAME")]
    other_name: Vec<String>,
}

/// Why there is nobody to look at yet.
pub enum Unready {
    /// The words of the command make no sense.
    Misused(Failure),
    /// One of the files cannot do what it is for, which is a finding by itself.
    Unusable(Box<Finding>),
}

impl From<Failure> for Unready {
    fn from(failure: Failure) -> Self {
        Self::Misused(failure)
    }
}

impl Whom {
    /// The server that the user calls `named`, to be looked at as its usual client.
    pub fn subject(&self, named: &str, now: Timestamp) -> Result<Subject, Unready> {
        let place = Place::of(named)?;
        let spoken = Spoken {
            starttls: self.starttls.as_deref(),
            speak: self.speak.as_deref(),
            user: self.user.as_deref(),
            host: self.host.as_deref(),
        };
        let credentials = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some(usable::pair(cert, key).map_err(Unready::Unusable)?),
            _ => None,
        };
        let (anchors, trusted) = match &self.ca {
            Some(path) => usable::anchors(path, now).map_err(Unready::Unusable)?,
            None => (load::system_anchors(now), Vec::new()),
        };
        let name = match &self.sni {
            Some(name) => place::ascii(name)?,
            None => place.endpoint.host.clone(),
        };
        let name = name.as_str();
        let target = Target {
            name: backend::server_name(name).map_err(Failure::from)?,
            trust: Arc::new(anchors.into()),
            credentials,
            versions: Versions::Both,
            // A server that was named by its port alone may speak anything, so nothing is demanded of it.
            alpn: spoken.alpn(&place),
            starttls: spoken.starttls(),
            probing: Probing::default(),
            endpoint: place.endpoint.clone(),
        };
        Ok(Subject {
            talk: spoken.talk(&place, name),
            target,
            context: self.context(&place, trusted),
            when: When::Auto,
            limit: None,
        })
    }

    fn context(&self, place: &Place, trusted: Vec<Certificate>) -> Context {
        let mut known = trusted;
        known.extend(self.cert.as_deref().map(load::neighbours).unwrap_or_default());
        let as_whom = [("--cert", &self.cert), ("--key", &self.key), ("--ca", &self.ca)]
            .into_iter()
            .filter_map(|(flag, path)| Some(format!(" {flag} {}", shell(path.as_ref()?.display()))))
            .collect();
        Context {
            known,
            is_spoken: place.is_http || self.speak.is_some() || self.starttls.is_some(),
            written_host: place.written.clone(),
            other_names: self.other_name.clone(),
            as_whom,
            ..Context::default()
        }
    }
}
