//! What a certificate is for, and the extensions that follow from it. Nobody else decides about extensions.

use std::str::FromStr;

use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::{asn1::ObjectIdentifier, flagset::FlagSet};
use serde::Serialize;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};

use crate::{Error, Result, text::printable};

/// The kinds of certificate that the authority makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A self-signed root.
    Root,
    /// An issuing CA under a root; path length 0, so it can sign leaves and nothing else.
    Intermediate,
    Server,
    Client,
    /// Both server and client, as meshes use it.
    Peer,
}

impl Profile {
    /// As it is written on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Intermediate => "intermediate",
            Self::Server => "server",
            Self::Client => "client",
            Self::Peer => "peer",
        }
    }

    pub fn is_ca(self) -> bool {
        matches!(self, Self::Root | Self::Intermediate)
    }

    pub(crate) fn basic_constraints(self) -> BasicConstraints {
        BasicConstraints {
            ca: self.is_ca(),
            path_len_constraint: (self == Self::Intermediate).then_some(0),
        }
    }

    pub(crate) fn key_usage(self) -> KeyUsage {
        let ca: FlagSet<KeyUsages> = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        KeyUsage(if self.is_ca() {
            ca
        } else {
            KeyUsages::DigitalSignature.into()
        })
    }

    pub(crate) fn extended_key_usage(self) -> Vec<ObjectIdentifier> {
        match self {
            Self::Root | Self::Intermediate => Vec::new(),
            Self::Server => vec![ID_KP_SERVER_AUTH],
            Self::Client => vec![ID_KP_CLIENT_AUTH],
            Self::Peer => vec![ID_KP_SERVER_AUTH, ID_KP_CLIENT_AUTH],
        }
    }
}

impl FromStr for Profile {
    type Err = Error;

    /// The profiles that people may ask for; roots and intermediates are made by `init` alone.
    fn from_str(text: &str) -> Result<Self> {
        [Self::Server, Self::Client, Self::Peer]
            .into_iter()
            .find(|profile| profile.name() == text)
            .ok_or_else(|| Error::BadName {
                found: printable(text),
                expected: "server, client or peer",
            })
    }
}
