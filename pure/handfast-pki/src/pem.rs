//! Reading what people call "a certificate file": PEM with comments, CRLF and a byte order mark, or DER.
//!
//! In: bytes. Out: the items in order, each with its type. What cannot be told apart is an error that
//! says what was found instead; nothing that claims to be a PEM block is skipped in silence.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use der::{Decode, Header, Reader, SliceReader};
use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::{Certificate, Error, PrivateKey, Request, Result, crl::RevocationList, text::printable};

/// The largest input that is read, in bytes: 500 roots or a large CRL fit, a bomb does not.
pub const LARGEST: usize = 64 << 20;

/// One thing found in a file.
#[derive(Debug)]
pub enum Item {
    Certificate(Box<Certificate>),
    Request(Box<Request>),
    Key(PrivateKey),
    /// A private key behind a password; its PEM label.
    EncryptedKey(String),
    Crl(Box<RevocationList>),
    /// PKCS#12, to be opened with a password by [`crate::container`].
    Pkcs12(Vec<u8>),
    /// A public key, parameters, PKCS#7 or whatever else had a PEM label.
    Other(String),
}

impl Item {
    /// What this is, for a sentence that begins with "found".
    pub fn describe(&self) -> String {
        match self {
            Self::Certificate(_) => "a certificate".into(),
            Self::Request(_) => "a certificate request (CSR)".into(),
            Self::Key(_) => "a private key".into(),
            Self::EncryptedKey(_) => "an encrypted private key".into(),
            Self::Crl(_) => "a revocation list (CRL)".into(),
            Self::Pkcs12(_) => "a PKCS#12 container".into(),
            Self::Other(label) => format!("a PEM block \"{}\"", printable(label)),
        }
    }
}

/// Everything in `bytes`, in order; empty input and input without any item are errors.
pub fn read(bytes: &[u8]) -> Result<Vec<Item>> {
    const EXPECTED: &str = "PEM or DER";
    if bytes.len() > LARGEST {
        return Err(Error::Unexpected {
            expected: "at most 64 MiB",
            found: format!("{} bytes", bytes.len()),
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(Error::Unexpected {
            expected: EXPECTED,
            found: "an empty file".into(),
        });
    }
    if contains(bytes, b"-----BEGIN ") {
        return read_pem(bytes);
    }
    if bytes.first() == Some(&0x30) {
        return read_der(bytes).map(|item| vec![item]);
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(24)]).into_owned();
    Err(Error::Unexpected {
        expected: EXPECTED,
        found: format!("\"{}\"", printable(&start)),
    })
}

/// All certificates in `bytes`; at least one, and nothing else but keys beside them.
pub fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for item in read(bytes)? {
        match item {
            Item::Certificate(certificate) => found.push(*certificate),
            other => others.push(other.describe()),
        }
    }
    if found.is_empty() {
        return Err(Error::Unexpected {
            expected: "a certificate",
            found: others.join(", "),
        });
    }
    Ok(found)
}

/// The one private key in `bytes`.
pub fn private_key(bytes: &[u8]) -> Result<PrivateKey> {
    let mut keys = Vec::new();
    let mut others = Vec::new();
    for item in read(bytes)? {
        match item {
            Item::Key(key) => keys.push(key),
            Item::EncryptedKey(_) => return Err(Error::Encrypted),
            // `openssl ecparam` writes the curve before the key; it says nothing that the key does not.
            Item::Other(label) if label == "EC PARAMETERS" => {}
            other => others.push(other.describe()),
        }
    }
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), more) => Err(Error::Unexpected {
            expected: "one private key",
            found: format!("{} of them", more + 1),
        }),
        (None, _) => Err(Error::Unexpected {
            expected: "a private key",
            found: others.join(", "),
        }),
    }
}

/// The one certificate request in `bytes`, its signature verified.
pub fn request(bytes: &[u8]) -> Result<Request> {
    let mut others = Vec::new();
    for item in read(bytes)? {
        match item {
            Item::Request(request) => return Ok(*request),
            other => others.push(other.describe()),
        }
    }
    Err(Error::Unexpected {
        expected: "a certificate request (CSR)",
        found: others.join(", "),
    })
}

/// `der` as one PEM block with `label` (RFC 7468), LF line ends.
pub fn write(label: &str, der: &[u8]) -> String {
    // The label is a constant of ours and the input bounded, so encoding cannot fail.
    pem_rfc7468::encode_string(label, pem_rfc7468::LineEnding::LF, der).unwrap_or_default()
}

/// The contents of every block with one of these labels, for those that [`read`] only names.
pub(crate) fn blocks(bytes: &[u8], wanted: &[&str]) -> Result<Vec<Zeroizing<Vec<u8>>>> {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    let mut found = Vec::new();
    for label in wanted {
        let (begin, end) = (
            format!("-----BEGIN {label}-----"),
            format!("-----END {label}-----"),
        );
        for rest in text.split(&begin[..]).skip(1) {
            let (body, _) = rest
                .split_once(&end[..])
                .ok_or_else(|| malformed("a block without its END line"))?;
            let packed = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
            let decoded = STANDARD.decode(packed.as_bytes()).map_err(malformed)?;
            found.push(Zeroizing::new(decoded));
        }
    }
    Ok(found)
}

