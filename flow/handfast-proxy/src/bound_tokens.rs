//! Access tokens that are bound to the client's certificate (RFC 8705 section 3): whoever has stolen one cannot use it.
//!
//! In: a request's headers and the certificate of its connection. Out: until when its token is good, or a [`Refused`] with
//! the reason. The keys of the issuer are a part of a state of trust.

use std::fs;

use handfast_credentials::files::read_regular;
use handfast_finding::Problem;
use handfast_jose::{Expected, Keys, TokenError, verify};
use handfast_pki::{Code, code};
use http::{HeaderMap, header::AUTHORIZATION};

use crate::sources::{BoundTokensSource, ListPlace};

/// Whose tokens a route takes, ready to be compared with.
pub(crate) struct BoundTokens {
    pub(crate) source: BoundTokensSource,
    /// None until they were fetched: then no token is good.
    keys: Keys,
}

/// Why a request has no token that is good here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("expected \"Authorization: Bearer\" with an access token, found none")]
    Missing,
    #[error("expected one Authorization header with a bearer token, found another")]
    Form,
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the keys of \"{0}\" were not fetched yet")]
    NoKeys(String),
    #[error("the token is bound to no certificate (cnf, x5t#S256)")]
    Unbound,
    #[error("the token is bound to another certificate than the client's")]
    Other,
}

impl Refused {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Missing => code::TOKEN_MISSING,
            Self::Form | Self::Token(_) => code::TOKEN_REFUSED,
            Self::NoKeys(_) => code::JWKS_UNUSABLE,
            Self::Unbound | Self::Other => code::TOKEN_NOT_BOUND,
        }
    }
}

impl BoundTokens {
    /// Reads the keys. A file that cannot be used is a problem; a URL that was not fetched yet is none.
    pub(crate) fn load(source: &BoundTokensSource) -> Result<Self, Problem> {
        let keys = match &source.keys {
            ListPlace::File(path) | ListPlace::Set(path) => {
                let unusable = |error| {
                    Problem::new(
                        code::JWKS_UNUSABLE,
                        format_args!("\"{}\": {error}", path.display()),
                    )
                    .help("give the JWK Set of the issuer of the tokens, with its public keys")
                };
                Keys::read(&read_regular(path)?).map_err(unusable)?
            }
            ListPlace::Url { kept, .. } => {
                let kept = fs::read(kept).ok();
                kept.and_then(|bytes| Keys::read(&bytes).ok()).unwrap_or_default()
            }
        };
        Ok(Self {
            source: source.clone(),
            keys,
        })
    }

    /// Until when `token` is good for a client with the certificate of this SHA-256, in seconds of the Unix era.
    pub(crate) fn check(&self, token: &str, certificate: &[u8; 32], now: i64) -> Result<i64, Refused> {
        if self.keys.is_empty() {
            return Err(Refused::NoKeys(self.source.keys.to_string()));
        }
        let claims = verify(token, &self.keys)?;
        let until = claims.check(&Expected {
            issuer: &self.source.issuer,
            audience: self.source.audience.as_deref(),
            now,
        })?;
        match claims.certificate() {
            None => Err(Refused::Unbound),
            Some(bound) if bound == *certificate => Ok(until),
            Some(_) => Err(Refused::Other),
        }
    }
}

/// The one bearer token of a request (RFC 6750 section 2.1). In a body or a query it is none.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let first = all.next().ok_or(Refused::Missing)?;
    let text = first.to_str().ok().filter(|_| all.next().is_none());
    let (scheme, token) = text.and_then(|text| text.split_once(' ')).ok_or(Refused::Form)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim_start_matches(' '))
    } else {
        Err(Refused::Form)
    }
}
