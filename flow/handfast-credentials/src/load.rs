//! What files hold, decoded and checked: certificates, keys, passwords, trusted CAs, revocation lists.

use std::{
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};

use handfast_finding::{Problem, shell::shell};
use handfast_pki::{
    Anchors, Certificate, Code, PrivateKey, Purpose, code,
    crl::RevocationList,
    pem::{self, Item},
};
use handfast_tls::Credentials;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::files::{read, read_regular};

/// The certificates in the file `path`, in order.
pub fn certificates(path: &Path) -> Result<Vec<Certificate>, Problem> {
    decoded(path, &read(path)?, pem::certificates)
}

/// The private key in the file `path`.
pub fn private_key(path: &Path) -> Result<PrivateKey, Problem> {
    decoded(path, &Zeroizing::new(read(path)?), pem::private_key)
}

/// The password in the first line of the file `path`. A private key in its place is refused: passwords are handed to
/// programs, and for Java even shown.
pub fn password(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let text = Zeroizing::new(read(path)?);
    let shown = path.display();
    if pem::holds_private_key(&text) {
        let message = format!("\"{shown}\": expected a password in the first line, found a private key");
        return Err(Problem::new(code::WRONG_FORMAT, message));
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => {
            let message = format!("\"{shown}\": expected a password in the first line");
            Err(Problem::new(code::WRONG_FORMAT, message))
        }
    }
}

/// The revocation lists in `path`, PEM or DER.
pub fn revocation_lists(path: &Path) -> Result<Vec<RevocationList>, Problem> {
    let items = decoded(path, &read(path)?, pem::read)?;
    let lists: Vec<RevocationList> = items
        .into_iter()
        .filter_map(|item| match item {
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

/// Reads a chain and its key for `purpose`, and refuses a pair that no peer would take.
pub fn credentials(
    cert: &Path,
    key: &Path,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Credentials, Problem> {
    let chain = chain(cert)?;
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

/// `chain` with its key out of the file `key`. They must be a pair; whether it is still valid is not asked.
pub fn paired(chain: Vec<Certificate>, private: &PrivateKey, key: &Path) -> Result<Credentials, Problem> {
    Credentials::new(chain, private).map_err(|error| in_file(key, error.code(), &error, error.hint()))
}

/// Reads a file of trusted CAs.
pub fn anchors(path: &Path, now: Timestamp) -> Result<Anchors, Problem> {
    Anchors::new(chain(path)?, now).map_err(|error| {
        in_file(path, error.code(), &error, Some("see what is in it"))
            .command(format!("handfast inspect {}", shell(path.display())))
    })
}

/// What is wrong with each of a server's files by itself, without a server.
pub fn faults(cert: &Path, key: &Path, client_ca: &Path, now: Timestamp) -> Vec<Problem> {
    let (own, private) = (chain(cert).err(), key_of(key).err());
    let pair = match (&own, &private) {
        (None, None) => credentials(cert, key, Purpose::Server, now).err(),
        _ => None,
    };
    let clients = anchors(client_ca, now).err();
    [own, private, pair, clients].into_iter().flatten().collect()
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

fn chain(path: &Path) -> Result<Vec<Certificate>, Problem> {
    decoded(path, &read_regular(path)?, pem::certificates)
}

fn key_of(path: &Path) -> Result<PrivateKey, Problem> {
    decoded(path, &Zeroizing::new(read_regular(path)?), pem::private_key)
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
