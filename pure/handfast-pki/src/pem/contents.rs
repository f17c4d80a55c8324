//! What is in a file: each block by its label, and DER by its shape.

use std::fmt;

use der::{Decode, Header, Reader, SliceReader};
use zeroize::Zeroizing;

use super::{
    Block, Label, blocks_of,
    envelope::{self, Container},
    is_pem, must_not_be_larger, without_mark,
};
use crate::{
    Certificate, Error, PrivateKey, Request, Result, Shown,
    asn1::{self, Values},
    crl::RevocationList,
    text::utf16,
};

/// One thing found in a file.
pub enum Item {
    /// An X.509 certificate.
    Certificate(Box<Certificate>),
    /// The same with OpenSSL's settings of what it is trusted for, and what not (X509_AUX), which nobody else reads.
    Trusted(Box<Certificate>),
    /// A PKCS#10 request (RFC 2986), its signature verified.
    Request(Box<Request>),
    /// A private key in PKCS#8, PKCS#1 or SEC 1.
    Key(PrivateKey),
    /// A private key behind a password.
    EncryptedKey(LockedKey),
    /// A revocation list (RFC 5280 section 5), its signature not verified.
    Crl(Box<RevocationList>),
    /// PKCS#12 in DER, to be opened with a password.
    Pkcs12(Zeroizing<Vec<u8>>),
    /// PKCS#7 in DER, to be unpacked.
    Pkcs7(Zeroizing<Vec<u8>>),
    /// A public key, parameters or whatever else had a PEM label.
    Other(Label),
}

/// A private key behind a password, still locked.
pub struct LockedKey {
    /// What says that it is locked: its label, its form, or a header of RFC 1421.
    pub by: &'static str,
    /// EncryptedPrivateKeyInfo (RFC 5958 section 3); none where it is encrypted as before PKCS#8.
    pub der: Option<Zeroizing<Vec<u8>>>,
}

impl LockedKey {
    fn of_pkcs8(der: Zeroizing<Vec<u8>>) -> Self {
        Self {
            by: "ENCRYPTED PRIVATE KEY",
            der: Some(der),
        }
    }
}

/// By kind: a container holds a key, and who prints an item has not opened it.
impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({})", self.describe())
    }
}

impl Item {
    /// What this is, for a sentence that begins with "found".
    pub fn describe(&self) -> Shown {
        match self {
            Self::Certificate(_) => "a certificate".into(),
            Self::Trusted(_) => "a certificate with trust settings of OpenSSL".into(),
            Self::Request(_) => "a certificate request (CSR)".into(),
            Self::Key(_) => "a private key".into(),
            Self::EncryptedKey(_) => "an encrypted private key".into(),
            Self::Crl(_) => "a revocation list (CRL)".into(),
            Self::Pkcs12(_) => "a PKCS#12 container".into(),
            Self::Pkcs7(_) => "a PKCS#7 container".into(),
            Self::Other(label) if label.name().is_none() => "a PEM block with an unknown label".into(),
            Self::Other(label) => Shown::filled("a PEM block {}", &[label]),
        }
    }
}

const EXPECTED: &str = "PEM or DER";

/// Everything in `bytes`, in order; empty input and input without any item are errors.
pub fn read(bytes: &[u8]) -> Result<Vec<Item>> {
    must_not_be_larger(bytes)?;
    if is_pem(bytes) {
        return blocks_of(bytes)?.iter().map(Block::item).collect();
    }
    let bytes = without_mark(bytes);
    if bytes.first() == Some(&0x30) && utf16(bytes).is_none() && !is_digits(bytes) {
        return read_der(bytes).map(|item| vec![item]);
    }
    Err(Error::Unexpected {
        expected: EXPECTED,
        found: Shown::of(bytes),
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
            found: Shown::all(others),
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
            Item::Other(Label::EC_PARAMETERS) => {}
            other => others.push(other.describe()),
        }
    }
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), more) => Err(Error::Unexpected {
            expected: "one private key",
            found: Shown::filled("{} of them", &[&(more + 1)]),
        }),
        (None, _) => Err(Error::Unexpected {
            expected: "a private key",
            found: Shown::all(others),
        }),
    }
}

