//! What is written: which files, what goes into each, who may read it.

use std::path::PathBuf;

use handfast_credentials::files::{Claim, Piece, Readers};
use zeroize::Zeroizing;

use super::{
    flags::{Args, Form},
    goods::Goods,
    missing::missing,
};
use crate::{failure::Failure, words::Words};

/// The files that are going to be written.
pub(super) struct Output<'a> {
    pub(super) args: &'a Args,
    pub(super) password: Option<Zeroizing<String>>,
    /// Where a password that we made is written.
    pub(super) password_file: Option<PathBuf>,
    pub(super) secret_name: String,
    pub(super) made: Vec<Made>,
}

pub(super) struct Made {
    pub(super) path: PathBuf,
    pub(super) what: String,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) readers: Readers,
}

impl Made {
    fn piece(&self) -> Piece<'_> {
        Piece {
            path: &self.path,
            bytes: &self.bytes,
            readers: self.readers,
        }
    }
}

impl Output<'_> {
    /// Makes every byte that will be written, so that what fails does so before the first file.
    pub(super) fn make(&mut self, goods: &Goods) -> Result<(), Failure> {
        let certificates = goods.certificates();
        match self.args.to {
            Form::Pem => self.pem(goods, &certificates),
            Form::Der => self.der(goods)?,
            Form::P12 => self.p12(goods)?,
            Form::P7b => self.p7b(&certificates)?,
            Form::K8s => self.secret(goods, &certificates)?,
            // Refused by the flags.
            Form::Jks => {}
        }
        let (Some(path), Some(key)) = (&self.args.key_out, &goods.key) else {
            return match self.args.key_out {
                Some(_) => Err(missing("a private key for --key-out", "none")),
                None => Ok(()),
            };
        };
        let bytes = if self.args.to == Form::Der {
            key.pkcs8().to_vec()
        } else {
            key.to_pem().as_bytes().to_vec()
        };
        // The key first: a certificate without it helps nobody.
        self.made.insert(
            0,
            Made {
                path: path.clone(),
                what: "the private key, PKCS#8, readable by its owner alone".into(),
                bytes: Zeroizing::new(bytes),
                readers: Readers::Owner,
            },
        );
        Ok(())
    }

    /// Writes it all; what each file holds.
    pub(super) fn write(&self, words: &Words) -> Result<Vec<(PathBuf, String)>, Failure> {
        let paths: Vec<_> = self.made.iter().map(|made| &made.path).collect();
        let pieces: Vec<_> = self.made.iter().map(Made::piece).collect();
        words.tell_leftovers(&Claim::take(&paths, self.args.force)?.write(&pieces)?);
        let mut told: Vec<_> = self
            .made
            .iter()
            .map(|made| (made.path.clone(), made.what.clone()))
            .collect();
        told.sort_by_key(|(path, _)| *path != self.args.out);
        Ok(told)
    }

    /// Whether what stands above the leaf is written.
    pub(super) fn holds_chain(&self) -> bool {
        self.args.to != Form::Der
    }

    /// Whether a root that is not in the chain is written all the same.
    pub(super) fn takes_root(&self) -> bool {
        self.args.with_root || self.args.to == Form::K8s
    }
}
