//! Check: whatever was taken from a log, verified with nothing but the public key of the log.

use handfast_pki::{Certificate, Fingerprint};

use crate::{
    export::Export,
    leaf::Leaf,
    tree::{Checkpoint, ProofFile, TreeError, VerifierKey},
};

/// What was given, and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// Size and root of the log at one moment.
    Checkpoint(Checkpoint),
    /// One leaf that is in the log.
    Proof {
        /// What it says.
        leaf: Box<Leaf>,
        /// Its position in the log.
        position: u64,
        /// The checkpoint that it is under.
        checkpoint: Checkpoint,
    },
    /// All leaves of a time.
    Export(Box<Export>),
}

impl Checked {
    /// Whether it says of this very certificate that the CA gave it out. A checkpoint says that of none.
    pub fn gave_out(&self, certificate: &Certificate) -> bool {
        let own = certificate.fingerprint();
        match self {
            Self::Checkpoint(_) => false,
            Self::Proof { leaf, .. } => leaf
                .evidence
                .certificate
                .as_deref()
                .and_then(|text| text.parse::<Fingerprint>().ok())
                .is_some_and(|found| found == own),
            Self::Export(export) => export.certificates.iter().any(|other| other.fingerprint() == own),
        }
    }
}

/// Verifies `text`: a proof, an export or a checkpoint, told by its first bytes.
///
/// # Errors
///
/// As [`ProofFile::verify`], [`Export::check`] and [`Checkpoint::open`].
pub fn check(text: &str, key: &VerifierKey) -> Result<Checked, TreeError> {
    if Export::is_one(text) {
        return Ok(Checked::Export(Box::new(Export::check(text, key)?)));
    }
    if !ProofFile::is_one(text) {
        return Ok(Checked::Checkpoint(Checkpoint::open(text, key)?));
    }
    let proof = ProofFile::parse(text)?;
    let checkpoint = proof.verify(key)?;
    let leaf = Leaf::parse(&proof.leaf).ok_or_else(|| TreeError::Malformed {
        what: "proof",
        detail: "its leaf is no line of a journal".into(),
    })?;
    Ok(Checked::Proof {
        leaf: Box::new(leaf),
        position: proof.position,
        checkpoint,
    })
}