/// The one certificate request in `bytes`, its signature verified.
pub fn request(bytes: &[u8]) -> Result<Request> {
    let (mut requests, mut others) = (Vec::new(), Vec::new());
    for item in read(bytes)? {
        match item {
            Item::Request(request) => requests.push(*request),
            other => others.push(other.describe()),
        }
    }
    match (requests.pop(), requests.len()) {
        (Some(request), 0) => Ok(request),
        (Some(_), more) => Err(Error::Unexpected {
            expected: "one certificate request (CSR)",
            found: Shown::filled("{} of them", &[&(more + 1)]),
        }),
        (None, _) => Err(Error::Unexpected {
            expected: "a certificate request (CSR)",
            found: Shown::all(others),
        }),
    }
}

/// Whether a text begins with the digit 0, which is the byte with which DER begins, too.
fn is_digits(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

impl Block<'_> {
    /// What this is: by its label, and by its shape where the label is wrong. Microsoft writes PKCS#7 as CERTIFICATE.
    pub fn item(&self) -> Result<Item> {
        // RFC 1421 encryption keeps the label of a plain key and says so in a header.
        if self.is_encrypted() && self.label.may_be_secret() {
            return Ok(Item::EncryptedKey(LockedKey {
                by: RFC_1421,
                der: None,
            }));
        }
        let is_key = [Label::PKCS8, Label::PKCS1, Label::SEC1, Label::ENCRYPTED].contains(&self.label);
        let is_container = [Label::PKCS7, Label::CMS, Label::PKCS12].contains(&self.label);
        let is_public =
            [Label::CERTIFICATE, Label::TRUSTED, Label::REQUEST, Label::CRL].contains(&self.label);
        if !(is_key || is_container || is_public) {
            return Ok(Item::Other(self.label));
        }
        let der = self.contents()?;
        let labelled = match self.label {
            Label::CERTIFICATE => Certificate::from_der(&der).map(|found| Item::Certificate(Box::new(found))),
            Label::TRUSTED => trusted(&der),
            Label::REQUEST => Request::from_der(&der).map(|found| Item::Request(Box::new(found))),
            Label::CRL => RevocationList::from_der(&der).map(|found| Item::Crl(Box::new(found))),
            // What is in it is told when it is opened.
            Label::ENCRYPTED if !is_plain_key(&der) => {
                return Ok(Item::EncryptedKey(LockedKey::of_pkcs8(der)));
            }
            _ if is_key && !envelope::is_encrypted_key(&der) => PrivateKey::from_der(&der).map(Item::Key),
            label => Err(Error::Malformed {
                what: "PEM",
                detail: Shown::filled(
                    "the block that begins in line {} holds no {}",
                    &[&self.line, &label],
                ),
            }),
        };
        // A request or a key that is refused for what it is would be refused under every label.
        match labelled {
            Err(error @ Error::Malformed { .. }) => {
                let longer = more_than_one(&der);
                by_shape(der).unwrap_or(Err(longer.unwrap_or(error)))
            }
            told => told,
        }
    }
}

/// What says that a key is encrypted as before PKCS#8.
pub const RFC_1421: &str = "Proc-Type: 4,ENCRYPTED";

fn is_plain_key(der: &[u8]) -> bool {
    !envelope::is_encrypted_key(der) && PrivateKey::from_der(der).is_ok()
}

/// What OpenSSL writes with `x509 -trustout`: a certificate, and X509_CERT_AUX behind it. Without that it is a certificate.
fn trusted(der: &[u8]) -> Result<Item> {
    let mut values = Values(der);
    let parts = values
        .expect(asn1::SEQUENCE, "certificate")
        .map(|certificate| (certificate, values.optional(asn1::SEQUENCE)))
        .and_then(|parts| values.end("trust settings").map(|()| parts));
    let (certificate, settings) = parts.map_err(|flaw| Error::Malformed {
        what: "trusted certificate",
        detail: flaw.into(),
    })?;
    let certificate = Box::new(Certificate::from_der(certificate.whole)?);
    Ok(match settings {
        Some(_) => Item::Trusted(certificate),
        None => Item::Certificate(certificate),
    })
}

