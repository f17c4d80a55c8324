//! A leaf of the audit log: one line of a CA's journal, with digests of what it is about.
//!
//! A leaf is one line of JSON, and its exact bytes are hashed and kept. Digests tie the records to it: change a
//! certificate, a name or a time in them, and they are not what the leaf says any more.

use std::fmt;

use handfast_pki::Fingerprint;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// More bytes than this have no place in a bundle of leaves (C2SP tlog-tiles); a longer text is replaced by its digest.
const LONGEST_DETAIL: usize = 16 * 1024;

/// One line of the journal and what it ties to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// When it happened, as the journal has it.
    pub at: Timestamp,
    /// What happened: `planned`, `issued`, `refused`, ...
    pub event: String,
    /// The serial number that it is about, hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// The code of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in words; a very long text by its digest.
    pub detail: String,
    /// What it ties to this line.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// What a leaf says of the records beside the line itself; what does not concern it is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The digest of the record that was written with it ([`digest`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// SHA-256 of the certificate, hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// When the certificate was issued, in milliseconds since 1970, where that is not the time of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<i64>,
    /// The digest of the request that the certificate answers, where that may be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The place of a revocation among all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Why it was revoked, as RFC 5280 calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A key that gets no certificate from now on: SHA-256 of its public half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// A request that waits for a second person, by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The digest of what it asks for, and of what was decided about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
    /// The issuer of a revocation list, by the identifier of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The number of a revocation list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

impl Leaf {
    /// The bytes that are kept and hashed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut leaf = self.clone();
        leaf.detail = kept_detail(&self.detail);
        // Texts and numbers are always written.
        serde_json::to_vec(&leaf).unwrap_or_default()
    }

    /// Reads what was kept; `None` of what no program of ours has written.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// A line for people: `issued 4f2a.. at 2026-11-30T12:00:00Z`.
impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.event)?;
        if let Some(serial) = &self.serial {
            write!(f, " {serial}")?;
        }
        write!(f, " at {}", self.at)
    }
}

/// `detail` as a leaf has it.
pub fn kept_detail(detail: &str) -> String {
    if detail.len() <= LONGEST_DETAIL {
        return detail.to_owned();
    }
    format!(
        "{} bytes of text with SHA-256 {}",
        detail.len(),
        Fingerprint::of(detail.as_bytes())
    )
}

/// SHA-256 over values as one JSON array, hexadecimal digits: the same for the same values, whatever table they stand in.
pub fn digest(values: &[serde_json::Value]) -> String {
    let text = serde_json::to_vec(values).unwrap_or_default();
    Fingerprint::of(&text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(detail: &str) -> Leaf {
        Leaf {
            at: Timestamp::UNIX_EPOCH,
            event: "issued".into(),
            serial: Some("4f".into()),
            requester: Some("owner".into()),
            code: None,
            detail: detail.into(),
            evidence: Evidence {
                certificate: Some("ab".into()),
                ..Evidence::default()
            },
        }
    }

    #[test]
    fn a_leaf_is_one_line_of_json_and_is_read_as_it_was_written() {
        let leaf = leaf("a\nb");
        let bytes = leaf.to_bytes();
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            r#"{"at":"1970-01-01T00:00:00Z","event":"issued","serial":"4f","requester":"owner","detail":"a\nb","certificate":"ab"}"#
        );
        assert_eq!(Leaf::parse(&bytes), Some(leaf));
        assert_eq!(Leaf::parse(b"{}"), None);
    }

    #[test]
    fn a_leaf_fits_into_a_bundle_however_long_its_text_is() {
        let long = "x".repeat(1_000_000);
        let bytes = leaf(&long).to_bytes();
        assert!(bytes.len() < 1024);
        let read = Leaf::parse(&bytes).expect("a leaf");
        assert_eq!(read.detail, kept_detail(&long));
        assert_ne!(read.detail, kept_detail(&"y".repeat(1_000_000)));
    }
}
