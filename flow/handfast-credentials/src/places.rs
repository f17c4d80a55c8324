//! The files of a certificate that is issued: looked at before, and written all or none.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_formats::container::{self, Age, Lock};
use handfast_pki::{Certificate, PrivateKey, certificate::chain_to_pem};
use zeroize::Zeroizing;

use crate::{
    files::{self, Claim, Piece},
    password::NewPassword,
};

/// Where everything goes; all of it may be written.
pub struct Places {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub ca: PathBuf,
    /// Key and certificates as PKCS#12, where that is wanted.
    pub p12: Option<P12>,
}

/// A PKCS#12, and its password.
pub struct P12 {
    pub file: PathBuf,
    pub password: NewPassword,
}

impl P12 {
    /// For `file`, with the password in the first line of `password_file`, or one that is made.
    pub fn choose(file: &Path, password_file: Option<&Path>) -> Result<Self, Problem> {
        Ok(Self {
            file: file.to_owned(),
            password: NewPassword::choose(password_file, file, "--p12")?,
        })
    }

    fn bytes(&self, key: &PrivateKey, chain: &[Certificate]) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let alias = chain.first().map(Certificate::called).unwrap_or_default();
        let lock = Lock {
            password: &self.password.text,
            age: Age::Modern,
        };
        container::write(key, chain, &alias, lock).map_err(|error| Problem::about("--p12", &error))
    }
}

impl Places {
    /// In the folder `out`, where nothing is overwritten without `force`.
    pub fn check(out: &Path, p12: Option<P12>, force: bool) -> Result<Self, Problem> {
        let places = Self {
            certificate: out.join("tls.crt"),
            key: out.join("tls.key"),
            ca: out.join("ca.crt"),
            p12,
        };
        files::must_be_free(&places.files(), force)?;
        Ok(places)
    }

    /// All of them.
    pub fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = vec![&self.certificate, &self.key, &self.ca];
        if let Some(p12) = &self.p12 {
            files.push(&p12.file);
            files.extend(p12.password.file.as_deref());
        }
        files
    }

    /// Writes the key alone, for a certificate that comes later. Returns the same as [`Claim::write`].
    pub fn write_key(&self, claim: Claim, key: &PrivateKey) -> Result<Vec<PathBuf>, Problem> {
        claim.write(&[Piece::secret(&self.key, key.to_pem().as_bytes())])
    }

    /// Writes everything, the key first: a certificate without it helps nobody. Returns the same as [`Claim::write`].
    pub fn write(
        &self,
        claim: Claim,
        key: &PrivateKey,
        chain: &[Certificate],
        roots: &[Certificate],
    ) -> Result<Vec<PathBuf>, Problem> {
        let whole: Vec<Certificate> = chain.iter().chain(roots).cloned().collect();
        let p12 = self.p12.as_ref();
        let p12 = p12
            .map(|p12| Ok::<_, Problem>((p12, p12.bytes(key, &whole)?)))
            .transpose()?;
        let (key, chain, root) = (key.to_pem(), chain_to_pem(chain), chain_to_pem(roots));
        let password = p12.as_ref().and_then(|(p12, _)| p12.password.to_write());
        let mut pieces = vec![
            Piece::secret(&self.key, key.as_bytes()),
            Piece::public(&self.certificate, chain.as_bytes()),
            Piece::public(&self.ca, root.as_bytes()),
        ];
        pieces.extend(password.as_ref().map(|(path, line)| Piece::secret(path, line)));
        pieces.extend(p12.as_ref().map(|(p12, bytes)| Piece::secret(&p12.file, bytes)));
        claim.write(&pieces)
    }
}
