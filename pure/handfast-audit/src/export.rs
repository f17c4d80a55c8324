//! Exports: the leaves of a time without a gap, and the certificates that they are about, for those who have no access to
//! the CA.
//!
//! An export is one JSON object. Its last member is a signed note over the digest of all others, as they are written
//! without spaces in the order of the file. The hashes beside the leaves lead to the root of a signed checkpoint, so
//! that a leaf that was left out in between is found even if the key has signed the export without it.

use handfast_pki::{Certificate, Fingerprint, pem};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    leaf::Leaf,
    tree::{Checkpoint, Hash, LogKey, Range, TreeError, VerifierKey, cover, open_note},
};

/// The form of an export, and the first line of what is signed: no checkpoint begins so.
pub const FORM: &str = "handfast-audit-export/1";
const WHAT: &str = "export";

/// What is exported, or was read from an export that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The first moment that was asked for.
    pub since: Timestamp,
    /// The moment behind the last one.
    pub until: Timestamp,
    /// The position of the first leaf.
    pub first: u64,
    /// Exact bytes, in order.
    pub leaves: Vec<Vec<u8>>,
    /// The hashes of the complete subtrees in front of the leaves, and of those behind them.
    pub around: (Vec<Hash>, Vec<Hash>),
    /// The signed note.
    pub checkpoint: String,
    /// Every certificate that one of the leaves gave out or took in.
    pub certificates: Vec<Certificate>,
}

/// As it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: String,
    since: Timestamp,
    until: Timestamp,
    first: u64,
    events: Vec<Value>,
    before: Vec<String>,
    after: Vec<String>,
    checkpoint: String,
    certificates: Vec<WrittenCertificate>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCertificate {
    serial: String,
    sha256: String,
    pem: String,
}

impl Export {
    /// The file, signed by `key`.
    ///
    /// # Errors
    ///
    /// [`TreeError::Disagrees`] where leaves, checkpoint and certificates do not agree: nothing is signed then.
    pub fn seal(&self, key: &LogKey) -> Result<String, TreeError> {
        self.must_agree(key.verifier())?;
        let texts = |hashes: &[Hash]| hashes.iter().map(ToString::to_string).collect();
        let written = Written {
            schema: FORM.into(),
            since: self.since,
            until: self.until,
            first: self.first,
            events: self
                .leaves
                .iter()
                .map(|leaf| raw(leaf))
                .collect::<Result<_, _>>()?,
            before: texts(&self.around.0),
            after: texts(&self.around.1),
            checkpoint: self.checkpoint.clone(),
            certificates: self
                .certificates
                .iter()
                .map(|certificate| WrittenCertificate {
                    serial: certificate.serial(),
                    sha256: certificate.fingerprint().to_string(),
                    pem: certificate.to_pem(),
                })
                .collect(),
        };
        let mut value = serde_json::to_value(&written).map_err(|error| malformed(&error))?;
        let note = key.sign(&signed_text(&value, key.verifier()))?;
        if let Some(members) = value.as_object_mut() {
            members.insert("signature".into(), note.into());
        }
        let text = serde_json::to_string_pretty(&value).map_err(|error| malformed(&error))?;
        Ok(text + "\n")
    }

    /// Whether a text says that it is an export.
    pub fn is_one(text: &str) -> bool {
        text.trim_start().starts_with('{') && text.contains(FORM)
    }

