//! Whom a certificate names: the flags that `issue`, `sign` and `csr` share.

use handfast_pki::{
    name::{AltName, Name},
    subject::{Organization, Part, subject},
};

use crate::failure::Failure;

/// Names, and whose they are.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// A DNS name, such as localhost or *.acme.example; may be repeated
    #[arg(long, value_name = "NAME")]
    dns: Vec<String>,
    /// An IP address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<String>,
    /// A URI, such as spiffe://acme/web; may be repeated, but a SPIFFE ID stands alone
    #[arg(long, value_name = "URI")]
    uri: Vec<String>,
    /// An e-mail address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
    /// The common name, for people and old software; peers are recognised by the names above, and one of those is needed
    #[arg(long, value_name = "CN")]
    pub name: Option<String>,
    /// The organization (O) in the subject
    #[arg(long, value_name = "O")]
    organization: Option<String>,
    /// The organizational unit (OU) in the subject
    #[arg(long, value_name = "OU")]
    unit: Option<String>,
    /// The country (C) in the subject, two capital letters
    #[arg(long, value_name = "C")]
    country: Option<String>,
    /// A further attribute of the subject, such as L=Kiel or organizationIdentifier=PSDDE-BAFIN-123456; may be repeated
    #[arg(long = "attribute", value_name = "TYPE=TEXT")]
    attributes: Vec<Part>,
}

impl Named {
    /// The subject alternative names, in the order of their kinds.
    pub fn names(&self) -> Result<Vec<AltName>, Failure> {
        type Parse = fn(&str) -> handfast_pki::Result<AltName>;
        let kinds: [(&str, &Vec<String>, Parse); 4] = [
            ("--uri", &self.uri, AltName::uri),
            ("--dns", &self.dns, AltName::dns),
            ("--ip", &self.ip, AltName::ip),
            ("--email", &self.email, AltName::email),
        ];
        let mut names = Vec::new();
        for (flag, texts, parse) in kinds {
            for text in texts {
                names.push(parse(text).map_err(|error| Failure::about(flag, &error))?);
            }
        }
        Ok(names)
    }

    pub fn organization(&self) -> Organization {
        Organization {
            country: self.country.clone(),
            organization: self.organization.clone(),
            unit: self.unit.clone(),
            further: self.attributes.clone(),
        }
    }

    pub fn subject(&self) -> Result<Name, Failure> {
        subject(self.name.as_deref(), &self.organization())
            .map_err(|error| Failure::about("the subject", &error))
    }
}
