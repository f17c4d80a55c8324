//! A PKCS#8 key behind a password: EncryptedPrivateKeyInfo (RFC 5958 section 3), as `openssl pkcs8 -topk8` and
//! `openssl genpkey -aes256` write it, and as older programs did.

use der::{
    AnyRef, Decode, Encode, Reader, Sequence, SliceReader, Tagged,
    asn1::{ObjectIdentifier, OctetString},
};
use pkcs5::pbes2::{Kdf, Parameters};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use crate::{algorithms::name_of, container};
use handfast_pki::{Error, PrivateKey, Result, Shown};

const WHAT: &str = "encrypted private key";
/// With the old algorithms, which OpenSSL 3 keeps in a provider of their own.
const WAY: &str =
    "write it anew: openssl pkey -provider legacy -provider default -in FILE -aes256 -out new.key";
/// As before PKCS#8, where the way needs no old provider.
const WAY_1421: &str = "write it anew: openssl pkey -in FILE -aes256 -out new.key";
/// Rounds that a derivation may ask for: some seconds of work.
const MOST_ROUNDS: u32 = 10_000_000;
/// Memory that scrypt may ask for.
const MOST_MEMORY: u64 = 1 << 30;

#[derive(Sequence)]
struct Locked {
    algorithm: AlgorithmIdentifierOwned,
    data: OctetString,
}

/// A key with the headers of RFC 1421, which is never unlocked: its cipher is keyed with one round of MD5.
pub(crate) fn of_rfc_1421() -> Error {
    Error::NotOpened {
        what: WHAT,
        detail: "it is locked as before PKCS#8 (Proc-Type: 4,ENCRYPTED), which is not read".into(),
        way: WAY_1421,
    }
}

/// Rounds of PBKDF2 with HMAC-SHA-256 for a new lock, as OWASP has asked for since 2023.
const ROUNDS: u32 = 600_000;

/// `key` behind `password`, DER: PBKDF2 and AES-256-CBC, which every OpenSSL since 1.1 opens. `salt` and `iv` are random and
/// used once.
pub fn lock(key: &PrivateKey, password: &str, salt: [u8; 16], iv: [u8; 16]) -> Result<Vec<u8>> {
    let failed = |_| Error::Crypto {
        what: "locking a private key",
    };
    let malformed = |error: der::Error| Error::Malformed {
        what: WHAT,
        detail: error.into(),
    };
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv).map_err(failed)?;
    let data = parameters.encrypt(password, key.pkcs8()).map_err(failed)?;
    let algorithm = pkcs5::EncryptionScheme::from(parameters)
        .to_der()
        .map_err(malformed)?;
    let locked = Locked {
        algorithm: AlgorithmIdentifierOwned::from_der(&algorithm).map_err(malformed)?,
        data: OctetString::new(data).map_err(malformed)?,
    };
    locked.to_der().map_err(malformed)
}

/// The key in `der`, EncryptedPrivateKeyInfo.
pub fn unlock(der: &[u8], password: &str) -> Result<PrivateKey> {
    let malformed = |error: der::Error| Error::Malformed {
        what: WHAT,
        detail: error.into(),
    };
    let locked = Locked::from_der(der).map_err(malformed)?;
    let oid = locked.algorithm.oid.to_string();
    if matches!(
        oid.as_str(),
        "1.2.840.113549.1.12.1.3" | "1.2.840.113549.1.12.1.6"
    ) {
        return container::unlock_shrouded(der, password);
    }
    let algorithm = locked.algorithm.to_der().map_err(malformed)?;
    let scheme = pkcs5::EncryptionScheme::try_from(&algorithm[..]).map_err(|_| unread(&locked.algorithm))?;
    let parameters = scheme.pbes2().ok_or_else(|| unread(&locked.algorithm))?;
    must_be_bounded(&parameters.kdf)?;
    let plain = parameters
        .decrypt(password, locked.data.as_bytes())
        .map(Zeroizing::new)
        .map_err(|error| match error {
            pkcs5::Error::DecryptFailed => Error::Password { what: WHAT },
            _ => unread(&locked.algorithm),
        })?;
    // A wrong password passes the padding once in 256 times.
    PrivateKey::from_der(&plain).map_err(|error| match error {
        Error::Malformed { .. } => Error::Password { what: WHAT },
        other => other,
    })
}

/// Deriving a key takes as long as its author likes.
fn must_be_bounded(kdf: &Kdf) -> Result<()> {
    let is_bounded = match kdf {
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MOST_ROUNDS,
        Kdf::Scrypt(scrypt) => {
            let memory = scrypt
                .cost_parameter
                .checked_mul(128 * u64::from(scrypt.block_size));
            memory.is_some_and(|memory| memory <= MOST_MEMORY) && scrypt.parallelization <= 16
        }
        _ => false,
    };
    is_bounded.then_some(()).ok_or(Error::NotOpened {
        what: WHAT,
        detail: "deriving its key asks for more work than any program asks for".into(),
        way: WAY,
    })
}

/// The scheme, and of PBES2 the parts that make the difference: PBES2 itself is read.
fn unread(algorithm: &AlgorithmIdentifierOwned) -> Error {
    let names: Vec<Shown> = match parts(algorithm) {
        Some(parts) => parts.iter().map(|oid| Shown::from(name_of(oid))).collect(),
        None => Vec::new(),
    };
    let scheme = name_of(&algorithm.oid.to_string());
    let detail = if names.is_empty() {
        Shown::filled("it is locked with {}, which is not read", &[&scheme])
    } else {
        Shown::filled(
            "it is locked with {} of {}, which are not read together",
            &[&scheme, &Shown::all(names)],
        )
    };
    Error::NotOpened {
        what: WHAT,
        detail,
        way: WAY,
    }
}

/// The object identifiers within the parameters of PBES2 (RFC 8018 appendix A.4) that have a name here, PBKDF2 aside.
fn parts(algorithm: &AlgorithmIdentifierOwned) -> Option<Vec<String>> {
    const PBKDF2: &str = "1.2.840.113549.1.5.12";
    let parameters = algorithm.parameters.as_ref()?.to_der().ok()?;
    let mut found = Vec::new();
    let mut open = vec![parameters];
    while let Some(der) = open.pop() {
        let value = AnyRef::from_der(&der).ok()?;
        if let Ok(oid) = value.decode_as::<ObjectIdentifier>() {
            found.push(oid.to_string());
        } else if value.tag() == der::Tag::Sequence {
            let mut reader = SliceReader::new(value.value()).ok()?;
            let mut inner = Vec::new();
            while !reader.is_finished() {
                inner.push(reader.tlv_bytes().ok()?.to_vec());
            }
            // In the order in which they are written.
            open.extend(inner.into_iter().rev());
        }
    }
    found.retain(|oid| oid != PBKDF2);
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use handfast_pki::KeyKind;

    use super::*;

    #[test]
    fn what_is_locked_opens_with_its_password_and_no_other() {
        let key = PrivateKey::generate(KeyKind::P256).expect("a key");
        let locked = lock(&key, "open sesame", [1; 16], [2; 16]).expect("locked");
        let again = unlock(&locked, "open sesame").expect("opened");
        assert_eq!(again.public_key(), key.public_key());
        assert_eq!(
            unlock(&locked, "open").map(drop),
            Err(Error::Password { what: WHAT })
        );
    }
}
