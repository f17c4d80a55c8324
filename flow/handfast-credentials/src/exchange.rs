//! A certificate in the place of an older one, and with it a new key where that is wanted.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_pki::{Certificate, PrivateKey, certificate::chain_to_pem};

use crate::{
    files::{Claim, Piece},
    load,
};

/// The two files, and the key for the new certificate.
pub struct Exchange {
    certificate: PathBuf,
    key_file: PathBuf,
    key: PrivateKey,
    is_new: bool,
}

impl Exchange {
    /// Of `old` in the file `certificate`, whose key is in `key`, or beside it with the ending `.key`.
    pub fn of(
        old: &Certificate,
        certificate: &Path,
        key: Option<&Path>,
        is_new: bool,
    ) -> Result<Self, Problem> {
        let key_file = key.map_or_else(|| certificate.with_extension("key"), Path::to_owned);
        let held = load::private_key(&key_file)?;
        held.must_match(old)
            .map_err(|error| Problem::about(format_args!("\"{}\"", key_file.display()), &error))?;
        let key = if is_new {
            held.another()
                .map_err(|error| Problem::about("--new-key", &error))?
        } else {
            held
        };
        Ok(Self {
            certificate: certificate.to_owned(),
            key_file,
            key,
            is_new,
        })
    }

    /// The key that the new certificate is for.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The files that are going to be replaced.
    pub fn claim(&self) -> Result<Claim, Problem> {
        let mut files: Vec<&Path> = vec![&self.certificate];
        files.extend(self.is_new.then_some(self.key_file.as_path()));
        Claim::take(&files, true)
    }

    /// Writes the new key, whose certificate comes later, beside the old one, which stays as it is. Where it is; nothing
    /// where the old key is kept.
    pub fn keep_key(&self, claim: Claim, id: &str) -> Result<Option<PathBuf>, Problem> {
        if !self.is_new {
            return Ok(None);
        }
        let mut name = self.key_file.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{id}.key"));
        let path = self.key_file.with_file_name(name);
        // Nobody has begun a file of this number before.
        claim.write(&[Piece::secret(&path, self.key.to_pem().as_bytes())])?;
        Ok(Some(path))
    }

    /// Writes `chain`, a new key before it: a certificate without its key helps no one. Returns the same as [`Claim::write`].
    pub fn write(&self, claim: Claim, chain: &[Certificate]) -> Result<Vec<PathBuf>, Problem> {
        let (chain, pem) = (chain_to_pem(chain), self.key.to_pem());
        let key = self.is_new.then(|| Piece::secret(&self.key_file, pem.as_bytes()));
        let certificate = Piece::public(&self.certificate, chain.as_bytes());
        let pieces: Vec<Piece<'_>> = key.into_iter().chain([certificate]).collect();
        claim.write(&pieces)
    }
}
