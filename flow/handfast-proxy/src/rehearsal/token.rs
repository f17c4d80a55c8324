//! Access tokens that a route demands besides a client certificate.

use std::fmt;

use handfast_credentials::files::read_regular;
use handfast_pki::{Code, Fingerprint, code, text::printable};

use super::Decision;
use crate::{
    bound_tokens::Refused,
    sources::{BoundTokensSource, ListPlace},
};

/// What a route demands of access tokens.
#[derive(Debug, Clone)]
pub struct TokenDemand {
    pub issuer: String,
    pub audience: Option<String>,
    /// Where the keys of the issuer are.
    pub keys: String,
    /// The SHA-256 of their file, where it can be read.
    file: Option<Fingerprint>,
}

/// By their keys, and not by the names of their files: two folders can hold the same configuration.
impl PartialEq for TokenDemand {
    fn eq(&self, other: &Self) -> bool {
        let has_same_keys = match (&self.file, &other.file) {
            (Some(own), Some(others)) => own == others,
            _ => self.keys == other.keys,
        };
        self.issuer == other.issuer && self.audience == other.audience && has_same_keys
    }
}

impl Eq for TokenDemand {}

impl TokenDemand {
    pub(super) fn of(source: &BoundTokensSource) -> Self {
        let file = match &source.keys {
            ListPlace::File(path) | ListPlace::Set(path) => read_regular(path).ok(),
            ListPlace::Url { .. } => None,
        };
        Self {
            issuer: source.issuer.clone(),
            audience: source.audience.clone(),
            keys: source.keys.to_string(),
            file: file.map(|bytes| Fingerprint::of(&bytes)),
        }
    }

    /// Why a request without one is denied.
    pub fn without() -> (Code, String) {
        (Refused::Missing.code(), Refused::Missing.to_string())
    }
}

/// `an access token of "https://id.acme.example" for "orders"`.
impl fmt::Display for TokenDemand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an access token of \"{}\"", printable(&self.issuer))?;
        match &self.audience {
            Some(audience) => write!(f, " for \"{}\"", printable(audience)),
            None => Ok(()),
        }
    }
}

/// The rules allow the client, and there is no certificate that its token could be bound to.
pub(super) fn without_certificate() -> Decision {
    let reason = "the route demands an access token that is bound to a certificate, and none was sent";
    Decision {
        hint: Some("let the client show a certificate, or take bound-tokens out of the route".to_owned()),
        ..Decision::denied(code::NEEDS_CERTIFICATE, reason.to_owned())
    }
}

impl Decision {
    /// What is decided where the request carries no access token.
    #[must_use]
    pub fn without_token(self) -> Self {
        if !self.is_allowed || self.token.is_none() {
            return self;
        }
        let (code, reason) = TokenDemand::without();
        Self {
            is_allowed: false,
            code: Some(code),
            reason: Some(reason),
            rule: None,
            // Tokens are no part of what a host tries out.
            observes: false,
            ..self
        }
    }
}
