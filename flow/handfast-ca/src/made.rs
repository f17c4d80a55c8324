//! Made: the key of a new CA, in a file of its own or within a token.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use handfast_pki::{KeyKind, PrivateKey, PublicKey};
use spki::AlgorithmIdentifierOwned;

use crate::{
    error::Result,
    folder,
    further::Further,
    signer::{FileKey, Signer, SignerError, Tbs},
    token::{TokenKey, TokenUri},
    token_error::TokenError,
};

/// Where the key of a new CA is.
#[derive(Debug, Clone)]
pub enum KeyChoice {
    /// It is made, and kept in a file.
    File(KeyKind),
    /// In a token; one that is not there yet is made there, of this kind.
    Token(TokenUri, KeyKind),
}

impl From<KeyKind> for KeyChoice {
    fn from(kind: KeyKind) -> Self {
        Self::File(kind)
    }
}

impl KeyChoice {
    /// That of the root above a CA with this one: in the same token, with `-root` behind its label.
    pub(crate) fn of_root(&self) -> Self {
        match self {
            Self::File(kind) => Self::File(*kind),
            Self::Token(uri, kind) => Self::Token(uri.with_object("-root"), *kind),
        }
    }

    /// That of one of several CAs that are made at once: with the name of the CA behind its label.
    pub(crate) fn called(&self, name: &str) -> Self {
        match self {
            Self::File(kind) => Self::File(*kind),
            Self::Token(uri, kind) => Self::Token(uri.with_object(&format!("-{name}")), *kind),
        }
    }

    /// What the records say of it: the file, or the URI.
    pub(crate) fn kept(&self, file: String) -> String {
        match self {
            Self::File(_) => file,
            Self::Token(uri, _) => uri.to_string(),
        }
    }
}

/// A key that signs for a new CA.
pub(crate) struct MadeKey {
    pub(crate) signer: Box<dyn Signer>,
    pub(crate) public_key: PublicKey,
    /// Whether we made it, so that its primes need no check.
    pub(crate) is_generated: bool,
}

impl MadeKey {
    /// A key that this process has made, for a file.
    pub(crate) fn of_file(key: PrivateKey) -> Self {
        Self {
            public_key: key.public_key(),
            is_generated: key.is_generated(),
            signer: Box::new(FileKey::new(key)),
        }
    }
}

/// Makes or finds the key of `choice`; one in a file becomes `file` of `files`.
pub(crate) fn key(choice: &KeyChoice, file: &str, files: &mut Further<'_>) -> Result<MadeKey> {
    match choice {
        KeyChoice::File(kind) => {
            let key = PrivateKey::generate(*kind)?;
            files.key(file, &key)?;
            Ok(MadeKey::of_file(key))
        }
        KeyChoice::Token(uri, kind) => in_token(uri, *kind),
    }
}

/// The key that `uri` names; where there is none it is made.
pub(crate) fn in_token(uri: &TokenUri, kind: KeyKind) -> Result<MadeKey> {
    let (key, is_generated) = match TokenKey::find(uri.clone()) {
        Err(TokenError::NoKey { found: 0, .. }) => (TokenKey::generate(uri.clone(), kind)?, true),
        found => (found?, false),
    };
    Ok(MadeKey {
        public_key: key.public_key(),
        signer: Box::new(key),
        is_generated,
    })
}

/// What signs with a key that is kept: a file in `folder`, or a key in a token, whose public half is `public_key`.
pub(crate) fn kept(folder: &Path, key: &str, public_key: &PublicKey) -> Result<Box<dyn Signer>> {
    if is_in_a_token(key) {
        return Ok(Box::new(TokenKey::new(key.parse()?, public_key.clone())?));
    }
    let Some(algorithm) = public_key.signature_algorithm_in_file() else {
        return Ok(Box::new(FileKey::new(folder::read_key(folder, key)?)));
    };
    Ok(Box::new(KeptKey {
        folder: folder.to_owned(),
        name: key.to_owned(),
        public_key: public_key.clone(),
        algorithm,
        opened: OnceLock::new(),
    }))
}

/// A key file, which is read when it signs for the first time: a look into the records needs no key, and nobody is asked
/// for a passphrase.
struct KeptKey {
    folder: PathBuf,
    name: String,
    public_key: PublicKey,
    algorithm: AlgorithmIdentifierOwned,
    opened: OnceLock<FileKey>,
}

impl KeptKey {
    fn open(&self) -> Result<&FileKey, SignerError> {
        if let Some(key) = self.opened.get() {
            return Ok(key);
        }
        let key = FileKey::new(folder::read_key(&self.folder, &self.name)?);
        key.public_key().must_be(&self.public_key)?;
        Ok(self.opened.get_or_init(|| key))
    }
}

impl Signer for KeptKey {
    fn algorithm(&self) -> AlgorithmIdentifierOwned {
        self.algorithm.clone()
    }

    fn public_key(&self) -> PublicKey {
        self.public_key.clone()
    }

    fn ready(&self) -> Result<(), SignerError> {
        self.open().map(drop)
    }

    fn sign(&self, tbs: &Tbs<'_>) -> Result<Vec<u8>, SignerError> {
        Signer::sign(self.open()?, tbs)
    }
}

/// The public half of a key that is kept.
pub(crate) fn public_half(folder: &Path, key: &str) -> Result<PublicKey> {
    if is_in_a_token(key) {
        return Ok(TokenKey::find(key.parse()?)?.public_key());
    }
    Ok(folder::read_key(folder, key)?.public_key())
}

/// Whether a key that is kept can be asked at all: its file is there, or it is in a token.
pub(crate) fn is_here(folder: &Path, key: &str) -> bool {
    is_in_a_token(key) || folder.join(key).exists()
}

fn is_in_a_token(key: &str) -> bool {
    key.starts_with("pkcs11:")
}
