//! Object identifiers of any size, and what people call them.
//!
//! X.660 sets no limit to an arc: a UUID is one (arc 2.25, 128 bits). The library's own type holds 39 bytes and arcs of
//! 32 bits, and one such identifier made the extension around it unreadable.

use std::fmt;

use const_oid::ObjectIdentifier;
use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};
use num_bigint::BigUint;

use crate::text::hex;

/// An object identifier (X.690 section 8.19) by its octets, well-formed and of any size.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(Box<[u8]>);

impl Oid {
    /// More octets than this are told by their number and not written out: a decimal number of that size costs too much.
    const LONGEST: usize = 128;

    /// From the octets within tag and length; each arc in its shortest form.
    pub fn from_octets(octets: &[u8]) -> der::Result<Self> {
        let arcs_end = octets.last().is_some_and(|last| last & 0x80 == 0);
        let starts = octets.iter().zip(std::iter::once(&0).chain(octets));
        let is_shortest = starts
            .clone()
            .all(|(octet, before)| before & 0x80 != 0 || *octet != 0x80);
        if arcs_end && is_shortest {
            Ok(Self(octets.into()))
        } else {
            Err(Tag::ObjectIdentifier.value_error().into())
        }
    }

    /// What standards and OpenSSL call it; nothing where it is not known here.
    pub fn name(&self) -> Option<&'static str> {
        let known = |(id, _): &&(ObjectIdentifier, &'static str)| self == id;
        if let Some((_, name)) = NAMES.iter().find(known) {
            return Some(name);
        }
        const_oid::db::DB.by_oid(&self.short()?)
    }

    /// Its name, else its number.
    pub fn called(&self) -> String {
        self.name().map_or_else(|| self.to_string(), str::to_owned)
    }

    /// The same as the library knows it, where it is small enough.
    pub(crate) fn short(&self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(&self.0).ok()
    }
}

