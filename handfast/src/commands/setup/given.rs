//! What the user gives: files that are judged before anything is written, and addresses.

use std::path::{Path, PathBuf};

use handfast_credentials::{files::Found, load};
use handfast_doctor::files::{File, Holdings, Look, judge, read};
use handfast_finding::{Certainty, Finding, shell::shell};
use handfast_interop::{of_setup, target::installed};
use handfast_pki::{Certificate, Code, Identity, Purpose, certificate::chain_to_pem, code};
use handfast_setup::{Part, Private, Role, Values, endpoint};
use handfast_values::Endpoint;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    commands::doctor::client_files,
    failure::{Exit, Failure},
};

/// The flags that say what a configuration is for.
#[derive(Debug, clap::Args)]
pub struct Given {
    /// Our certificate, leaf first, with its intermediates
    #[arg(long, value_name = "FILE", default_value = "tls.crt")]
    cert: PathBuf,
    /// The key of --cert
    #[arg(long, value_name = "FILE", default_value = "tls.key")]
    key: PathBuf,
    /// The CA bundle that verifies peers
    #[arg(long, value_name = "FILE", default_value = "ca.crt")]
    ca: PathBuf,
    /// The revocation lists of these CAs, in PEM
    #[arg(long, value_name = "FILE")]
    crl: Option<PathBuf>,
    /// Where the server listens [default: what the software usually has]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where the server hands requests on to, in the clear [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    upstream: Option<String>,
    /// The name of the server [default: the first in its certificate; for a client localhost]
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The port of the server that a client talks to
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The most intermediates between a certificate and a trusted root
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    depth: u8,
}

/// Findings that keep nothing from working.
const HARMLESS: [Code; 1] = [code::LONG_LIVED];

impl Given {
    /// The values for `part`, whose files stand in `out`, and what is worth knowing of the files.
    pub fn values(&self, role: Role, part: &Part, out: &Path) -> Result<(Values, Vec<Finding>), Failure> {
        let now = Timestamp::from_second(Timestamp::now().as_second()).map_err(Failure::bug)?;
        let (chain, notes) = self.own(role, now)?;
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
            check_list(crl, now)?;
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

    /// Our own chain; refused with the doctor's finding where it cannot work.
    fn own(&self, role: Role, now: Timestamp) -> Result<(Vec<Certificate>, Vec<Finding>), Failure> {
        let look = Look {
            purpose: match role {
                Role::Server => Purpose::Server,
                Role::Client => Purpose::Client,
            },
            now,
            passwords: Vec::new(),
            reader: None,
        };
        let holdings = read(&[file(&self.cert), file(&self.key)], &look);
        let (harmless, wrong): (Vec<_>, Vec<_>) = judge(&holdings, &look)
            .into_iter()
            .partition(|finding| HARMLESS.contains(&finding.code) || finding.certainty == Certainty::Guess);
        if let Some(first) = wrong.first() {
            return Err(refused(first, &wrong));
        }
        let chain = own_chain(&holdings, &self.cert)?;
        let leaf = chain.first();
        if leaf.is_some_and(|leaf| leaf.version() < 3) {
            let finding = Finding::new(
                code::VERSION_1,
                handfast_finding::Refuser::Client,
                Certainty::Certain,
                format!("{} is of version 1 and has no extensions", self.cert.display()),
            )
            .help("have it issued again with extensions: handfast issue");
            return Err(refused(&finding, &[]));
        }
        if role == Role::Server && leaf.is_some_and(|leaf| !names_a_host(&leaf.identity())) {
            let finding = Finding::new(
                code::NO_NAMES,
                handfast_finding::Refuser::Client,
                Certainty::Certain,
                format!(
                    "{} names no host, and clients look there alone",
                    self.cert.display()
                ),
            )
            .help("have it issued again with the names of the server: handfast issue server --dns NAME");
            return Err(refused(&finding, &[]));
        }
        Ok((chain, harmless))
    }

    fn host(&self, role: Role, chain: &[Certificate]) -> Result<String, Failure> {
        if let Some(host) = &self.host {
            handfast_pki::verify::host(host).map_err(|error| Failure::about("--host", &error))?;
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
            Failure::misuse(format!(
                "\"{}\" names no single host, and it is not said which it is",
                self.cert.display()
            ))
            .help("give it: --host NAME")
        })
    }
}

fn names_a_host(identity: &Identity) -> bool {
    !identity.dns.is_empty() || !identity.ips.is_empty()
}

fn own_chain(holdings: &Holdings, cert: &Path) -> Result<Vec<Certificate>, Failure> {
    holdings.own().map(|own| own.chain).ok_or_else(|| {
        Failure::new(
            Exit::Misuse,
            code::WRONG_FORMAT,
            format!("\"{}\" holds no certificate", cert.display()),
        )
        .help("see what is in it")
        .command(format!("handfast inspect {}", shell(cert.display())))
    })
}

fn file(path: &Path) -> File {
    client_files::file(Found::at(path))
}

/// Nothing is written, for this.
fn refused(first: &Finding, all: &[Finding]) -> Failure {
    let mut failure = Failure::of_finding(Exit::No, first);
    for more in all.iter().skip(1) {
        failure = failure.detail(format!("{}: {}", more.code, more.because));
    }
    failure.detail("nothing was written")
}

/// A revocation list that has ended would keep everybody out.
fn check_list(path: &Path, now: Timestamp) -> Result<(), Failure> {
    let lists = load::revocation_lists(path)?;
    match lists
        .iter()
        .find(|list| list.next_update.is_some_and(|next| next < now))
    {
        Some(list) => Err(Failure::new(
            Exit::No,
            code::CRL_UNUSABLE,
            format!(
                "\"{}\": the CRL of \"{}\" has expired, and would reject every client",
                path.display(),
                list.issuer
            ),
        )
        .detail("nothing was written")
        .help("fetch the present list of the CA")),
        None => Ok(()),
    }
}

fn absolute(path: &Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(path).map_err(Failure::bug)?;
    text(&absolute)
}

fn text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(
            Exit::Misuse,
            code::CONFIG_INVALID,
            format!(
                "\"{}\" is not UTF-8, and no configuration can name it",
                path.display()
            ),
        )
    })
}
