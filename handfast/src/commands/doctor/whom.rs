//! Whom to look at, and as whom: the flags that every look at a server shares, and what they come to.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use handfast_credentials::load;
use handfast_doctor::{Ask, Context, Endpoint, Service, StartTls, Subject, Talk, Target, When};
use handfast_finding::{Certainty, Finding, Problem, Refuser, shell::shell};
use handfast_pki::{Anchors, Certificate, code};
use handfast_proxy::backend;
use handfast_tls::{
    Credentials,
    client::{Probing, Versions},
};
use http::{HeaderMap, HeaderValue, Method, Uri};
use jiff::Timestamp;

use crate::{commands::get, failure::Failure};

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
    /// The user to ask for behind --starttls postgres
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
        let credentials = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some(pair(cert, key).map_err(Unready::Unusable)?),
            _ => None,
        };
        let (anchors, trusted) = match &self.ca {
            Some(path) => anchors(path, now).map_err(Unready::Unusable)?,
            None => (load::system_anchors(now), Vec::new()),
        };
        let name = self.sni.as_deref().unwrap_or(&place.endpoint.host);
        let target = Target {
            name: backend::server_name(name).map_err(Failure::from)?,
            trust: Arc::new(anchors.into()),
            credentials,
            versions: Versions::Both,
            // A server that was named by its port alone may speak anything, so nothing is demanded of it.
            alpn: self.alpn(&place),
            starttls: self.starttls(),
            probing: Probing::default(),
            endpoint: place.endpoint.clone(),
        };
        Ok(Subject {
            talk: self.talk(&place, name),
            target,
            context: self.context(&place, trusted),
            when: When::Auto,
        })
    }

    fn starttls(&self) -> Option<StartTls> {
        let wanted = self.starttls.as_deref()?;
        let found = StartTls::ALL.into_iter().find(|(name, _)| *name == wanted);
        found.map(|(_, protocol)| protocol)
    }

    fn speak(&self) -> Option<Service> {
        let wanted = self.speak.as_deref()?;
        let found = Service::ALL.into_iter().find(|(name, _)| *name == wanted);
        found.map(|(_, service)| service)
    }

    fn alpn(&self, place: &Place) -> Vec<String> {
        let wanted = match self.speak() {
            Some(service) => service.alpn(),
            None => place.is_http.then_some("http/1.1"),
        };
        wanted.map(str::to_owned).into_iter().collect()
    }

    fn talk(&self, place: &Place, name: &str) -> Talk {
        if let Some(service) = self.speak() {
            return Talk::Service(service);
        }
        match self.starttls() {
            Some(StartTls::Postgres) => Talk::Postgres {
                user: self.user.clone().unwrap_or_else(|| "postgres".to_owned()),
            },
            Some(_) => Talk::Listen,
            None => Talk::Http(Ask {
                method: Method::GET,
                path: place.path.clone(),
                host: self.host.clone().unwrap_or_else(|| place.authority(name)),
                headers: headers(),
                body: Bytes::new(),
            }),
        }
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
            is_http: place.is_http,
            other_names: self.other_name.clone(),
            as_whom,
            ..Context::default()
        }
    }
}

/// Where to connect to, out of `HOST:PORT`, `HOST` or a URL.
struct Place {
    endpoint: Endpoint,
    path: String,
    is_http: bool,
}

impl Place {
    fn of(text: &str) -> Result<Self, Failure> {
        let is_http = text.starts_with("https://");
        let bad = |why: String| Failure::misuse(why).help("write HOST:PORT or https://HOST:PORT/PATH");
        if let Some((scheme, _)) = text.split_once("://")
            && !is_http
        {
            return Err(bad(format!(
                "\"{scheme}\" is not a scheme that speaks TLS at once"
            )));
        }
        let url = if is_http {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let endpoint = get::endpoint(&url).map_err(|error| bad(error.to_string()))?;
        let uri: Uri = url
            .parse()
            .map_err(|error| bad(format!("\"{text}\" is not HOST:PORT: {error}")))?;
        Ok(Self {
            endpoint,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            is_http,
        })
    }

    /// The value of Host for `name` on this port.
    fn authority(&self, name: &str) -> String {
        let name = if name.contains(':') {
            format!("[{name}]")
        } else {
            name.to_owned()
        };
        match self.endpoint.port {
            443 => name,
            port => format!("{name}:{port}"),
        }
    }
}

/// Our certificate and key; what is wrong with the pair is a finding and not a misuse.
fn pair(cert: &Path, key: &Path) -> Result<Credentials, Box<Finding>> {
    let of = |path: &Path, problem: &Problem| {
        let because = format!("{}: {}", path.display(), problem.message);
        Box::new(
            Finding::new(problem.code, Refuser::Client, Certainty::Certain, because)
                .help(
                    problem
                        .help
                        .clone()
                        .unwrap_or_else(|| "see what is in the file".to_owned()),
                )
                .command(format!("handfast inspect {}", shell(path.display()))),
        )
    };
    let chain = load::certificates(cert).map_err(|problem| of(cert, &problem))?;
    let private = load::private_key(key).map_err(|problem| of(key, &problem))?;
    load::paired(chain, &private, key).map_err(|problem| {
        let wrong = if problem.code == code::CHAIN_ORDER {
            cert
        } else {
            key
        };
        of(wrong, &problem)
    })
}

/// The CAs in `path`; a file that holds none is a finding of its own.
fn anchors(path: &Path, now: Timestamp) -> Result<(Anchors, Vec<Certificate>), Box<Finding>> {
    let unusable = |why: String| {
        Box::new(
            Finding::new(
                code::BAD_TRUST_FILE,
                Refuser::Client,
                Certainty::Certain,
                format!(
                    "\"{}\" cannot be used as the file of trusted CAs: {why}",
                    path.display()
                ),
            )
            .help("name a PEM file with the root of the server's CA")
            .command(format!("handfast inspect {}", shell(path.display()))),
        )
    };
    let certificates = load::certificates(path).map_err(|problem| unusable(problem.message))?;
    let anchors = Anchors::new(certificates.clone(), now).map_err(|error| unusable(error.to_string()))?;
    Ok((anchors, certificates))
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::USER_AGENT,
        HeaderValue::from_static(concat!("handfast/", env!("CARGO_PKG_VERSION"))),
    );
    headers.insert(http::header::ACCEPT, HeaderValue::from_static("*/*"));
    headers
}