impl PartialEq<ObjectIdentifier> for Oid {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl From<ObjectIdentifier> for Oid {
    fn from(short: ObjectIdentifier) -> Self {
        Self(short.as_bytes().into())
    }
}

/// In decimal arcs.
impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() > Self::LONGEST {
            let begin = self.0.get(..16).unwrap_or_default();
            return write!(
                f,
                "object identifier of {} octets, {}...",
                self.0.len(),
                hex(begin)
            );
        }
        let mut arcs = self.0.split_inclusive(|octet| octet & 0x80 == 0).map(|arc| {
            arc.iter().fold(BigUint::from(0u32), |number, octet| {
                (number << 7) + (octet & 0x7f)
            })
        });
        let first = arcs.next().unwrap_or_default();
        // The first two arcs share a number (X.690 section 8.19.4).
        let top = [80u32, 40, 0]
            .into_iter()
            .find(|base| first >= BigUint::from(*base));
        let top = top.unwrap_or_default();
        write!(f, "{}.{}", top / 40, first - top)?;
        arcs.try_for_each(|arc| write!(f, ".{arc}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FixedTag for Oid {
    const TAG: Tag = Tag::ObjectIdentifier;
}

impl<'a> DecodeValue<'a> for Oid {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        Self::from_octets(&reader.read_vec(header.length())?)
    }
}

impl EncodeValue for Oid {
    fn value_len(&self) -> der::Result<Length> {
        Length::try_from(self.0.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(&self.0)
    }
}

/// The extended key usage that is called `name`, such as `clientAuth`.
pub fn usage(name: &str) -> Option<ObjectIdentifier> {
    const FAMILIES: [&str; 4] = [
        "1.3.6.1.5.5.7.3.",
        "1.3.6.1.5.2.3.",
        "1.3.6.1.4.1.311.10.3.",
        "1.3.6.1.4.1.311.20.2.2",
    ];
    let (id, _) = NAMES.iter().find(|(_, known)| *known == name)?;
    let text = id.to_string();
    FAMILIES
        .iter()
        .any(|family| text.starts_with(family))
        .then_some(*id)
}

macro_rules! names {
    ($($number:literal $name:literal)*) => {
        /// Names that the library's table lacks or writes as ASN.1 modules do (`id-kp-emailProtection`).
        const NAMES: &[(ObjectIdentifier, &str)] = &[$((ObjectIdentifier::new_unwrap($number), $name)),*];
    };
}

names! {
    // Usages: RFC 5280 section 4.2.1.12 and others.
    "2.5.29.37.0" "anyExtendedKeyUsage"
    "1.3.6.1.5.5.7.3.1" "serverAuth"
    "1.3.6.1.5.5.7.3.2" "clientAuth"
    "1.3.6.1.5.5.7.3.3" "codeSigning"
    "1.3.6.1.5.5.7.3.4" "emailProtection"
    "1.3.6.1.5.5.7.3.5" "ipsecEndSystem"
    "1.3.6.1.5.5.7.3.6" "ipsecTunnel"
    "1.3.6.1.5.5.7.3.7" "ipsecUser"
    "1.3.6.1.5.5.7.3.8" "timeStamping"
    "1.3.6.1.5.5.7.3.9" "OCSPSigning"
    "1.3.6.1.5.5.7.3.14" "eapOverLAN"
    "1.3.6.1.5.5.7.3.17" "ipsecIKE"
    "1.3.6.1.5.2.3.4" "pkInitClientAuth"
    "1.3.6.1.5.2.3.5" "pkInitKDC"
    "1.3.6.1.4.1.311.10.3.4" "msEFS"
    "1.3.6.1.4.1.311.10.3.12" "documentSigning"
    "1.3.6.1.4.1.311.20.2.2" "msSmartcardLogin"
    "1.3.6.1.4.1.311.20.2.1" "certificateRequestAgent"
    "2.16.840.1.113730.4.1" "nsSGC"
    // Kinds of other names.
    "1.3.6.1.4.1.311.20.2.3" "UPN"
    "1.3.6.1.4.1.311.25.1" "ntdsReplication"
    "1.3.6.1.5.2.2" "KRB5PrincipalName"
    "1.3.6.1.5.5.7.8.3" "permanentIdentifier"
    "1.3.6.1.5.5.7.8.4" "hardwareModuleName"
    "1.3.6.1.5.5.7.8.5" "xmppAddr"
    "1.3.6.1.5.5.7.8.7" "SRVName"
    "1.3.6.1.5.5.7.8.8" "NAIRealm"
    "1.3.6.1.5.5.7.8.9" "SmtpUTF8Mailbox"
    // Extensions.
    "1.3.6.1.5.5.7.1.1" "authorityInfoAccess"
    "1.3.6.1.5.5.7.1.3" "qcStatements"
    "1.3.6.1.5.5.7.1.11" "subjectInfoAccess"
    "1.3.6.1.5.5.7.1.24" "tlsFeature"
    "1.3.6.1.5.5.7.48.1.5" "ocspNoCheck"
    "1.3.6.1.4.1.11129.2.4.2" "signedCertificateTimestampList"
    "1.3.6.1.4.1.311.20.2" "msCertificateTemplateName"
    "1.3.6.1.4.1.311.21.7" "msCertificateTemplate"
    "1.3.6.1.4.1.311.21.10" "msApplicationPolicies"
    "1.3.6.1.4.1.311.25.2" "msNtdsSecurity"
    "2.16.840.1.113730.1.1" "nsCertType"
    "2.16.840.1.113730.1.13" "nsComment"
    "2.5.29.9" "subjectDirectoryAttributes"
    "2.5.29.14" "subjectKeyIdentifier"
    "2.5.29.15" "keyUsage"
    "2.5.29.16" "privateKeyUsagePeriod"
    "2.5.29.17" "subjectAltName"
    "2.5.29.18" "issuerAltName"
    "2.5.29.19" "basicConstraints"
    "2.5.29.20" "cRLNumber"
    "2.5.29.30" "nameConstraints"
    "2.5.29.31" "cRLDistributionPoints"
    "2.5.29.32" "certificatePolicies"
    "2.5.29.33" "policyMappings"
    "2.5.29.35" "authorityKeyIdentifier"
    "2.5.29.36" "policyConstraints"
    "2.5.29.37" "extendedKeyUsage"
    "2.5.29.46" "freshestCRL"
    "2.5.29.54" "inhibitAnyPolicy"
    "2.5.29.56" "noRevAvail"
    "1.2.840.113549.1.9.2" "unstructuredName"
    "1.2.840.113549.1.9.7" "challengePassword"
    "1.2.840.113549.1.9.14" "extensionRequest"
    // Keys and signatures that we do not use.
    "1.2.840.10040.4.1" "DSA"
    "1.2.840.10045.4.1" "ecdsa-with-SHA1"
    "1.2.840.113549.1.1.2" "md2WithRSAEncryption"
    "1.2.840.113549.1.1.4" "md5WithRSAEncryption"
    "1.2.840.113549.1.1.5" "sha1WithRSAEncryption"
    "1.2.840.113549.1.1.7" "RSAES-OAEP"
    "1.2.840.113549.1.1.10" "RSASSA-PSS"
    "1.3.14.3.2.29" "sha1WithRSASignature"
    "1.2.840.10040.4.3" "dsa-with-SHA1"
    "1.3.101.110" "X25519"
    "1.3.101.111" "X448"
    "1.3.101.112" "Ed25519"
    "1.3.101.113" "Ed448"
    "1.2.840.10045.3.1.7" "P-256"
    "1.3.132.0.34" "P-384"
    "1.3.132.0.35" "P-521"
    "1.3.132.0.10" "secp256k1"
    "1.3.132.0.33" "P-224"
    "1.2.840.10045.3.1.1" "P-192"
    "1.3.36.3.3.2.8.1.1.7" "brainpoolP256r1"
    "1.3.36.3.3.2.8.1.1.11" "brainpoolP384r1"
    "1.3.36.3.3.2.8.1.1.13" "brainpoolP512r1"
    "1.2.156.10197.1.301" "SM2"
    "1.2.156.10197.1.501" "SM2-with-SM3"
    "1.2.643.7.1.1.1.1" "GOST R 34.10-2012, 256 bits"
    "1.2.643.7.1.1.1.2" "GOST R 34.10-2012, 512 bits"
    "2.16.840.1.101.3.4.3.17" "ML-DSA-44"
    "2.16.840.1.101.3.4.3.18" "ML-DSA-65"
    "2.16.840.1.101.3.4.3.19" "ML-DSA-87"
    "2.16.840.1.101.3.4.3.20" "SLH-DSA-SHA2-128s"
    "2.16.840.1.101.3.4.3.26" "SLH-DSA-SHAKE-128s"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> String {
        Oid::from_octets(octets).expect("well-formed").to_string()
    }

    #[test]
    fn an_arc_of_any_size_is_read_and_written_in_decimal() {
        assert_eq!(read(&[0x2a, 0x86, 0x48]), "1.2.840");
        assert_eq!(read(&[0x88, 0x37, 3]), "2.999.3");
        // 2.25 and the UUID f81d4fae-7dec-11d0-a765-00a0c91e6bf6 (X.667).
        let uuid = 0xf81d_4fae_7dec_11d0_a765_00a0_c91e_6bf6_u128;
        let mut octets = vec![0x69];
        octets.extend((0..19).rev().map(|place| {
            let seven = u8::try_from(uuid >> (7 * place) & 0x7f).expect("seven bits");
            if place == 0 { seven } else { seven | 0x80 }
        }));
        assert_eq!(read(&octets), format!("2.25.{uuid}"));
        assert!(
            read(&[&[0x2a][..], &[0x81; 200], &[1]].concat()).starts_with("object identifier of 202 octets")
        );
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for octets in [&[][..], &[0x80, 1], &[0x2a, 0x80, 1], &[0x2a, 0x86]] {
            assert!(Oid::from_octets(octets).is_err(), "{octets:?}");
        }
    }

    #[test]
    fn known_identifiers_have_the_names_of_the_standards() {
        for (number, name) in [
            ("1.3.6.1.5.5.7.3.2", "clientAuth"),
            ("1.3.132.0.35", "P-521"),
            ("2.5.29.31", "cRLDistributionPoints"),
        ] {
            assert_eq!(Oid::from(ObjectIdentifier::new_unwrap(number)).called(), name);
        }
        assert_eq!(
            Oid::from(ObjectIdentifier::new_unwrap("1.2.3.4")).called(),
            "1.2.3.4"
        );
    }
}
