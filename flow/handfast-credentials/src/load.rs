//! What files hold, decoded and checked: certificates, keys, passwords, trusted CAs, revocation lists.

use std::{
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};

use handfast_finding::{Problem, shell::shell};
use handfast_formats::open::{self, Form, Opened};
use handfast_pki::{
    Anchors, Certificate, Code, PrivateKey, Purpose, Request, SignedList, code,
    crl::RevocationList,
    pem::{self, Item, Label},
    revocation::{Stale, set::RevocationSets},
    text::{printable, utf16},
};
use handfast_tls::Credentials;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    files::{read, read_regular},
    missing::Missing,
};

/// The certificates in the file `path`, in order.
pub fn certificates(path: &Path) -> Result<Vec<Certificate>, Problem> {
    let bytes = read(path).map_err(|problem| Missing::Certificate.told(path, problem))?;
    decoded(path, &bytes, open::certificates)
}

/// The private key in the file `path`.
pub fn private_key(path: &Path) -> Result<PrivateKey, Problem> {
    let bytes = read(path).map_err(|problem| Missing::Key.told(path, problem))?;
    decoded(path, &Zeroizing::new(bytes), open::private_key)
}

/// The one certificate request in the file `path`.
pub fn request(path: &Path) -> Result<Request, Problem> {
    decoded(path, &read(path)?, open::request)
}

