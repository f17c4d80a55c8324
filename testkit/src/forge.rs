//! Certificates as they should not be: every field and extension can be spoiled. Good unless a test spoils it.

use der::{
    Any, Decode, Encode, Sequence,
    asn1::{BitString, Ia5String, Int, ObjectIdentifier, OctetString, UtcTime},
    flagset::FlagSet,
    oid::AssociatedOid,
};
use handfast_pki::{
    Certificate, KeyKind, PrivateKey, PublicKey, build,
    name::{self, Name},
};
use jiff::{SignedDuration, Timestamp};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{
    ext::{
        Extension,
        pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName, name::GeneralName},
    },
    time::{Time, Validity},
};

pub use x509_cert::ext::pkix::KeyUsages as Usages;

const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// What a certificate shall say.
#[derive(Clone)]
pub struct Forge {
    pub subject: Name,
    /// Another name than that of the signer.
    pub issuer: Option<Name>,
    /// 1 or 3.
    pub version: u8,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub extensions: Vec<Extension>,
    /// What the inner algorithm field says, where it is not what the outer one says.
    pub inner_algorithm: Option<AlgorithmIdentifierOwned>,
    /// What both algorithm fields say, where the signature is not the usual one.
    pub algorithm: Option<AlgorithmIdentifierOwned>,
    /// The subject's unique identifier (RFC 5280 section 4.1.2.8), which nobody writes.
    pub unique_id: bool,
}

/// A forged certificate with its key, and what stands above it.
#[derive(Clone)]
pub struct Forged {
    pub certificate: Certificate,
    pub key: std::sync::Arc<PrivateKey>,
}

/// TBSCertificate (RFC 5280 section 4.1).
#[derive(Sequence)]
struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    version: Option<u8>,
    serial: Int,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    public_key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    unique_id: Option<BitString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

/// A DNS name, well-formed or not.
pub fn dns(name: &str) -> GeneralName {
    GeneralName::DnsName(Ia5String::new(name).expect("ASCII"))
}

/// A URI, well-formed or not.
pub fn uri(name: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(name).expect("ASCII"))
}

/// An object identifier as a name.
pub fn registered(id: &str) -> GeneralName {
    GeneralName::RegisteredId(id.parse().expect("an object identifier"))
}

/// An e-mail address, well-formed or not.
pub fn email(name: &str) -> GeneralName {
    GeneralName::Rfc822Name(Ia5String::new(name).expect("ASCII"))
}

/// The extension `T` with the value `value`.
pub fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Extension {
    raw(T::OID, critical, &value.to_der().expect("encoded"))
}

/// The extension `id` with these bytes.
pub fn raw(id: ObjectIdentifier, critical: bool, value: &[u8]) -> Extension {
    Extension {
        extn_id: id,
        critical,
        extn_value: OctetString::new(value).expect("short"),
    }
}

impl Forge {
    /// A CA called `common_name`.
    pub fn ca(common_name: &str) -> Self {
        let constraints = BasicConstraints {
            ca: true,
            path_len_constraint: None,
        };
        let usages: FlagSet<KeyUsages> = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        Self::of(
            common_name,
            vec![extension(true, &constraints), extension(true, &KeyUsage(usages))],
        )
    }

    /// A client called `common_name` with the names `names`.
    pub fn client(common_name: &str, names: Vec<GeneralName>) -> Self {
        Self::of(
            common_name,
            vec![
                extension(true, &KeyUsage(KeyUsages::DigitalSignature.into())),
                extension(false, &ExtendedKeyUsage(vec![CLIENT_AUTH])),
                extension(false, &SubjectAltName(names)),
            ],
        )
    }

    fn of(common_name: &str, extensions: Vec<Extension>) -> Self {
        let now = Timestamp::now();
        Self {
            subject: name::distinguished(common_name, None).expect("a name"),
            issuer: None,
            version: 3,
            not_before: now - SignedDuration::from_hours(24),
            not_after: now + SignedDuration::from_hours(24),
            extensions,
            inner_algorithm: None,
            algorithm: None,
            unique_id: false,
        }
    }

    /// Without the extension `T`.
    pub fn without<T: AssociatedOid>(mut self) -> Self {
        self.extensions.retain(|extension| extension.extn_id != T::OID);
        self
    }

