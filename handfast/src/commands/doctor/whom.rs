//! The flags that every look at a server shares.

use std::path::PathBuf;

use handfast_doctor::{Service, StartTls};

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

impl Whom {
    /// What the flags say.
    pub fn given(&self) -> handfast_doctor::Whom {
        let find = |wanted: &str| StartTls::ALL.into_iter().find(|(name, _)| *name == wanted);
        let starttls = self.starttls.as_deref().and_then(find);
        let find = |wanted: &str| Service::ALL.into_iter().find(|(name, _)| *name == wanted);
        let speak = self.speak.as_deref().and_then(find);
        handfast_doctor::Whom {
            cert: self.cert.clone(),
            key: self.key.clone(),
            ca: self.ca.clone(),
            sni: self.sni.clone(),
            host: self.host.clone(),
            starttls: starttls.map(|(_, protocol)| protocol),
            speak: speak.map(|(_, service)| service),
            user: self.user.clone(),
            other_names: self.other_name.clone(),
        }
    }
}
