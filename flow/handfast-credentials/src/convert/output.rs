//! What is written: which files, what goes into each, who may read it.

use std::path::PathBuf;

use handfast_finding::Problem;
use handfast_pki::chain::Note;
use zeroize::Zeroizing;

use super::{
    goods::Goods,
    missing::missing,
    wanted::{Form, Wanted},
};
use crate::{
    files::{Claim, Piece, Readers},
    password::NewPassword,
};

/// The files that are going to be written.
pub struct Output<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) password: Option<NewPassword>,
    pub(super) secret_name: String,
    pub(super) made: Vec<Made>,
}

/// What was written.
pub struct Written {
    /// Each file, and what it holds; the one that was asked for first.
    pub files: Vec<(PathBuf, String)>,
    /// What runs that were killed have left, and is removed now.
    pub leftovers: Vec<PathBuf>,
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
    pub fn make(&mut self, goods: &Goods) -> Result<(), Problem> {
        let certificates = goods.certificates();
        match self.wanted.to {
            Form::Pem => self.pem(goods, &certificates),
            Form::Der => self.der(goods)?,
            Form::P12 => self.p12(goods)?,
            Form::P7b => self.p7b(&certificates)?,
            Form::K8s => self.secret(goods, &certificates)?,
            // Refused by the flags.
            Form::Jks => {}
        }
        let (Some(path), Some(key)) = (&self.wanted.key_out, &goods.key) else {
            return match self.wanted.key_out {
                Some(_) => Err(missing("a private key for --key-out", "none")),
                None => Ok(()),
            };
        };
        let bytes = if self.wanted.to == Form::Der {
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

    /// Writes it all.
    pub fn write(&self) -> Result<Written, Problem> {
        let paths: Vec<_> = self.made.iter().map(|made| &made.path).collect();
        let pieces: Vec<_> = self.made.iter().map(Made::piece).collect();
        let leftovers = Claim::take(&paths, self.wanted.force)?.write(&pieces)?;
        let told = self
            .made
            .iter()
            .map(|made| (made.path.clone(), made.what.clone()));
        let mut files: Vec<_> = told.collect();
        files.sort_by_key(|(path, _)| *path != self.wanted.out);
        Ok(Written { files, leftovers })
    }

    /// Everything that is not as it was.
    pub fn notes(&self, goods: &Goods) -> Vec<String> {
        // A root that was found and is not written is nobody's concern.
        let matters = |note: &&Note| !matches!(note, Note::Added { is_root: true, .. }) || self.takes_root();
        let chain = goods.chain.notes.iter().filter(matters).map(ToString::to_string);
        let others = goods.passed_over.iter().map(|what| format!("left out: {what}"));
        chain.chain(others).chain(self.left_out(goods)).collect()
    }

    /// Whether what stands above the leaf is written.
    pub fn holds_chain(&self) -> bool {
        self.wanted.to != Form::Der
    }

    /// Whether a root that is not in the chain is written all the same.
    pub(super) fn takes_root(&self) -> bool {
        self.wanted.with_root || self.wanted.to == Form::K8s
    }
}
