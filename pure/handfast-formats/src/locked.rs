//! A PKCS#8 key behind a password: EncryptedPrivateKeyInfo (RFC 5958 section 3), as `openssl pkcs8 -topk8` and
//! `openssl genpkey -aes256` write it.

use der::{Decode, Sequence, asn1::OctetString};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use handfast_pki::{Error, PrivateKey, Result, Shown};

#[derive(Sequence)]
struct Locked {
    algorithm: AlgorithmIdentifierOwned,
    data: OctetString,
}

/// The key in `der`.
pub(crate) fn unlock(der: &[u8], password: &str) -> Result<PrivateKey> {
    const WHAT: &str = "encrypted private key";
    let malformed = |detail: Shown| Error::Malformed { what: WHAT, detail };
    let locked = Locked::from_der(der).map_err(|error| malformed(error.into()))?;
    let unread = || {
        malformed(Shown::filled(
            "it is locked with {}, which is not read; write it anew: openssl pkey -in FILE -aes256 -out new.key",
            &[&locked.algorithm.oid],
        ))
    };
    let algorithm = der::Encode::to_der(&locked.algorithm).map_err(|error| malformed(error.into()))?;
    let scheme = pkcs5::EncryptionScheme::try_from(&algorithm[..]).map_err(|_| unread())?;
    let plain = scheme
        .decrypt(password, locked.data.as_bytes())
        .map(Zeroizing::new)
        .map_err(|error| match error {
            pkcs5::Error::DecryptFailed => Error::Password { what: WHAT },
            _ => unread(),
        })?;
    // A wrong password passes the padding once in 256 times.
    PrivateKey::from_der(&plain).map_err(|error| match error {
        Error::Malformed { .. } => Error::Password { what: WHAT },
        other => other,
    })
}