/// What `der` is, told by nothing but its shape: the first reading that fits, from the most to the least specific one.
/// Nothing where none fits.
fn by_shape(der: Zeroizing<Vec<u8>>) -> Option<Result<Item>> {
    if let Ok(certificate) = Certificate::from_der(&der) {
        return Some(Ok(Item::Certificate(Box::new(certificate))));
    }
    match Request::from_der(&der) {
        Ok(request) => return Some(Ok(Item::Request(Box::new(request)))),
        Err(
            error @ (Error::RequestSignature
            | Error::WeakKey { .. }
            | Error::UnsupportedKey { .. }
            | Error::UnsupportedSignature { .. }),
        ) => return Some(Err(error)),
        Err(_) => {}
    }
    if let Ok(crl) = RevocationList::from_der(&der) {
        return Some(Ok(Item::Crl(Box::new(crl))));
    }
    // Before keys: the outer shape of PKCS#8 is a SEQUENCE that begins with a number as well.
    match envelope::container(&der) {
        Some(Container::Pkcs12(der)) => return Some(Ok(Item::Pkcs12(der))),
        Some(Container::Pkcs7(der)) => return Some(Ok(Item::Pkcs7(der))),
        None => {}
    }
    if envelope::is_encrypted_key(&der) {
        return Some(Ok(Item::EncryptedKey(LockedKey::of_pkcs8(der))));
    }
    if let Some(found) = envelope::foreign_store(&der) {
        return Some(Err(Error::Unexpected {
            expected: EXPECTED,
            found: found.into(),
        }));
    }
    match PrivateKey::from_der(&der) {
        Ok(key) => Some(Ok(Item::Key(key))),
        Err(error @ (Error::WeakKey { .. } | Error::UnsupportedKey { .. })) => Some(Err(error)),
        Err(_) => None,
    }
}

/// DER has no label.
fn read_der(der: &[u8]) -> Result<Item> {
    must_be_whole(der)?;
    by_shape(Zeroizing::new(der.to_vec())).unwrap_or_else(|| {
        if let Some(error) = more_than_one(der) {
            return Err(error);
        }
        // None fits: the certificate's complaint is the one that most people can use.
        Certificate::from_der(der).map(|certificate| Item::Certificate(Box::new(certificate)))
    })
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
            detail: Shown::filled("it breaks off: {} bytes were to follow, {} do", &[&length, &rest]),
        }),
        _ => Ok(()),
    }
}

/// That something follows the value with which `der` begins, where that is so.
fn more_than_one(der: &[u8]) -> Option<Error> {
    // All that is read here is a SEQUENCE; anything else is not that with something behind it.
    if der.first() != Some(&asn1::SEQUENCE) {
        return None;
    }
    let first = Values(der).next()?.ok()?;
    let more = der
        .len()
        .checked_sub(first.whole.len())
        .filter(|more| *more > 0)?;
    let what = match by_shape(Zeroizing::new(first.whole.to_vec())) {
        Some(Ok(item)) => item.describe(),
        _ => "its first value".into(),
    };
    let text = "{} ends after {} bytes, and {} more follow";
    Some(Error::Malformed {
        what: "DER",
        detail: Shown::filled(text, &[&what, &first.whole.len(), &more]),
    })
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
        assert_eq!(
            complaint(b"hello"),
            "expected PEM or DER, found text of 5 characters without a BEGIN line"
        );
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

    fn kinds(text: &str) -> Vec<String> {
        let items = read(text.as_bytes()).expect("readable");
        items.iter().map(|item| item.describe().to_string()).collect()
    }

    #[test]
    fn items_come_in_their_order_and_none_is_lost_beside_an_old_encrypted_key() {
        let key = PrivateKey::generate(crate::KeyKind::P256)
            .expect("a key")
            .to_pem();
        let other = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
        let odd = "-----BEGIN QUJDREVGR0hJSktMTU5P-----\nMAA=\n-----END QUJDREVGR0hJSktMTU5P-----\n";
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("{other}{old}{odd}{}", &*key).replace('\n', end);
            let told = [
                "a PEM block \"PUBLIC KEY\"",
                "an encrypted private key",
                "a PEM block with an unknown label",
                "a private key",
            ];
            assert_eq!(kinds(&text), told, "{end:?}");
        }
    }

    #[test]
    fn an_encrypted_key_is_told_from_a_broken_one() {
        let pem = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(private_key(pem).expect_err("encrypted"), Error::Encrypted);
        let old = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(private_key(old).expect_err("encrypted"), Error::Encrypted);
    }
}
