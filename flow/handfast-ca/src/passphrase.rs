//! Passphrase: what opens key files that are encrypted. It is looked for once in a process, when a key is needed first: in
//! the file that was given ([`passphrase_in`]) or that HANDFAST_PASSPHRASE_FILE names, in HANDFAST_PASSPHRASE, and then by asking a person, where the program can.

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
};

use handfast_credentials::load;
use handfast_pki::{Code, Error as PkiError, PrivateKey, Result as PkiResult, code, pem};
use zeroize::Zeroizing;

use handfast_formats::locked;

/// How a person is asked; nothing where there is no terminal.
pub(crate) type Ask = fn() -> Option<Zeroizing<String>>;

static ASK: OnceLock<Ask> = OnceLock::new();
static KNOWN: Mutex<Option<Zeroizing<String>>> = Mutex::new(None);

const FILE: &str = "HANDFAST_PASSPHRASE_FILE";
const VALUE: &str = "HANDFAST_PASSPHRASE";

static GIVEN: OnceLock<PathBuf> = OnceLock::new();

/// Why an encrypted key cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// None was given, and there is nobody to ask.
    #[error("the key in \"{}\" is encrypted, and no passphrase was given", path.display())]
    Missing { path: PathBuf },
    /// The file with it.
    #[error("the passphrase cannot be read from \"{}\": {detail}", path.display())]
    File { path: PathBuf, detail: String },
    /// It opens nothing.
    #[error("the passphrase does not open the key in \"{}\"", path.display())]
    Wrong { path: PathBuf },
    /// It does not open the keys of a backup.
    #[error("the passphrase does not open the keys in the backup \"{}\"", path.display())]
    OfBackup { path: PathBuf },
}

impl PassphraseError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => code::KEY_ENCRYPTED,
            Self::File { .. } => code::UNREADABLE,
            Self::Wrong { .. } | Self::OfBackup { .. } => code::WRONG_PASSPHRASE,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { .. } => {
                format!(
                    "name a file with it in its first line: --passphrase-file FILE or {FILE}=FILE, or run the command on a terminal"
                )
            }
            Self::File { .. } => "name a file that has it in its first line, in UTF-8".into(),
            Self::OfBackup { .. } => {
                "give the file with the passphrase that the backup was made with: --passphrase-file FILE"
                    .into()
            }
            Self::Wrong { .. } => {
                format!("see that --passphrase-file, {FILE} and {VALUE} are those of this CA")
            }
        }
    }
}

/// Says how people are asked; the first one counts.
pub fn ask_by(ask: Ask) {
    let _ = ASK.set(ask);
}

/// Says in which file the passphrase is, before all other places; the first one counts. It is read when a key needs it.
pub fn passphrase_in(file: &Path) {
    let _ = GIVEN.set(file.to_owned());
}

/// The passphrase of this process; nothing where there is none and nobody to ask.
pub(crate) fn get() -> Result<Option<Zeroizing<String>>, PassphraseError> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.is_none() {
        let given = GIVEN
            .get()
            .cloned()
            .or_else(|| env::var_os(FILE).map(PathBuf::from));
        *known = match given {
            Some(path) => Some(of_file(&path)?),
            None => of_environment().or_else(|| ASK.get().and_then(|ask| ask())),
        };
    }
    Ok(known.clone())
}

/// As every file with a password is read.
fn of_file(path: &Path) -> Result<Zeroizing<String>, PassphraseError> {
    load::password(path).map_err(|problem| PassphraseError::File {
        path: path.to_owned(),
        detail: problem.message,
    })
}

fn of_environment() -> Option<Zeroizing<String>> {
    env::var(VALUE)
        .ok()
        .filter(|text| !text.is_empty())
        .map(Zeroizing::new)
}

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Whether `text` is a key that [`lock`] has made, or another program with the same label.
pub(crate) fn is_locked(text: &[u8]) -> bool {
    let line = format!("-----BEGIN {LABEL}-----");
    text.windows(line.len()).any(|window| window == line.as_bytes())
}

/// `key` behind `passphrase`, PEM.
pub(crate) fn lock(key: &PrivateKey, passphrase: &str) -> PkiResult<String> {
    let mut random = [0; 32];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| PkiError::Crypto {
        what: "drawing a salt",
    })?;
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    salt.copy_from_slice(&random[..16]);
    iv.copy_from_slice(&random[16..]);
    Ok(pem::write(LABEL, &locked::lock(key, passphrase, salt, iv)?))
}

/// The key in `text`.
pub(crate) fn unlock(text: &[u8], passphrase: &str) -> PkiResult<PrivateKey> {
    let blocks = pem::blocks_of(text)?;
    let block = blocks.first().ok_or(PkiError::Unexpected {
        expected: "an encrypted private key",
        found: "nothing".into(),
    })?;
    locked::unlock(&block.contents()?, passphrase)
}

/// The key in `text`, which stands in `path`, with the passphrase of this process.
pub(crate) fn open(text: &[u8], path: &Path) -> Result<PkiResult<PrivateKey>, PassphraseError> {
    let path = || path.to_owned();
    let passphrase = get()?.ok_or_else(|| PassphraseError::Missing { path: path() })?;
    match unlock(text, &passphrase) {
        Err(PkiError::Password { .. }) => Err(PassphraseError::Wrong { path: path() }),
        other => Ok(other),
    }
}
