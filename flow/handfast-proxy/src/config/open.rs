//! From a resolved configuration to an open proxy.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::Sink;
use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Purpose, code};
use handfast_tls::{Client, client};
use jiff::Timestamp;

use super::{Config, read};
use crate::{
    backend::{self, Backend, BackendUrl},
    live::ReadSources,
    proxy::{Proxy, ProxySettings},
    sources::Sources,
};

impl Config {
    /// Opens the proxy. With `file` what is reloaded is read anew from there, and the file is watched.
    pub fn open(&self, file: Option<PathBuf>, sink: Arc<dyn Sink>) -> Result<Proxy, Problem> {
        Proxy::open(self.settings(file)?, sink)
    }

    fn settings(&self, file: Option<PathBuf>) -> Result<ProxySettings, Problem> {
        let sources: ReadSources = match file.clone() {
            Some(file) => {
                let opened = self.clone();
                Arc::new(move || match read(&file) {
                    Ok(now) => Ok(Sources {
                        waiting: opened.fixed_differences(&now),
                        ..now.sources
                    }),
                    Err(problems) => Err(first(&file, &problems)),
                })
            }
            None => {
                let fixed = self.sources.clone();
                Arc::new(move || Ok(fixed.clone()))
            }
        };
        Ok(ProxySettings {
            listen: self.listen,
            backend: self.backend()?,
            sources,
            config: file,
            xfcc: self.xfcc,
            reserved: self.reserved.clone(),
            workers: self.workers,
            limits: self.limits.clone(),
            detail: self.detail,
        })
    }

    /// The backend, its TLS set up.
    pub fn backend(&self) -> Result<Backend, Problem> {
        Ok(match self.target.clone() {
            BackendUrl::Http { host, port } => Backend::Http { host, port },
            BackendUrl::Tcp { host, port } => Backend::Tcp { host, port },
            BackendUrl::Unix(path) => Backend::Unix(path),
            BackendUrl::Https { host, port } => backend::https(host, port, self.backend_client()?)?,
        })
    }

    fn backend_client(&self) -> Result<Client, Problem> {
        let now = Timestamp::now();
        let tls = &self.backend_tls;
        let missing = || Problem::new(code::BAD_TRUST_FILE, "an https backend needs --to-ca");
        let anchors = load::anchors(tls.ca.as_deref().ok_or_else(missing)?, now)?;
        let credentials = match (&tls.cert, &tls.key) {
            (Some(cert), Some(key)) => Some(load::credentials(cert, key, Purpose::Client, now)?),
            _ => None,
        };
        let settings = client::Settings {
            trust: Arc::new(anchors.into()),
            credentials,
            admission: None,
            alpn: vec!["http/1.1".to_owned()],
            versions: client::Versions::Both,
            secrets: None,
            probing: Default::default(),
        };
        Client::new(settings).map_err(|error| Problem::new(error.code(), error))
    }
}

/// The first of several problems, for a reload that can report one line.
fn first(file: &Path, problems: &[Problem]) -> Problem {
    match problems.first() {
        Some(problem) => Problem {
            message: problem.located(),
            ..problem.clone()
        },
        None => Problem::new(code::CONFIG_INVALID, file.display()),
    }
}
