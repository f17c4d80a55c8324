//! Reading what people call "a certificate file": PEM with comments, any line ends and a byte order mark, or DER.
//!
//! In: bytes. Out: the items in order, each with its type. What cannot be told apart is an error that
//! says what kind of thing was found instead, and repeats nothing of it: it may be a private key. Nothing that claims to
//! be a PEM block is skipped in silence. How a text is split into blocks, only `blocks` knows, and what is in them, only
//! `contents`.

pub mod ber;
mod blocks;
mod contents;
pub mod envelope;
mod label;

use base64ct::{Base64, Encoding};
use rustls_pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use self::blocks::malformed;
pub use self::{
    blocks::Block,
    contents::{Item, LockedKey, RFC_1421, certificates, private_key, read, request},
    label::Label,
};
use crate::{Error, Result, Shown, text::utf16};

/// The largest input that is read, in bytes: 500 roots or a large CRL fit, a bomb does not.
pub const LARGEST: usize = 64 << 20;

/// Whether a private key is in `bytes`, in a form that people have keys in, spoiled ones among them.
pub fn holds_private_key(bytes: &[u8]) -> bool {
    let decoded = utf16(bytes).map(|text| Zeroizing::new(text.into_bytes()));
    let bytes = decoded.as_ref().map_or(bytes, |decoded| decoded);
    let is_der = |der: &[u8]| {
        PrivateKeyDer::try_from(der).is_ok() || envelope::is_pkcs12(der) || envelope::is_encrypted_key(der)
    };
    let packed: Zeroizing<Vec<u8>> = Zeroizing::new(
        bytes
            .iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .copied()
            .collect(),
    );
    let decoded = std::str::from_utf8(&packed)
        .ok()
        .and_then(|text| Base64::decode_vec(text).ok())
        .map(Zeroizing::new);
    find(bytes, b"PRIVATE KEY").is_some()
        || is_der(bytes)
        || envelope::is_java_keystore(bytes)
        || decoded.is_some_and(|der| is_der(&der) || find(&der, b"PRIVATE KEY").is_some())
}

/// `der` as one PEM block with `label` (RFC 7468), LF line ends.
pub fn write(label: &str, der: &[u8]) -> String {
    // The label is a constant of ours and the input bounded, so encoding cannot fail.
    pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der).unwrap_or_default()
}

/// The same text as [`write`], in parts of a bounded size, for what is large.
pub fn write_parts<'a>(label: &'a str, der: &'a [u8]) -> impl Iterator<Item = String> + 'a {
    let lines = der.chunks(BYTES_OF_A_PART).map(|chunk| {
        let text = Base64::encode_string(chunk);
        // Base64 is ASCII, and a part is a whole number of lines.
        let lines = text.as_bytes().chunks(64);
        lines.fold(
            String::with_capacity(text.len() + text.len() / 64 + 1),
            |mut part, line| {
                part.extend(line.iter().copied().map(char::from));
                part.push('\n');
                part
            },
        )
    });
    std::iter::once(format!("-----BEGIN {label}-----\n"))
        .chain(lines)
        .chain(std::iter::once(format!("-----END {label}-----\n")))
}

/// A thousand lines.
const BYTES_OF_A_PART: usize = 48 * 1000;

/// Whether `bytes` are a text in which something opens a PEM block.
pub fn is_pem(bytes: &[u8]) -> bool {
    find(bytes, b"-----BEGIN ").is_some()
}

/// `bytes` without the byte order mark of UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn must_not_be_larger(bytes: &[u8]) -> Result<()> {
    if bytes.len() <= LARGEST {
        return Ok(());
    }
    Err(Error::Unexpected {
        expected: "at most 64 MiB",
        found: Shown::filled("{} bytes", &[&bytes.len()]),
    })
}

/// The blocks of the PEM text `bytes`, at least one.
pub fn blocks_of(bytes: &[u8]) -> Result<Vec<Block<'_>>> {
    must_not_be_larger(bytes)?;
    let blocks = blocks::blocks(without_mark(bytes))?;
    if blocks.is_empty() {
        return Err(malformed("a BEGIN line that opens no block".into()));
    }
    Ok(blocks)
}

/// Where `needle` first stands in `hay`.
fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateKey;

    #[test]
    fn parts_are_the_same_text_as_the_whole() {
        for length in [
            1,
            47,
            48,
            49,
            BYTES_OF_A_PART,
            BYTES_OF_A_PART + 1,
            3 * BYTES_OF_A_PART - 5,
        ] {
            let der: Vec<u8> = (0..length).map(|octet| octet as u8).collect();
            let parts: String = write_parts("X509 CRL", &der).collect();
            assert!(parts == write("X509 CRL", &der), "{length}");
        }
    }

    #[test]
    fn a_private_key_is_known_in_the_forms_that_people_have() {
        let key = PrivateKey::generate(crate::KeyKind::P256).expect("a key");
        let pem = key.to_pem();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let sixteen: Vec<u8> = pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let once_more = base64ct::Base64::encode_string(pem.as_bytes());
        for bytes in [
            pem.as_bytes(),
            key.pkcs8(),
            body.as_bytes(),
            &sixteen,
            once_more.as_bytes(),
        ] {
            assert!(holds_private_key(bytes), "{bytes:?}");
        }
        for bytes in [
            &b"changeit\n"[..],
            b"",
            b"3q2+7w==",
            b"cvRx2/Jm0hBqT1tCk3pY9wQm4uZb7sXe5aLd8fGh1iI=",
        ] {
            assert!(!holds_private_key(bytes), "{bytes:?}");
        }
    }
}
