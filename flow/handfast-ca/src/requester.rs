//! Requester: who asks the CA for something, as it stands in the journal.
//!
//! Commands make [`Requester::Owner`] alone. The others are what a front will have verified before it asks: a client
//! certificate, a token, the signature of an account. What each of them may ask for is judged in `approve.rs`.

use std::fmt;

use handfast_pki::{Error, Identity, Result, text::printable};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// Whoever holds the CA's key files, which the file system gives to their owner alone.
    Owner,
    /// A person or program that the owner has made an operator, by its client certificate.
    Operator(Identity),
    /// The holder of a one-time token.
    Token(TokenId),
    /// An ACME account (RFC 8555 section 7.1.2).
    Acme(AccountId),
    /// An EST client, by the certificate that it has (RFC 7030 section 3.3.2).
    Est(Identity),
}

/// The kinds of requester, for saying which of them a profile is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequesterKind {
    Owner,
    Operator,
    Token,
    Acme,
    Est,
}

impl Requester {
    /// The kind of requester.
    pub fn kind(&self) -> RequesterKind {
        match self {
            Self::Owner => RequesterKind::Owner,
            Self::Operator(_) => RequesterKind::Operator,
            Self::Token(_) => RequesterKind::Token,
            Self::Acme(_) => RequesterKind::Acme,
            Self::Est(_) => RequesterKind::Est,
        }
    }
}

/// As it stands in the records: `owner`, `operator uri:spiffe://acme/ops`, `token 4711`.
impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("owner"),
            Self::Operator(identity) => write!(f, "operator {}", identity.called()),
            Self::Token(TokenId(id)) => write!(f, "token {id}"),
            Self::Acme(AccountId(id)) => write!(f, "acme account {id}"),
            Self::Est(identity) => write!(f, "est client {}", identity.called()),
        }
    }
}

/// What a token is called; the token itself is a secret and never recorded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(String);

impl TokenId {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub fn new(text: &str) -> Result<Self> {
        checked(text).map(Self)
    }
}

/// What an ACME account is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// 1 to 64 letters, digits, hyphens and underscores.
    pub fn new(text: &str) -> Result<Self> {
        checked(text).map(Self)
    }
}

fn checked(text: &str) -> Result<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text.to_owned());
    }
    Err(Error::BadValue {
        found: printable(text),
        expected: "an identifier of letters, digits, - and _",
    })
}
