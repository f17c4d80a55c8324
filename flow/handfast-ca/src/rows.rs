//! Rows: what the records say of a certificate, and how it is asked for.

use std::{fmt, str::FromStr};

use handfast_pki::{Certificate, Fingerprint, NamePattern};
use jiff::Timestamp;

/// Why a certificate is revoked (CRLReason, RFC 5280 section 5.3.1). Holds are not offered: what is revoked stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
    AaCompromise,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// As RFC 5280 writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    /// That of the reason code `code` in a list (RFC 5280 section 5.3.1); a hold, which we do not know, has none.
    pub(crate) fn of_code(code: Option<u8>) -> Self {
        match code {
            Some(1) => Self::KeyCompromise,
            Some(2) => Self::CaCompromise,
            Some(3) => Self::AffiliationChanged,
            Some(4) => Self::Superseded,
            Some(5) => Self::CessationOfOperation,
            Some(9) => Self::PrivilegeWithdrawn,
            Some(10) => Self::AaCompromise,
            _ => Self::Unspecified,
        }
    }

    /// Whether one that was revoked for `other` is to be revoked for this from now on: a compromise that was not known
    /// then. All else stays as it was said first (CA/Browser Forum, Baseline Requirements 4.9.1.1).
    pub fn is_worse_than(self, other: Self) -> bool {
        self.is_compromise() && !other.is_compromise()
    }

    fn is_compromise(self) -> bool {
        matches!(
            self,
            Self::KeyCompromise | Self::CaCompromise | Self::AaCompromise
        )
    }
}

/// How far an issuance came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The serial number is taken and nothing was built that could have been signed; older programs wrote it.
    Reserved,
    /// The bytes are known; a signature over them may exist.
    Planned,
    /// The certificate is kept.
    Issued,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Planned => "planned",
            Self::Issued => "issued",
        }
    }
}

/// One certificate in the store, at whatever state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the store; 0 where it is not there.
    pub(crate) id: i64,
    pub serial: String,
    /// The issuer's key identifier; `None` where an older program wrote the row.
    pub issuer: Option<String>,
    pub state: State,
    pub profile: String,
    pub subject: String,
    /// As [`AltName`] shows them.
    pub names: Vec<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub requester: String,
    /// The key that it certifies; `None` where it was never signed by a program that kept it.
    pub key: Option<String>,
    /// The serial number of the certificate that it replaces.
    pub renewed_from: Option<String>,
    /// When the serial number was taken.
    pub begun_at: Timestamp,
    pub issued_at: Option<Timestamp>,
    pub revoked: Option<Revoked>,
    /// The planned bytes.
    pub tbs: Option<Vec<u8>>,
    /// The certificate.
    pub der: Option<Vec<u8>>,
}

impl Row {
    /// Whether its certificate has a name that `pattern` matches. One that was only planned has none.
    pub(crate) fn matches(&self, pattern: &NamePattern) -> bool {
        let certificate = self
            .der
            .as_deref()
            .and_then(|der| Certificate::from_der(der).ok());
        certificate.is_some_and(|certificate| pattern.matches(&certificate.identity()))
    }

    /// What the records would say of a certificate of `issuer` that they do not have.
    pub(crate) fn unrecorded(certificate: &Certificate, issuer: String) -> Self {
        Self {
            id: 0,
            serial: certificate.serial(),
            issuer: Some(issuer),
            state: State::Issued,
            profile: "unknown".into(),
            subject: handfast_pki::name::shown(certificate.subject()),
            names: certificate.identity().names(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            requester: "unknown".into(),
            key: Some(certificate.public_key().fingerprint().to_string()),
            renewed_from: None,
            begun_at: certificate.not_before(),
            issued_at: None,
            revoked: None,
            tbs: None,
            der: Some(certificate.der().to_vec()),
        }
    }
}

/// That a certificate is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Its place in the order of all revocations: a reader that knows it has seen all before.
    pub sequence: u64,
    pub at: Timestamp,
    pub reason: Reason,
}

/// Which certificates; a filter that is `None` fits all.
///
/// Pages are in the order of expiry, soonest first. Those of a prefix that more than ten thousand names have are in the
/// order of the names, and those with `issued_after` in that of issuance: each is the order of an index, so that a page
/// costs the same among millions.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub name: Option<NameFilter>,
    pub fingerprint: Option<Fingerprint>,
    pub serial: Option<String>,
    pub condition: Option<Condition>,
    pub profile: Option<String>,
    pub issuer: Option<String>,
    pub requester: Option<String>,
    /// The key that was certified.
    pub key: Option<Fingerprint>,
    /// Those that replace the one with this serial number.
    pub renewed_from: Option<String>,
    /// Those that expire before.
    pub expiring_before: Option<Timestamp>,
    /// Those that were issued at this time or later.
    pub issued_after: Option<Timestamp>,
    /// Those whose serial number was taken before.
    pub begun_before: Option<Timestamp>,
    /// At most so many; `None` for all.
    pub limit: Option<u32>,
    /// Those behind a page that was read.
    pub after: Option<Cursor>,
}

/// Names as they are written in rules: `dns:a.example`, `uri:spiffe://acme/web`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFilter {
    Is(String),
    StartsWith(String),
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Begun and never finished: a crash, or a refusal at the last moment.
    Planned,
    /// Issued, not revoked, and not expired at this time.
    Valid(Timestamp),
    /// Issued, not revoked, and expired at this time.
    Expired(Timestamp),
    Revoked,
}

/// A part of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub rows: Vec<Row>,
    /// Where the next page begins, when there is more.
    pub next: Option<Cursor>,
}

/// A place in the order of a page: the last row that was read. It stays good when others come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(crate) i64);

/// As it is printed and given back: `4711`.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = handfast_pki::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or_else(|| handfast_pki::Error::BadValue {
            found: handfast_pki::text::printable(text),
            expected: "a cursor that a page ended with",
        })
    }
}