/// The password in the first line of the file `path`, whichever editor wrote it: in UTF-8 or UTF-16, with a byte order
/// mark or without, with any line ends. A private key in its place is refused: passwords are handed to programs, and for
/// Java even shown.
pub fn password(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let bytes = Zeroizing::new(read(path).map_err(|problem| Missing::Password.told(path, problem))?);
    let shown = path.display();
    let wrong = |what: &str| {
        let message = format!("\"{shown}\": expected a password in the first line, found {what}");
        Problem::new(code::WRONG_FORMAT, message)
    };
    if pem::holds_private_key(&bytes) {
        return Err(wrong("a private key"));
    }
    let text = match (utf16(&bytes), std::str::from_utf8(&bytes)) {
        (Some(text), _) => Zeroizing::new(text),
        (None, Ok(text)) => Zeroizing::new(text.to_owned()),
        (None, Err(_)) => {
            return Err(wrong("no UTF-8").help("save the file as UTF-8, without anything else in it"));
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    if line.is_empty() {
        return Err(wrong("nothing"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// Refuses a password file that we read and others do not: what is handed to another program as it is must be UTF-8 without a
/// byte order mark.
pub fn password_for_others(path: &Path) -> Result<(), Problem> {
    password(path)?;
    let bytes = Zeroizing::new(read(path)?);
    let what = if utf16(&bytes).is_some() {
        "text in UTF-16"
    } else if bytes.starts_with(b"\xef\xbb\xbf") {
        "a byte order mark"
    } else {
        return Ok(());
    };
    let message = format!(
        "\"{}\": expected a password that other programs read, found {what}, which they take for a part of it",
        path.display()
    );
    Err(Problem::new(code::WRONG_FORMAT, message).help("save the file as UTF-8 without a byte order mark"))
}

/// Refuses a file in a form that we read and other programs do not, for a file that they are pointed to.
pub fn must_be_plain(path: &Path) -> Result<(), Problem> {
    let bytes = Zeroizing::new(read(path).map_err(|problem| Missing::Certificate.told(path, problem))?);
    let opened = decoded(path, &bytes, |bytes| open::open(bytes, &[]))?;
    let found = match opened.form {
        _ if utf16(&bytes).is_some() => "text in UTF-16",
        Form::Pem | Form::Der => return Ok(()),
        other => other.name(),
    };
    let message = format!(
        "\"{}\": expected PEM, which other programs read, found {found}",
        path.display()
    );
    Err(Problem::new(code::WRONG_FORMAT, message)
        .help("write it as PEM")
        .command(format!(
            "handfast convert {} --to pem --out FILE",
            shell(path.display())
        )))
}

/// The parts of the file `path`, opened with the password in the first line of `password_file`. A password that was given and
/// does not fit is an answer of its own.
pub fn opened(path: &Path, password_file: Option<&Path>) -> Result<Opened, Problem> {
    let password = password_file.map(password).transpose()?;
    let passwords: Vec<&str> = password.iter().map(|password| password.as_str()).collect();
    let bytes = Zeroizing::new(read(path)?);
    let shown = printable(&path.display().to_string());
    let about = |error: &handfast_pki::Error| Problem::about(format_args!("\"{shown}\""), error);
    let opened = open::open(&bytes, &passwords).map_err(|error| about(&error))?;
    let is_wrong = |error: &&handfast_pki::Error| matches!(error, handfast_pki::Error::Password { .. });
    let of_parts = opened.parts.iter().filter_map(|part| part.closed.as_ref());
    match opened.closed.iter().chain(of_parts).find(is_wrong) {
        Some(error) => Err(about(error)),
        None => Ok(opened),
    }
}

/// The revocation lists in `path`: PEM, DER, or within PKCS#7.
pub fn revocation_lists(path: &Path) -> Result<Vec<RevocationList>, Problem> {
    let bytes = read(path).map_err(|problem| Missing::RevocationList.told(path, problem))?;
    let opened = decoded(path, &bytes, |bytes| open::open(bytes, &[]))?;
    let lists: Vec<RevocationList> = opened
        .parts
        .into_iter()
        .filter_map(|part| match part.item {
            Item::Crl(list) => Some(*list),
            _ => None,
        })
        .collect();
    if lists.is_empty() {
        let message = format!("\"{}\" holds no revocation list", path.display());
        return Err(Problem::new(code::WRONG_FORMAT, message));
    }
    Ok(lists)
}

/// The revocation lists in the file `path`, PEM or DER. `issuers`, and the certificates that lie in the file, may have signed
/// them.
pub fn signed_lists(
    path: &Path,
    issuers: &[Certificate],
    now: Timestamp,
    stale: Stale,
) -> Result<Vec<SignedList>, Problem> {
    let bytes = read_regular(path).map_err(|problem| Missing::RevocationList.told(path, problem))?;
    signed_lists_of(&bytes, issuers, now, stale).map_err(|problem| Problem {
        message: format!("\"{}\": {}", path.display(), problem.message),
        ..problem
    })
}

/// The same of `bytes`; at least one list.
pub fn signed_lists_of(
    bytes: &[u8],
    issuers: &[Certificate],
    now: Timestamp,
    stale: Stale,
) -> Result<Vec<SignedList>, Problem> {
    let unreadable = |error: handfast_pki::Error| Problem::new(error.code(), error);
    let mut issuers = issuers.to_vec();
    let mut ders = Vec::new();
    if pem::is_pem(bytes) {
        for block in pem::blocks_of(bytes).map_err(unreadable)? {
            if block.label == Label::CRL {
                ders.push(block.contents().map_err(unreadable)?.to_vec());
                continue;
            }
            match block.item() {
                Ok(Item::Certificate(certificate)) => issuers.push(*certificate),
                Err(error) if block.label == Label::CERTIFICATE => return Err(unreadable(error)),
                _ => {}
            }
        }
    } else {
        ders.push(bytes.to_vec());
    }
    if ders.is_empty() {
        return Err(Problem::new(
            code::WRONG_FORMAT,
            "expected a revocation list, found none",
        ));
    }
    let read = |der: &Vec<u8>| {
        SignedList::read(der, &issuers, now, stale)
            .map_err(|error| Problem::new(error.code(), &error).help(error.hint()))
    };
    ders.iter().map(read).collect()
}

/// The revocation sets in the file `path`.
pub fn revocation_sets(path: &Path, now: Timestamp) -> Result<RevocationSets, Problem> {
    let bytes = read_regular(path).map_err(|problem| Missing::RevocationList.told(path, problem))?;
    RevocationSets::read(&bytes, now).map_err(|error| in_file(path, error.code(), &error, Some(error.hint())))
}

/// Reads a chain and its key for `purpose`, and refuses a pair that no peer would take.
pub fn credentials(
    cert: &Path,
    key: &Path,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Credentials, Problem> {
    let chain = chain(cert, Missing::Certificate)?;
    let private = key_of(key)?;
    let pair = Credentials::new(chain, &private).map_err(|error| {
        let wrong = if error.code() == code::CHAIN_ORDER {
            cert
        } else {
            key
        };
        in_file(wrong, error.code(), &error, error.hint())
    })?;
    pair.must_fit(purpose, now)
        .map_err(|error| in_file(cert, error.code(), &error, error.hint()))?;
    Ok(pair)
}

/// The chain in `cert` with its key in `key`, as [`paired`].
pub fn pair(cert: &Path, key: &Path) -> Result<Credentials, Problem> {
    paired(certificates(cert)?, &private_key(key)?, key)
}

/// `chain` with its key out of the file `key`. They must be a pair; whether it is still valid is not asked.
pub fn paired(chain: Vec<Certificate>, private: &PrivateKey, key: &Path) -> Result<Credentials, Problem> {
    Credentials::new(chain, private).map_err(|error| in_file(key, error.code(), &error, error.hint()))
}

/// Reads a file of trusted CAs.
pub fn anchors(path: &Path, now: Timestamp) -> Result<Anchors, Problem> {
    let certificates = chain(path, Missing::Ca)?;
    Anchors::new(certificates, now).map_err(|error| {
        in_file(path, error.code(), &error, Some("see what is in it"))
            .command(format!("handfast inspect {}", shell(path.display())))
    })
}

/// What is wrong with each of a server's own files by itself, without a server.
pub fn faults(cert: &Path, key: &Path, now: Timestamp) -> Vec<Problem> {
    let (own, private) = (chain(cert, Missing::Certificate).err(), key_of(key).err());
    let pair = match (&own, &private) {
        (None, None) => credentials(cert, key, Purpose::Server, now).err(),
        _ => None,
    };
    [own, private, pair].into_iter().flatten().collect()
}

/// The file in which the system keeps its CAs; none where there is none, so that every server is untrusted.
pub fn system_anchors(now: Timestamp) -> Anchors {
    const PLACES: [&str; 4] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
        "/etc/ssl/ca-bundle.pem",
    ];
    let given = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let read = |path: &Path| Anchors::new(certificates(path).ok()?, now).ok();
    let found = given
        .as_deref()
        .into_iter()
        .chain(PLACES.iter().map(Path::new))
        .find_map(read);
    found.unwrap_or_else(Anchors::nobody)
}

/// The certificates in the folder of `cert`: the missing intermediate often lies right there. What cannot be read is
/// passed over, for nobody asked for it.
pub fn neighbours(cert: &Path) -> Vec<Certificate> {
    const MOST: usize = 200;
    const LARGEST: u64 = 1 << 20;
    let Ok(entries) = fs::read_dir(crate::staging::parent(cert)) else {
        return Vec::new();
    };
    entries
        .flatten()
        .take(MOST)
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|data| data.is_file() && data.len() <= LARGEST)
        })
        .filter(|entry| entry.path() != cert)
        .filter_map(|entry| certificates(&entry.path()).ok())
        .flatten()
        .collect()
}

fn chain(path: &Path, missing: Missing) -> Result<Vec<Certificate>, Problem> {
    let bytes = read_regular(path).map_err(|problem| missing.told(path, problem))?;
    decoded(path, &bytes, open::certificates)
}

fn key_of(path: &Path) -> Result<PrivateKey, Problem> {
    let bytes = read_regular(path).map_err(|problem| Missing::Key.told(path, problem))?;
    decoded(path, &Zeroizing::new(bytes), open::private_key)
}

fn decoded<T>(
    path: &Path,
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> handfast_pki::Result<T>,
) -> Result<T, Problem> {
    decode(bytes).map_err(|error| in_file(path, error.code(), &error, error.hint()))
}

/// A problem with the contents of `path`.
fn in_file(path: &Path, code: Code, error: &dyn Display, help: Option<&str>) -> Problem {
    let problem = Problem::new(code, format_args!("\"{}\": {error}", path.display()));
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}