    /// Reads an export and verifies all of it: the signature, that the leaves stand without a gap in the tree of the
    /// signed checkpoint, and that the certificates are exactly those of the leaves.
    ///
    /// # Errors
    ///
    /// As [`open_note`]; [`TreeError::Malformed`] and [`TreeError::Disagrees`].
    pub fn check(text: &str, key: &VerifierKey) -> Result<Self, TreeError> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| malformed(&error))?;
        let note = value
            .as_object_mut()
            .and_then(|members| members.shift_remove("signature"))
            .and_then(|note| note.as_str().map(str::to_owned))
            .ok_or_else(|| malformed("it has no signature"))?;
        if open_note(&note, key, WHAT)? != signed_text(&value, key) {
            return Err(disagrees("it was changed after it was signed"));
        }
        let export = Self::read(&value)?;
        export.must_agree(key)?;
        Ok(export)
    }

    fn read(value: &Value) -> Result<Self, TreeError> {
        let written = Written::deserialize(value).map_err(|error| malformed(&error))?;
        if written.schema != FORM {
            return Err(malformed("it is of another form"));
        }
        let hashes = |texts: &[String]| {
            let hashes = texts.iter().map(|text| Hash::parse(text));
            hashes
                .collect::<Option<Vec<Hash>>>()
                .ok_or_else(|| malformed("a line is no hash"))
        };
        let mut certificates = Vec::new();
        for one in &written.certificates {
            let read = pem::certificates(one.pem.as_bytes())?;
            let [certificate] = &read[..] else {
                return Err(malformed("a PEM block is not one certificate"));
            };
            if certificate.serial() != one.serial || certificate.fingerprint().to_string() != one.sha256 {
                return Err(disagrees(
                    "a certificate has another serial number or SHA-256 than it says",
                ));
            }
            certificates.push(certificate.clone());
        }
        Ok(Self {
            since: written.since,
            until: written.until,
            first: written.first,
            leaves: written
                .events
                .iter()
                .map(|leaf| leaf.to_string().into_bytes())
                .collect(),
            around: (hashes(&written.before)?, hashes(&written.after)?),
            checkpoint: written.checkpoint,
            certificates,
        })
    }

    fn must_agree(&self, key: &VerifierKey) -> Result<(), TreeError> {
        let Checkpoint { size, root } = Checkpoint::open(&self.checkpoint, key)?;
        let end = self.first.saturating_add(self.leaves.len() as u64);
        if end > size {
            return Err(disagrees("it has more leaves than its checkpoint"));
        }
        let mut range = Range::default();
        append(&mut range, self.first, &self.around.0)?;
        for leaf in &self.leaves {
            range.push(Hash::leaf(leaf), |_, _| {});
        }
        append(&mut range, size, &self.around.1)?;
        if range.root() != root {
            return Err(disagrees("its leaves are not those of its checkpoint"));
        }
        let mut expected: Vec<String> = Vec::new();
        for leaf in &self.leaves {
            let leaf = Leaf::parse(leaf).ok_or_else(|| malformed("a leaf is no line of a journal"))?;
            expected.extend(leaf.evidence.certificate);
        }
        let mut found: Vec<String> = self
            .certificates
            .iter()
            .map(|certificate| certificate.fingerprint().to_string())
            .collect();
        expected.sort();
        expected.dedup();
        found.sort();
        if expected == found {
            return Ok(());
        }
        Err(disagrees("its certificates are not those of its leaves"))
    }
}

/// Grows `range` up to `end` by the hashes of complete subtrees.
fn append(range: &mut Range, end: u64, hashes: &[Hash]) -> Result<(), TreeError> {
    let subtrees = cover(range.size(), end);
    if subtrees.len() != hashes.len() {
        return Err(disagrees(
            "it has another number of hashes than its place in the log asks for",
        ));
    }
    for (subtree, hash) in subtrees.into_iter().zip(hashes) {
        range.append(subtree, *hash)?;
    }
    Ok(())
}

/// What is signed: the digest of everything but the signature, as it is written without spaces.
fn signed_text(value: &Value, key: &VerifierKey) -> String {
    let digest = Fingerprint::of(value.to_string().as_bytes());
    format!("{FORM}\n{}\n{digest}\n", key.name())
}

/// A leaf as a member of the file; it must be written again as it stands, so that readers find its exact bytes.
fn raw(leaf: &[u8]) -> Result<Value, TreeError> {
    let value: Value = serde_json::from_slice(leaf).map_err(|error| malformed(&error))?;
    if value.to_string().as_bytes() != leaf {
        return Err(malformed("a leaf is not written as this program writes it"));
    }
    Ok(value)
}

fn malformed(detail: &(impl ToString + ?Sized)) -> TreeError {
    TreeError::Malformed {
        what: WHAT,
        detail: detail.to_string(),
    }
}

fn disagrees(detail: &str) -> TreeError {
    TreeError::Disagrees {
        what: WHAT,
        detail: detail.to_owned(),
    }
}
