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
    #[error("expected one Authorization header with a bearer token, found several, or one without a token")]
    Form,
    #[error("expected one access token in \"Authorization: Bearer\", found another in the query")]
    Twice,
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
            Self::Form | Self::Twice | Self::Token(_) => code::TOKEN_REFUSED,
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

/// The one bearer token of a request (RFC 6750 section 2.1). In a body or a query it is none, and what comes by another
/// scheme (Basic, DPoP) is none: who sends that has not understood what is demanded (section 3.1). A token in the query
/// beside it (section 2) could be the one that the backend reads.
pub(crate) fn bearer<'a>(headers: &'a HeaderMap, query: Option<&str>) -> Result<&'a str, Refused> {
    let mut bearers = headers.get_all(AUTHORIZATION).iter().filter(|value| {
        let scheme = value.as_bytes().split(|byte| *byte == b' ').next();
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
    });
    let first = bearers.next().ok_or(Refused::Missing)?;
    // Of several headers, also of other schemes, two readers could read two.
    if headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(Refused::Form);
    }
    let text = first.to_str().map_err(|_| Refused::Form)?;
    let (_, token) = text.split_once(' ').ok_or(Refused::Form)?;
    let token = token.trim_start_matches(' ');
    if token.is_empty() {
        return Err(Refused::Form);
    }
    if query.is_some_and(has_token) {
        return Err(Refused::Twice);
    }
    Ok(token)
}

/// Whether a parameter of the query has the name of an access token (RFC 6750 section 2.3), however it is encoded.
fn has_token(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        unescaped(name).eq_ignore_ascii_case(b"access_token")
    })
}

/// `name` without percent-encoding; what is none stays as it is.
fn unescaped(name: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(name.len()), name.as_bytes());
    while let [byte, more @ ..] = rest {
        let digits = more.get(..2).filter(|_| *byte == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*byte);
                rest = more;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&'static [u8]], query: Option<&str>) -> Result<String, Refused> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value).expect("a value");
            headers.append(AUTHORIZATION, value);
        }
        bearer(&headers, query).map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_read_in_every_spelling_of_its_scheme() {
        for value in [&b"Bearer abc"[..], b"bearer abc", b"BEARER   abc"] {
            assert_eq!(read(&[value], None), Ok("abc".to_owned()));
        }
        for query in [
            "",
            "a=b",
            "token=x",
            "access_tokens=x",
            "x=access_token",
            "access%5Ftoken2",
        ] {
            assert_eq!(
                read(&[b"Bearer abc"], Some(query)),
                Ok("abc".to_owned()),
                "{query}"
            );
        }
    }

    #[test]
    fn another_scheme_is_no_token_and_a_bearer_without_its_token_is_a_bad_one() {
        for value in [
            &b"Basic dXNlcjpwYXNz"[..],
            b"DPoP abc",
            b"Negotiate",
            b"",
            b"Bearer2 abc",
            b"abc",
            b"Basic x, Bearer abc",
            b"\xff\xfe",
        ] {
            assert_eq!(read(&[value], None), Err(Refused::Missing), "{value:?}");
        }
        assert_eq!(
            read(&[], Some("access_token=abc")),
            Err(Refused::Missing),
            "a query alone"
        );
        assert_eq!(read(&[b"Basic x", b"DPoP y"], None), Err(Refused::Missing));
        for value in [&b"Bearer"[..], b"Bearer ", b"Bearer   ", b"Bearer \xff"] {
            assert_eq!(read(&[value], None), Err(Refused::Form), "{value:?}");
        }
    }

    #[test]
    fn two_tokens_are_none() {
        for values in [
            [&b"Bearer a"[..], b"Bearer a"],
            [b"Bearer a", b"Basic x"],
            [b"DPoP y", b"Bearer a"],
        ] {
            assert_eq!(read(&values, None), Err(Refused::Form), "{values:?}");
        }
        for query in [
            "access_token=b",
            "x=1&access_token=b",
            "x=1;access_token=b",
            "access_token",
            "access%5ftoken=b",
            "%61ccess_token=b",
            "ACCESS_TOKEN=b",
        ] {
            assert_eq!(read(&[b"Bearer a"], Some(query)), Err(Refused::Twice), "{query}");
        }
    }
}
