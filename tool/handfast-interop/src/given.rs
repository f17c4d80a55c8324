//! What the user gives for a configuration: files that are judged before anything is written, and addresses.

use std::path::{Path, PathBuf};

use handfast_credentials::load;
use handfast_finding::{Finding, Problem};
use handfast_pki::{Certificate, certificate::chain_to_pem, code};
use handfast_setup::{Part, Private, Role, Values, endpoint};
use handfast_values::Endpoint;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{error::of_setup, own, target::installed};

/// What a configuration is for.
#[derive(Debug, Clone)]
pub struct Given {
    /// Our certificate, leaf first, and its key.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// The CAs that verify peers.
    pub ca: PathBuf,
    /// Their revocation lists.
    pub crl: Option<PathBuf>,
    /// Where the server listens; without it, where the software usually does.
    pub listen: Option<String>,
    /// Where the server hands requests on to.
    pub upstream: Option<String>,
    /// The name of the server; without it, the first in its certificate.
    pub host: Option<String>,
    /// The port of the server that a client talks to.
    pub port: Option<u16>,
    /// The most intermediates between a certificate and a root.
    pub depth: u8,
}

impl Given {
    /// The values for `part`, whose files stand in `out`, and what is worth knowing of the files.
    pub fn values(
        &self,
        role: Role,
        part: &Part,
        out: &Path,
        now: Timestamp,
    ) -> Result<(Values, Vec<Finding>), Problem> {
        let (chain, notes) = own::pair(&self.cert, &self.key, role, now)?;
        let files = [
            Some(&self.cert),
            Some(&self.key),
            Some(&self.ca),
            self.crl.as_ref(),
        ];
        for file in files.into_iter().flatten() {
            load::must_be_plain(file)?;
        }
        load::anchors(&self.ca, now)?;
        if let Some(crl) = &self.crl {
            own::list(crl, now)?;
        }
        let key = load::private_key(&self.key)?;
        let pair = Zeroizing::new(format!("{}{}", chain_to_pem(&chain), key.to_pem().as_str()));
        let address = |text: &str| endpoint(text).map_err(|error| of_setup(&error));
        let usual_listen = part.listen.as_deref().unwrap_or("127.0.0.1:443");
        let listen = address(self.listen.as_deref().unwrap_or(usual_listen))?;
        let usual_upstream = part.upstream.as_deref().unwrap_or("127.0.0.1:8080");
        let host = self.host(role, &chain)?;
        let values = Values {
            cert: absolute(&self.cert)?,
            key: absolute(&self.key)?,
            ca: absolute(&self.ca)?,
            crl: self.crl.as_deref().map(absolute).transpose()?,
            upstream: address(self.upstream.as_deref().unwrap_or(usual_upstream))?,
            to: Endpoint {
                host: host.clone(),
                port: self.port.unwrap_or(listen.port),
            },
            listen,
            host,
            depth: self.depth,
            out: text(out)?,
            spare: [0, 0],
            pair: Private::new(pair),
            version: installed(part),
        };
        Ok((values, notes))
    }

    fn host(&self, role: Role, chain: &[Certificate]) -> Result<String, Problem> {
        if let Some(host) = &self.host {
            handfast_pki::verify::host(host).map_err(|error| Problem::about("--host", &error))?;
            return Ok(host.clone());
        }
        if role == Role::Client {
            return Ok("localhost".into());
        }
        let identity = chain.first().map(Certificate::identity);
        let found = identity.and_then(|identity| {
            let name = identity.dns.iter().find(|name| !name.starts_with('*')).cloned();
            name.or_else(|| identity.ips.first().map(ToString::to_string))
        });
        found.ok_or_else(|| {
            Problem::new(
                code::USAGE,
                format!(
                    "\"{}\" names no single host, and it is not said which it is",
                    self.cert.display()
                ),
            )
            .help("give it: --host NAME")
        })
    }
}

fn absolute(path: &Path) -> Result<String, Problem> {
    let absolute = std::path::absolute(path).map_err(Problem::bug)?;
    text(&absolute)
}

fn text(path: &Path) -> Result<String, Problem> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Problem::new(
            code::CONFIG_INVALID,
            format!(
                "\"{}\" is not UTF-8, and no configuration can name it",
                path.display()
            ),
        )
    })
}
