//! The files of a certificate that is issued: looked at before, and written all or none.

use std::path::{Path, PathBuf};

use handfast_ca::Issued;
use handfast_credentials::{
    files::{self, Claim, Piece, Readers},
    load,
};
use handfast_formats::container::{self, Age, Lock};
use handfast_pki::{Certificate, PrivateKey, certificate::chain_to_pem};
use zeroize::Zeroizing;

use super::Args;
use crate::failure::Failure;

/// Where everything goes; all of it may be written.
pub(super) struct Places {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) ca: PathBuf,
    pub(super) p12: Option<P12>,
}

pub(super) struct P12 {
    pub(super) file: PathBuf,
    password: Zeroizing<String>,
    /// Where a password that we made is written.
    pub(super) password_file: Option<PathBuf>,
}

impl Places {
    pub(super) fn check(args: &Args) -> Result<Self, Failure> {
        let p12 = args
            .p12
            .as_deref()
            .map(|file| P12::check(file, args.p12_password_file.as_deref()))
            .transpose()?;
        let places = Self {
            certificate: args.out.join("tls.crt"),
            key: args.out.join("tls.key"),
            ca: args.out.join("ca.crt"),
            p12,
        };
        files::must_be_free(&places.files(), args.leaf.force)?;
        Ok(places)
    }

    pub(super) fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = vec![&self.certificate, &self.key, &self.ca];
        if let Some(p12) = &self.p12 {
            files.push(&p12.file);
            files.extend(p12.password_file.as_deref());
        }
        files
    }

    /// Writes the key alone, for a certificate that comes later.
    pub(super) fn write_key(&self, claim: Claim, key: &PrivateKey) -> Result<Vec<PathBuf>, Failure> {
        let pem = key.to_pem();
        Ok(claim.write(&[Piece {
            path: &self.key,
            bytes: pem.as_bytes(),
            readers: Readers::Owner,
        }])?)
    }

    /// Writes everything, the key first: a certificate without it helps nobody.
    pub(super) fn write(
        &self,
        claim: Claim,
        key: &PrivateKey,
        issued: &Issued,
        roots: &[Certificate],
    ) -> Result<Vec<PathBuf>, Failure> {
        let chain = issued.chain();
        let whole: Vec<Certificate> = chain.iter().chain(roots).cloned().collect();
        let p12 = self.p12.as_ref();
        let p12 = p12
            .map(|p12| Ok::<_, Failure>((p12, p12.bytes(key, &whole)?)))
            .transpose()?;
        let (key, chain, root) = (key.to_pem(), chain_to_pem(&chain), chain_to_pem(roots));
        let password = p12
            .as_ref()
            .map(|(p12, _)| Zeroizing::new(format!("{}\n", *p12.password)));
        let piece = |path, bytes, readers| Piece { path, bytes, readers };
        let mut pieces = vec![
            piece(&self.key, key.as_bytes(), Readers::Owner),
            piece(&self.certificate, chain.as_bytes(), Readers::Everybody),
            piece(&self.ca, root.as_bytes(), Readers::Everybody),
        ];
        if let (Some((p12, bytes)), Some(password)) = (&p12, &password) {
            if let Some(path) = &p12.password_file {
                pieces.push(piece(path, password.as_bytes(), Readers::Owner));
            }
            pieces.push(piece(&p12.file, bytes, Readers::Owner));
        }
        Ok(claim.write(&pieces)?)
    }
}

impl P12 {
    fn check(file: &Path, password_file: Option<&Path>) -> Result<Self, Failure> {
        if let Some(path) = password_file {
            let password = load::password(path)?;
            return Ok(Self {
                file: file.to_owned(),
                password,
                password_file: None,
            });
        }
        let password = container::new_password().map_err(|error| Failure::about("--p12", &error))?;
        let mut beside = file.as_os_str().to_owned();
        beside.push(".password");
        Ok(Self {
            file: file.to_owned(),
            password,
            password_file: Some(beside.into()),
        })
    }

    fn bytes(&self, key: &PrivateKey, chain: &[Certificate]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let alias = chain.first().map(Certificate::called).unwrap_or_default();
        let lock = Lock {
            password: &self.password,
            age: Age::Modern,
        };
        container::write(key, chain, &alias, lock).map_err(|error| Failure::about("--p12", &error))
    }
}
