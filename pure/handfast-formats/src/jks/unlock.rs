//! The two ways in which a JKS uses its password, as the JDK's `JavaKeyStore` and `KeyProtector` do it: a digest
//! over the whole, and a stream of digests over each key. Both are as weak as they look; they are only undone here.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use der::{
    Decode, Sequence,
    asn1::{ObjectIdentifier, OctetString},
};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use crate::algorithms::name_of;
use handfast_pki::{Error, PrivateKey, Result, Shown};

const DIGEST: usize = 20;
/// The algorithm of `KeyProtector`, in the arc of Sun.
const KEY_PROTECTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.42.2.17.1.1");

/// EncryptedPrivateKeyInfo (RFC 5958 section 3).
#[derive(Sequence)]
struct Locked {
    algorithm: AlgorithmIdentifierOwned,
    data: OctetString,
}

/// Whether the digest at the end of the store `bytes` is the one that `password` gives.
pub(super) fn is_whole(bytes: &[u8], password: &str) -> bool {
    let Some((content, digest)) = bytes.split_at_checked(bytes.len().saturating_sub(DIGEST)) else {
        return false;
    };
    sha1(&[&utf16(password), b"Mighty Aphrodite", content]) == digest
}

/// The key in `protected`.
pub(super) fn key(protected: &[u8], password: &str) -> Result<PrivateKey> {
    let malformed = |detail: Shown| Error::Malformed {
        what: "key in the Java keystore",
        detail,
    };
    let locked = Locked::from_der(protected).map_err(|error| malformed(error.into()))?;
    if locked.algorithm.oid != KEY_PROTECTOR {
        let name = name_of(&locked.algorithm.oid.to_string());
        return Err(Error::NotOpened {
            what: "key in the Java keystore",
            detail: Shown::filled("it is locked with {}, which is not read", &[&name]),
            way: "let keytool write it anew: keytool -importkeystore -srckeystore FILE -destkeystore new.p12 \
                  -deststoretype PKCS12",
        });
    }
    let data = locked.data.as_bytes();
    if data.len() <= 2 * DIGEST {
        return Err(malformed("it breaks off".into()));
    }
    let (salt, rest) = data.split_at(DIGEST);
    let (covered, check) = rest.split_at(rest.len() - DIGEST);
    let password = utf16(password);
    let mut plain = Zeroizing::new(covered.to_vec());
    let mut block = salt.to_vec();
    for piece in plain.chunks_mut(DIGEST) {
        block = sha1(&[&password, &block]);
        for (byte, mask) in piece.iter_mut().zip(&block) {
            *byte ^= mask;
        }
    }
    if sha1(&[&password, &plain]) != check {
        return Err(Error::Password {
            what: "key in the Java keystore",
        });
    }
    PrivateKey::from_der(&plain)
}

/// As Java holds a password: 16 bits for each character, the higher half first.
fn utf16(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.encode_utf16().flat_map(u16::to_be_bytes).collect())
}

fn sha1(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}