fn read_pem(bytes: &[u8]) -> Result<Vec<Item>> {
    // RFC 1421 encryption keeps the label of a plain key and says so in a header that decoders trip over.
    if contains(bytes, b"Proc-Type: 4,ENCRYPTED") {
        return Ok(vec![Item::EncryptedKey("Proc-Type: 4,ENCRYPTED".into())]);
    }
    let bytes = &modern_labels(bytes)[..];
    let mut items = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        let (kind, der) = section.map_err(malformed)?;
        items.push(match kind {
            SectionKind::Certificate => Item::Certificate(Box::new(Certificate::from_der(&der)?)),
            SectionKind::Csr => Item::Request(Box::new(Request::from_der(&der)?)),
            SectionKind::Crl => Item::Crl(Box::new(RevocationList::from_der(&der)?)),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                Item::Key(PrivateKey::from_der(&der)?)
            }
            // Told below, by its label.
            _ => continue,
        });
    }
    // What the decoder passes over because it does not know the label is told, not lost.
    items.extend(labels(bytes).filter_map(|label| match label.as_str() {
        "CERTIFICATE" | "CERTIFICATE REQUEST" | "X509 CRL" => None,
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => None,
        "ENCRYPTED PRIVATE KEY" => Some(Item::EncryptedKey(label)),
        _ => Some(Item::Other(label)),
    }));
    if items.is_empty() {
        return Err(malformed("a BEGIN line that opens no block"));
    }
    Ok(items)
}

fn malformed(detail: impl ToString) -> Error {
    Error::Malformed {
        what: "PEM",
        detail: printable(&detail.to_string()),
    }
}

/// Older labels for the same things, as some tools still write them.
fn modern_labels(bytes: &[u8]) -> Cow<'_, [u8]> {
    const OLD: [(&str, &str); 2] = [
        (" X509 CERTIFICATE-----", " CERTIFICATE-----"),
        (" NEW CERTIFICATE REQUEST-----", " CERTIFICATE REQUEST-----"),
    ];
    if !OLD.iter().any(|(old, _)| contains(bytes, old.as_bytes())) {
        return Cow::Borrowed(bytes);
    }
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for (old, new) in OLD {
        text = text.replace(old, new);
    }
    Cow::Owned(text.into_bytes())
}

/// The label of every BEGIN line.
fn labels(bytes: &[u8]) -> impl Iterator<Item = String> {
    bytes.split(|b| *b == b'\n').filter_map(|line| {
        let label = line
            .trim_ascii()
            .strip_prefix(b"-----BEGIN ")?
            .strip_suffix(b"-----")?;
        Some(String::from_utf8_lossy(label).into_owned())
    })
}

/// DER has no label: the first reading that fits wins, from the most to the least specific shape.
fn read_der(der: &[u8]) -> Result<Item> {
    must_be_whole(der)?;
    let certificate = Certificate::from_der(der);
    if let Ok(certificate) = certificate {
        return Ok(Item::Certificate(Box::new(certificate)));
    }
    match Request::from_der(der) {
        Ok(request) => return Ok(Item::Request(Box::new(request))),
        Err(error @ (Error::RequestSignature | Error::WeakKey { .. })) => return Err(error),
        Err(_) => {}
    }
    if let Ok(crl) = RevocationList::from_der(der) {
        return Ok(Item::Crl(Box::new(crl)));
    }
    // Before keys: the outer shape of PKCS#8 is a SEQUENCE that begins with a number as well.
    if crate::container::looks_like(der) {
        return Ok(Item::Pkcs12(der.to_vec()));
    }
    match PrivateKey::from_der(der) {
        Ok(key) => return Ok(Item::Key(key)),
        Err(error @ (Error::WeakKey { .. } | Error::UnsupportedKey { .. })) => return Err(error),
        Err(_) => {}
    }
    // None fits: the certificate's complaint is the one that most people can use.
    certificate.map(|certificate| Item::Certificate(Box::new(certificate)))
}

/// Said before anything is guessed from the rest of something longer.
fn must_be_whole(der: &[u8]) -> Result<()> {
    let outer = |der| {
        let mut reader = SliceReader::new(der)?;
        let length = Header::decode(&mut reader)?.length();
        Ok::<_, der::Error>((length, reader.remaining_len()))
    };
    match outer(der) {
        Ok((length, rest)) if length > rest => Err(Error::Malformed {
            what: "DER",
            detail: format!("it breaks off: {length} bytes were to follow, {rest} do"),
        }),
        _ => Ok(()),
    }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(bytes: &[u8]) -> String {
        certificates(bytes).expect_err("must be refused").to_string()
    }

    #[test]
    fn what_is_not_a_certificate_is_named_for_what_it_is() {
        assert_eq!(complaint(b""), "expected PEM or DER, found an empty file");
        assert_eq!(complaint(b" \r\n"), "expected PEM or DER, found an empty file");
        assert_eq!(complaint(b"hello"), "expected PEM or DER, found \"hello\"");
        assert!(complaint(b"-----BEGIN CERTIFICATE-----\nAAAA\n").starts_with("malformed PEM"));
        assert!(
            complaint(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
                .starts_with("malformed certificate")
        );
        let key = PrivateKey::generate(crate::KeyKind::P256).expect("keys can be made");
        assert_eq!(
            complaint(key.to_pem().as_bytes()),
            "expected a certificate, found a private key"
        );
    }

    #[test]
    fn an_encrypted_key_is_told_from_a_broken_one() {
        let pem = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(private_key(pem).expect_err("encrypted"), Error::Encrypted);
        let old = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(private_key(old).expect_err("encrypted"), Error::Encrypted);
    }
}
