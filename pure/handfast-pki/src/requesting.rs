//! Asks for a certificate: the request (PKCS#10, RFC 2986) that the holder of a key sends to a CA.

use const_oid::{AssociatedOid, db::rfc5912::ID_EXTENSION_REQ};
use der::{
    Any, Decode, Encode,
    asn1::{BitString, OctetString, SetOfVec},
};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{
    attr::Attribute,
    ext::{Extension, pkix::SubjectAltName},
    request::{CertReq, CertReqInfo, ExtensionReq, Version},
};

use crate::{
    Error, PrivateKey, PublicKey, Request, Result,
    name::{AltName, Name},
};

/// The request of the holder of `key` for these names, read back as a CA reads it.
pub fn request(key: &PrivateKey, subject: &Name, names: &[AltName]) -> Result<Request> {
    let info = to_be_signed(&key.public_key(), subject, names)?;
    assemble(&info, &key.signature_algorithm(), &key.sign(&info)?)
}

/// What the holder of `key` has to sign (CertificationRequestInfo, RFC 2986 section 4.1), DER.
pub fn to_be_signed(key: &PublicKey, subject: &Name, names: &[AltName]) -> Result<Vec<u8>> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: Decode::from_der(&subject.der()).map_err(impossible)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(key.spki_der()).map_err(impossible)?,
        attributes: attributes(subject, names)?,
    };
    info.to_der().map_err(impossible)
}

/// The request of these bytes and their signature, read back as a CA reads it.
pub fn assemble(info: &[u8], algorithm: &AlgorithmIdentifierOwned, signature: &[u8]) -> Result<Request> {
    let request = CertReq {
        info: Decode::from_der(info).map_err(impossible)?,
        algorithm: algorithm.clone(),
        signature: BitString::from_bytes(signature).map_err(impossible)?,
    };
    Request::from_der(&request.to_der().map_err(impossible)?)
}

/// The extensions that are asked for (RFC 2985 section 5.4.2): the names alone, for everything else is the CA's to decide.
fn attributes(subject: &Name, names: &[AltName]) -> Result<SetOfVec<Attribute>> {
    let mut attributes = SetOfVec::new();
    if names.is_empty() {
        return Ok(attributes);
    }
    let names = names
        .iter()
        .map(AltName::to_general_name)
        .collect::<Result<_>>()?;
    let value = SubjectAltName(names).to_der().and_then(OctetString::new);
    let extensions = ExtensionReq(vec![Extension {
        extn_id: SubjectAltName::OID,
        // As it will stand in the certificate (RFC 5280 section 4.2.1.6).
        critical: subject.is_empty(),
        extn_value: value.map_err(impossible)?,
    }]);
    let mut values = SetOfVec::new();
    let value = Any::encode_from(&extensions).map_err(impossible)?;
    values.insert(value).map_err(impossible)?;
    let attribute = Attribute {
        oid: ID_EXTENSION_REQ,
        values,
    };
    attributes.insert(attribute).map_err(impossible)?;
    Ok(attributes)
}

fn impossible(error: der::Error) -> Error {
    Error::Malformed {
        what: "certificate request under construction",
        detail: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        KeyKind,
        subject::{Organization, subject},
    };

    #[test]
    fn a_request_of_every_kind_of_key_proves_possession_and_has_its_names() {
        let names = [
            AltName::dns("web.example").expect("a name"),
            AltName::uri("https://acme.example/web").expect("a name"),
        ];
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519, KeyKind::Rsa2048] {
            let key = PrivateKey::generate(kind).expect("a key");
            for common_name in [Some("web"), None] {
                let subject = subject(common_name, &Organization::default()).expect("a subject");
                let made = request(&key, &subject, &names).expect("a request");
                assert_eq!(made.wished(), names);
                assert_eq!(made.common_name().as_deref(), common_name);
                assert_eq!(*made.public_key(), key.public_key());
                assert!(made.ignored().is_empty(), "{:?}", made.ignored());
            }
        }
    }
}
