//! PKCS#7 as CAs and Windows hand out chains (`.p7b`): a SignedData without a signer (RFC 2315, RFC 5652).
//!
//! Read by hand and not into typed structs, because OpenSSL writes the set of certificates in any order, which
//! strict DER forbids, and because a certificate has to stay the bytes that it was.

use der::{
    Any, Decode, Encode, Header, Reader, SliceReader, Tag, TagNumber,
    asn1::{ObjectIdentifier, SetOfVec},
};

use handfast_pki::{
    Certificate, Error, Result, Shown,
    crl::RevocationList,
    pem::envelope::{self, Container},
};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");

/// More certificates than any chain or bundle has.
const MOST_CERTIFICATES: usize = 10_000;

/// ContentInfo (RFC 5652 section 3).
#[derive(der::Sequence)]
struct ContentInfo {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<Any>,
}

/// SignedData (RFC 5652 section 5.1) as it is written: nothing is signed, nobody signs.
#[derive(der::Sequence)]
struct Unsigned {
    version: u8,
    digests: SetOfVec<Any>,
    content: ContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    certificates: SetOfVec<Any>,
    signers: SetOfVec<Any>,
}

/// What a SignedData carries beside signatures.
#[derive(Debug, Default)]
pub struct Carried {
    /// In its order, which says nothing.
    pub certificates: Vec<Certificate>,
    /// Revocation lists, as `openssl crl2pkcs7` writes them.
    pub lists: Vec<RevocationList>,
}

/// The certificates in the PKCS#7 `bytes`, in BER or DER; at least one.
pub fn read(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let carried = carried(bytes)?;
    if carried.certificates.is_empty() {
        return Err(without("PKCS#7 without any".into()));
    }
    Ok(carried.certificates)
}

/// Everything in the PKCS#7 `bytes`, in BER or DER. Signatures in it are not looked at: a chain is believed for its own
/// signatures or not at all.
pub fn carried(bytes: &[u8]) -> Result<Carried> {
    let malformed = |error: der::Error| Error::Malformed {
        what: "PKCS#7",
        detail: error.into(),
    };
    let Some(Container::Pkcs7(der)) = envelope::container(bytes) else {
        // The complaint of the decoder names the place.
        return match ContentInfo::from_der(bytes) {
            Err(error) => Err(malformed(error)),
            Ok(_) => Err(without("something else".into())),
        };
    };
    let info = ContentInfo::from_der(&der).map_err(malformed)?;
    let content = match info.content {
        Some(content) if info.kind == SIGNED_DATA => content,
        _ => return Err(without(Shown::filled("PKCS#7 of the type {}", &[&info.kind]))),
    };
    let certificates = members(&content, 0).map_err(malformed)?;
    let lists = members(&content, 1).map_err(malformed)?;
    if certificates.is_empty() && lists.is_empty() {
        return Err(without("PKCS#7 without any".into()));
    }
    Ok(Carried {
        certificates: certificates
            .into_iter()
            .map(Certificate::from_der)
            .collect::<Result<_>>()?,
        lists: lists
            .into_iter()
            .map(RevocationList::from_der)
            .collect::<Result<_>>()?,
    })
}

fn without(found: Shown) -> Error {
    Error::Unexpected {
        expected: "PKCS#7 with certificates",
        found,
    }
}

/// `chain` as a SignedData. DER sorts a set, so the order is lost; readers build chains by names.
pub fn write(chain: &[Certificate]) -> Result<Vec<u8>> {
    let failed = |error: der::Error| Error::Malformed {
        what: "PKCS#7",
        detail: error.into(),
    };
    let certificates = chain
        .iter()
        .map(|certificate| Any::from_der(certificate.der()))
        .collect::<der::Result<Vec<_>>>()
        .and_then(SetOfVec::try_from)
        .map_err(failed)?;
    let content = Unsigned {
        version: 1,
        digests: SetOfVec::new(),
        content: ContentInfo {
            kind: DATA,
            content: None,
        },
        certificates,
        signers: SetOfVec::new(),
    };
    let info = ContentInfo {
        kind: SIGNED_DATA,
        content: Some(Any::encode_from(&content).map_err(failed)?),
    };
    info.to_der().map_err(failed)
}

/// The bytes of each member of the field `[number]` of SignedData: 0 for certificates, 1 for revocation lists. Of those what
/// is a SEQUENCE; the other choices of RFC 5652 section 10.2 are neither of X.509.
fn members(signed_data: &Any, number: u32) -> der::Result<Vec<&[u8]>> {
    let wanted = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    };
    let mut fields = SliceReader::new(signed_data.value())?;
    let mut found = Vec::new();
    while !fields.is_finished() {
        let field = fields.tlv_bytes()?;
        let (tag, content) = parts(field)?;
        if tag != wanted {
            continue;
        }
        let mut inside = SliceReader::new(content)?;
        while !inside.is_finished() {
            // None is left out in silence.
            if found.len() == MOST_CERTIFICATES {
                return Err(der::ErrorKind::Overlength.into());
            }
            let choice = inside.tlv_bytes()?;
            if parts(choice)?.0 == Tag::Sequence {
                found.push(choice);
            }
        }
    }
    Ok(found)
}

/// Tag and contents of one value.
fn parts(value: &[u8]) -> der::Result<(Tag, &[u8])> {
    let mut reader = SliceReader::new(value)?;
    let header = Header::decode(&mut reader)?;
    Ok((header.tag(), reader.read_slice(reader.remaining_len())?))
}
