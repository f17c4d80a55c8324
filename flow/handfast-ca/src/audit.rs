//! Audit: what the log of the authority says and proves, for its owner and for everybody else.

use handfast_audit::{
    export::Export,
    leaf::Leaf,
    tree::{
        Checkpoint, Hash, ProofFile, TreeError, VerifierKey, consistency, cover, inclusion, is_continued,
    },
};
use handfast_pki::Certificate;
use jiff::Timestamp;

use crate::{
    authority::Authority,
    error::{Error, Result},
    log::Audit,
    log_key,
    records::{Event, StoreError},
};

/// An earlier head of the log, and the one that continues it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continued {
    pub earlier: Checkpoint,
    pub now: Checkpoint,
}

impl Authority {
    /// What verifies everything that is taken from the log.
    pub fn log_verifier(&self) -> &VerifierKey {
        self.log_key().verifier()
    }

    /// The head of the log, as a signed note for keeping elsewhere.
    pub fn checkpoint(&self) -> Result<(Checkpoint, String)> {
        let note = self.store().log().head()?;
        Ok((Checkpoint::open(&note, self.log_verifier())?, note))
    }

    /// Compares the whole log with its signed head, and the records with the log. At most `most` faults are named.
    pub fn audit(&self, most: usize) -> Result<Audit> {
        Ok(self.store().log().audit(most)?)
    }

    /// Proves that the log continues `earlier`, a checkpoint that was kept elsewhere.
    ///
    /// # Errors
    ///
    /// [`TreeError::NotContinued`] of a history that was rewritten, or that ends before; what [`Checkpoint::open`] gives.
    pub fn continues(&self, earlier: &str) -> Result<Continued> {
        let earlier = self.opened(earlier)?;
        let (now, _) = self.checkpoint()?;
        let log = self.store().log();
        let proof = consistency(earlier.size, now.size, &mut |subtree| log.hash(subtree))?;
        if is_continued((earlier.size, earlier.root), (now.size, now.root), &proof) {
            return Ok(Continued { earlier, now });
        }
        Err(Error::Audit(TreeError::NotContinued {
            earlier: earlier.size,
            later: now.size,
        }))
    }

    /// A checkpoint of this log; where the CA was restored without the key of its log, of an earlier key as well.
    fn opened(&self, note: &str) -> Result<Checkpoint, TreeError> {
        let opened = Checkpoint::open(note, self.log_verifier());
        if !matches!(opened, Err(TreeError::NotSigned { .. })) {
            return opened;
        }
        let former = log_key::former(self.folder());
        let found = former.iter().find_map(|key| Checkpoint::open(note, key).ok());
        found.map_or(opened, Ok)
    }

    /// The proof that a leaf about a serial number (hexadecimal digits) is in the log: that with `event`, or else that
    /// which says most of the certificate. `None` where there is no such leaf.
    pub fn prove(&self, serial: &str, event: Option<Event>) -> Result<Option<ProofFile>> {
        let leaves = self.store().log().leaves_of(serial)?;
        let wanted = match event {
            Some(event) => vec![event],
            None => vec![Event::Issued, Event::Adopted, Event::Planned],
        };
        let found = wanted.into_iter().find_map(|event| {
            leaves
                .iter()
                .find(|(_, body)| Leaf::parse(body).is_some_and(|leaf| leaf.event == event.name()))
        });
        let Some((position, body)) = found else {
            return Ok(None);
        };
        let (head, checkpoint) = self.checkpoint()?;
        let log = self.store().log();
        let proof = ProofFile {
            leaf: body.clone(),
            position: *position,
            hashes: inclusion(*position, head.size, &mut |subtree| log.hash(subtree))?,
            checkpoint,
        };
        // Damaged hashes are found here and not by the one who is given the proof.
        proof.verify(self.log_verifier())?;
        Ok(Some(proof))
    }

    /// Everything that happened from `since` to `until`, signed: the leaves without a gap, and the certificates that
    /// they are about.
    pub fn export(&self, since: Timestamp, until: Timestamp) -> Result<(Export, String)> {
        let (head, checkpoint) = self.checkpoint()?;
        let log = self.store().log();
        let mut span: Option<(u64, u64)> = None;
        log.leaves(0, head.size, &mut |position, body| {
            let is_in = Leaf::parse(&body).is_some_and(|leaf| leaf.at >= since && leaf.at < until);
            if is_in {
                span = Some((span.map_or(position, |(first, _)| first), position + 1));
            }
            Ok(())
        })?;
        let (first, end) = span.unwrap_or((head.size, head.size));
        let mut leaves = Vec::new();
        log.leaves(first, end, &mut |_, body| {
            leaves.push(body);
            Ok(())
        })?;
        let hashes = |from, to| -> Result<Vec<Hash>, StoreError> {
            cover(from, to)
                .into_iter()
                .map(|subtree| log.hash(subtree))
                .collect()
        };
        let export = Export {
            since,
            until,
            first,
            around: (hashes(0, first)?, hashes(end, head.size)?),
            checkpoint,
            certificates: self.given_out(&leaves)?,
            leaves,
        };
        let text = export.seal(self.log_key())?;
        Ok((export, text))
    }

    /// The certificates that `leaves` gave out.
    fn given_out(&self, leaves: &[Vec<u8>]) -> Result<Vec<Certificate>> {
        let mut certificates = Vec::new();
        for leaf in leaves.iter().filter_map(|body| Leaf::parse(body)) {
            let (Some(serial), Some(_)) = (leaf.serial, leaf.evidence.certificate) else {
                continue;
            };
            let row = self.find_serial(&serial)?;
            if let Some(der) = row.and_then(|row| row.der) {
                certificates.push(Certificate::from_der(&der)?);
            }
        }
        Ok(certificates)
    }
}
