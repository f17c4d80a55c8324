//! Who asks, as people write it: names as in rules, a certificate, or nobody.

use std::{fmt, path::Path};

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Certificate, Fingerprint, Identity, code, text::printable};
use handfast_policy::Rule;

/// Who asks.
#[derive(Debug, Clone)]
pub enum Client {
    /// It shows no certificate.
    Anonymous,
    /// Its certificate is good, and has these names.
    Named(Identity),
    /// It shows this certificate, with its path; whether that is good is a part of the decision.
    Shows(Vec<Certificate>),
}

/// What a client without a certificate is called.
const ANONYMOUS: &str = "anonymous";

impl Client {
    /// A client with `names`, each written as in a rule without a wildcard; or `anonymous`, alone.
    ///
    /// # Errors
    ///
    /// What is no name.
    pub fn named(names: &[impl AsRef<str>]) -> Result<Self, Problem> {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        if names == [ANONYMOUS] {
            return Ok(Self::Anonymous);
        }
        let mut identity = Identity {
            uris: Vec::new(),
            dns: Vec::new(),
            emails: Vec::new(),
            ips: Vec::new(),
            others: Vec::new(),
            common_name: None,
            fingerprint: Fingerprint([0; 32]),
        };
        for text in names {
            let wrong = |why: String| {
                Problem::new(
                    code::BAD_RULE,
                    format_args!("identity \"{}\": {why}", printable(text)),
                )
                .help("write one name with its type, uri:spiffe://acme/web or dns:web.acme.example, or anonymous")
            };
            match text.parse::<Rule>().map_err(|error| wrong(error.to_string()))? {
                Rule::Uri(uri) => identity.uris.push(uri),
                Rule::Dns(name) => identity.dns.push(name),
                Rule::Email(email) => identity.emails.push(email),
                Rule::CommonName(name) => identity.common_name = Some(name),
                Rule::Fingerprint(fingerprint) => identity.fingerprint = fingerprint,
                Rule::Ip(_) => {
                    let address = text.split_once(':').and_then(|(_, address)| address.parse().ok());
                    let address = address.ok_or_else(|| wrong("a network is no address".to_owned()))?;
                    identity.ips.push(address);
                }
                _ => return Err(wrong("it stands for many names".to_owned())),
            }
        }
        Ok(Self::Named(identity))
    }

    /// A client that shows the certificate in `file`, and the path behind it.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn shows(file: &Path) -> Result<Self, Problem> {
        load::certificates(file).map(Self::Shows)
    }

    /// Whether it is judged by CAs.
    pub fn needs_trust(&self) -> bool {
        matches!(self, Self::Shows(_))
    }
}

/// What it is called.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str(ANONYMOUS),
            Self::Named(identity) => f.write_str(&identity.called()),
            Self::Shows(chain) => {
                let called = chain.first().map(|leaf| leaf.identity().called());
                f.write_str(&called.unwrap_or_else(|| ANONYMOUS.to_owned()))
            }
        }
    }
}