    /// With `extension` in the place of another of its kind.
    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.retain(|other| other.extn_id != extension.extn_id);
        self.extensions.push(extension);
        self
    }

    /// With `extension` beside whatever there is.
    pub fn and(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// With the key usages `usages`.
    pub fn usages(self, usages: impl Into<FlagSet<KeyUsages>>) -> Self {
        self.with(extension(true, &KeyUsage(usages.into())))
    }

    /// With a critical extension that nobody knows.
    pub fn critical(self) -> Self {
        let private = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1");
        self.with(raw(private, true, &[5, 0]))
    }

    /// With at most `count` CAs below it.
    pub fn path_length(self, count: u8) -> Self {
        let constraints = BasicConstraints {
            ca: true,
            path_len_constraint: Some(count),
        };
        self.with(extension(true, &constraints))
    }

    /// Signed by itself.
    pub fn root(&self) -> Forged {
        self.root_of(PrivateKey::generate(KeyKind::P256).expect("a key"))
    }

    /// Signed by itself, with this key.
    pub fn root_of(&self, key: PrivateKey) -> Forged {
        let certificate = self.certify(&key.public_key(), &self.subject, &key);
        Forged {
            certificate,
            key: key.into(),
        }
    }

    /// Signed by `issuer`.
    pub fn by(&self, issuer: &Forged) -> Forged {
        self.by_of(issuer, PrivateKey::generate(KeyKind::P256).expect("a key"))
    }

    /// Signed by `issuer`, with this key.
    pub fn by_of(&self, issuer: &Forged, key: impl Into<std::sync::Arc<PrivateKey>>) -> Forged {
        let key = key.into();
        let certificate = self.for_key(&key.public_key(), issuer);
        Forged { certificate, key }
    }

    /// The certificate of a key whose private half nobody needs.
    pub fn for_key(&self, key: &PublicKey, issuer: &Forged) -> Certificate {
        self.certify(key, issuer.certificate.subject(), &issuer.key)
    }

    fn certify(&self, public: &PublicKey, issuer: &Name, signer: &PrivateKey) -> Certificate {
        let algorithm = self
            .algorithm
            .clone()
            .unwrap_or_else(|| signer.signature_algorithm());
        let mut serial = public.key_id();
        serial[0] = serial[0] & 0x3f | 0x40;
        let is_new = self.version == 3;
        let tbs = Tbs {
            version: is_new.then_some(2),
            serial: Int::new(&serial).expect("a serial number"),
            signature: self.inner_algorithm.clone().unwrap_or_else(|| algorithm.clone()),
            issuer: self.issuer.clone().unwrap_or_else(|| issuer.clone()),
            validity: Validity::new(time(self.not_before), time(self.not_after)),
            subject: self.subject.clone(),
            public_key: SubjectPublicKeyInfoOwned::from_der(public.spki_der()).expect("a key"),
            unique_id: self.unique_id.then(|| BitString::from_bytes(&[1]).expect("bits")),
            extensions: is_new.then(|| self.extensions.clone()),
        };
        let tbs = Any::encode_from(&tbs).expect("built").to_der().expect("built");
        let signature = signer.sign(&tbs).expect("signed");
        build::assemble(&tbs, &algorithm, &signature).expect("assembled")
    }
}

fn time(at: Timestamp) -> Time {
    let seconds = u64::try_from(at.as_second()).expect("after 1970");
    let since_epoch = std::time::Duration::from_secs(seconds);
    Time::UtcTime(UtcTime::from_unix_duration(since_epoch).expect("before 2050"))
}

/// RSAPublicKey (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
struct RsaParts {
    modulus: der::asn1::Uint,
    exponent: der::asn1::Uint,
}

/// A public key of Ed448 (RFC 8410), which nothing here supports; its private half is unknown.
pub fn ed448_public() -> PublicKey {
    PublicKey::from_spki(&SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.3.101.113"),
            parameters: None,
        },
        subject_public_key: BitString::from_bytes(&[7; 57]).expect("bits"),
    })
}

/// The public key of these two numbers, whatever they are.
pub fn rsa_public(modulus: &[u8], exponent: &[u8]) -> PublicKey {
    let parts = RsaParts {
        modulus: der::asn1::Uint::new(modulus).expect("a number"),
        exponent: der::asn1::Uint::new(exponent).expect("a number"),
    };
    PublicKey::from_spki(&SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
            parameters: Some(Any::null()),
        },
        subject_public_key: BitString::from_bytes(&parts.to_der().expect("encoded")).expect("bits"),
    })
}
