//! Certificates and revocation lists as they should not be. Good unless told otherwise, so that a case spoils
//! what it is about and nothing else.
//!
//! The authority has no such freedom and shares no code with this.

use const_oid::{
    AssociatedOid,
    db::rfc5280::{ID_CE_CRL_NUMBER, ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH},
};
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{BitString, GeneralizedTime, Int, ObjectIdentifier, OctetString, Uint, UtcTime},
    flagset::FlagSet,
};
use handfast_pki::{
    Certificate, KeyKind, PrivateKey, PublicKey, build,
    certificate::chain_to_pem,
    name::{self, AltName, Name},
    pem,
};
use jiff::{SignedDuration, Timestamp};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints,
            SubjectAltName, SubjectKeyIdentifier, constraints::name::GeneralSubtree, name::GeneralName,
        },
    },
    time::{Time, Validity},
};

use crate::{Error, Folder};

type Result<T> = std::result::Result<T, Error>;

/// A day, for lifetimes.
pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What a certificate shall say.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) subject: Name,
    pub(crate) names: Vec<AltName>,
    pub(crate) key: KeyKind,
    /// 1 or 3; a version 1 certificate has no extensions.
    pub(crate) version: u8,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// Whether it says that it is a CA, and how many CAs may follow.
    pub(crate) ca: Option<Option<u8>>,
    /// No key usage extension without any.
    pub(crate) usages: Option<FlagSet<KeyUsages>>,
    /// No extended key usage extension without any.
    pub(crate) purposes: Vec<ObjectIdentifier>,
    /// The DNS subtree that a CA may sign.
    pub(crate) permitted_dns: Option<String>,
    /// The DNS subtree that a CA may not sign.
    pub(crate) excluded_dns: Option<String>,
    /// Whether it has a critical extension that nobody knows.
    pub(crate) private_critical: bool,
    /// Whether it names the key of its issuer.
    pub(crate) authority_key_id: bool,
    /// Whether the key that it names is another one than its issuer's.
    pub(crate) wrong_authority_key_id: bool,
}

impl Wish {
    /// A leaf called `common_name`, valid from yesterday for 30 days, for clients.
    pub(crate) fn client(common_name: &str, now: Timestamp) -> Result<Self> {
        Ok(Self {
            subject: distinguished(common_name)?,
            names: Vec::new(),
            key: KeyKind::P256,
            version: 3,
            not_before: now - DAY,
            not_after: now + DAY * 29,
            ca: None,
            usages: Some(KeyUsages::DigitalSignature.into()),
            purposes: vec![ID_KP_CLIENT_AUTH],
            permitted_dns: None,
            excluded_dns: None,
            private_critical: false,
            authority_key_id: true,
            wrong_authority_key_id: false,
        })
    }

    /// The same for servers.
    pub(crate) fn server(common_name: &str, now: Timestamp) -> Result<Self> {
        Ok(Self {
            purposes: vec![ID_KP_SERVER_AUTH],
            ..Self::client(common_name, now)?
        })
    }

    /// A CA, valid from 100 days ago for 300 days.
    pub(crate) fn ca(common_name: &str, path_length: Option<u8>, now: Timestamp) -> Result<Self> {
        let usages: FlagSet<KeyUsages> = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        Ok(Self {
            not_before: now - DAY * 100,
            not_after: now + DAY * 200,
            ca: Some(path_length),
            usages: Some(usages),
            purposes: Vec::new(),
            ..Self::client(common_name, now)?
        })
    }

    /// With these DNS names and addresses.
    pub(crate) fn named(mut self, names: &[&str]) -> Result<Self> {
        for name in names {
            self.names.push(match name {
                name if name.contains("://") => AltName::uri(name)?,
                name if name.parse::<std::net::IpAddr>().is_ok() => AltName::ip(name)?,
                name => AltName::dns(name)?,
            });
        }
        Ok(self)
    }
}

/// `CN=common_name,O=Handfast Lab`.
pub(crate) fn distinguished(common_name: &str) -> Result<Name> {
    Ok(name::distinguished(common_name, Some("Handfast Lab"))?)
}

/// `O=Handfast Lab`, without a common name.
pub(crate) fn nameless() -> Result<Name> {
    Ok("O=Handfast Lab".parse()?)
}

/// A certificate with its key.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) certificate: Certificate,
    pub(crate) key: PrivateKey,
}

impl Holder {
    /// Signed by itself.
    pub(crate) fn itself(wish: &Wish) -> Result<Self> {
        let key = PrivateKey::generate(wish.key)?;
        let certificate = certify(wish, &key.public_key(), &wish.subject, &key)?;
        Ok(Self { certificate, key })
    }

    /// Writes `tls.crt`, followed by `above`, and `tls.key` into the folder `place` of `folder`.
    pub(crate) fn write(&self, folder: &Folder, place: &str, above: &[&Certificate]) -> Result<()> {
        let chain = std::iter::once(&self.certificate).chain(above.iter().copied());
        folder.write(&format!("{place}/tls.crt"), chain_to_pem(chain))?;
        let key = format!("{place}/tls.key");
        folder.write(&key, self.key.to_pem().as_bytes())?;
        folder.mode(&key, 0o600)
    }

    /// Keeps it at `place` of `folder`, for [`Holder::kept`].
    pub(crate) fn keep(&self, folder: &Folder, place: &str) -> Result<()> {
        folder.write(&format!("{place}.der"), self.certificate.der())?;
        let key = format!("{place}.key.der");
        folder.write(&key, self.key.pkcs8())?;
        folder.mode(&key, 0o600)
    }

    /// What was kept there.
    pub(crate) fn kept(folder: &Folder, place: &str) -> Result<Self> {
        Ok(Self {
            certificate: Certificate::from_der(&folder.bytes(&format!("{place}.der"))?)?,
            key: PrivateKey::from_der(&folder.bytes(&format!("{place}.key.der"))?)?,
        })
    }

    /// Signs what `wish` says, for a new key.
    pub(crate) fn sign(&self, wish: &Wish) -> Result<Self> {
        let key = PrivateKey::generate(wish.key)?;
        let certificate = certify(wish, &key.public_key(), self.certificate.subject(), &self.key)?;
        Ok(Self { certificate, key })
    }

    /// A revocation list in PEM, of these serial numbers and until `next_update`.
    pub(crate) fn revoke(
        &self,
        revoked: &[&Certificate],
        from: Timestamp,
        next_update: Timestamp,
    ) -> Result<String> {
        revoke(self.certificate.subject(), &self.key, revoked, from, next_update)
    }
}

/// A revocation list in PEM of the CA called `issuer`, which signs with `signer`.
pub(crate) fn revoke(
    issuer: &Name,
    signer: &PrivateKey,
    revoked: &[&Certificate],
    from: Timestamp,
    next_update: Timestamp,
) -> Result<String> {
    let algorithm = signer.signature_algorithm();
    let number = Extension {
        extn_id: ID_CE_CRL_NUMBER,
        critical: false,
        extn_value: OctetString::new(Uint::new(&[7])?.to_der()?)?,
    };
    let authority = authority_key_id(&signer.public_key())?;
    let list = TbsCertList {
        version: 1,
        signature: algorithm.clone(),
        issuer: issuer.clone(),
        this_update: time(from)?,
        next_update: time(next_update)?,
        revoked: if revoked.is_empty() {
            None
        } else {
            let entries = revoked.iter().map(|certificate| {
                Ok(Revoked {
                    serial: serial_of(certificate)?,
                    date: time(from)?,
                })
            });
            Some(entries.collect::<Result<_>>()?)
        },
        extensions: vec![authority, number],
    };
    let tbs = list.to_der()?;
    let signed = Signed {
        tbs: Any::from_der(&tbs)?,
        signature: BitString::from_bytes(&signer.sign(&tbs)?)?,
        algorithm,
    };
    Ok(pem::write("X509 CRL", &signed.to_der()?))
}

/// TBSCertificate (RFC 5280 section 4.1).
#[derive(Sequence)]
struct TbsCertificate {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    version: Option<u8>,
    serial: Int,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    public_key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

/// TBSCertList (RFC 5280 section 5.1).
#[derive(Sequence)]
struct TbsCertList {
    version: u8,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    this_update: Time,
    next_update: Time,
    #[asn1(optional = "true")]
    revoked: Option<Vec<Revoked>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Revoked {
    serial: Int,
    date: Time,
}

#[derive(Sequence)]
struct Signed {
    tbs: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// The certificate of the key `public` that `wish` asks for, signed by `signer` who is called `issuer`.
pub(crate) fn certify(
    wish: &Wish,
    public: &PublicKey,
    issuer: &Name,
    signer: &PrivateKey,
) -> Result<Certificate> {
    let algorithm = signer.signature_algorithm();
    // The digest of the public key is as random as the key, and the issuer signs no key twice.
    let mut serial = public.key_id();
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    let is_new = wish.version == 3;
    let tbs = TbsCertificate {
        version: is_new.then_some(2),
        serial: Int::new(&serial)?,
        signature: algorithm.clone(),
        issuer: issuer.clone(),
        validity: Validity::new(time(wish.not_before)?, time(wish.not_after)?),
        subject: wish.subject.clone(),
        public_key: SubjectPublicKeyInfoOwned::from_der(public.spki_der())?,
        extensions: if is_new {
            Some(extensions(wish, public, signer)?)
        } else {
            None
        },
    };
    let tbs = tbs.to_der()?;
    Ok(build::assemble(&tbs, &algorithm, &signer.sign(&tbs)?)?)
}

fn extensions(wish: &Wish, public: &PublicKey, signer: &PrivateKey) -> Result<Vec<Extension>> {
    let mut extensions = Vec::new();
    if let Some(path_len_constraint) = wish.ca {
        let constraints = BasicConstraints {
            ca: true,
            path_len_constraint,
        };
        extensions.push(extension::<BasicConstraints>(true, &constraints)?);
    }
    if let Some(usages) = wish.usages {
        extensions.push(extension(true, &KeyUsage(usages))?);
    }
    if !wish.purposes.is_empty() {
        extensions.push(extension(false, &ExtendedKeyUsage(wish.purposes.clone()))?);
    }
    if !wish.names.is_empty() {
        let names = wish
            .names
            .iter()
            .map(AltName::to_general_name)
            .collect::<handfast_pki::Result<_>>()?;
        extensions.push(extension(false, &SubjectAltName(names))?);
    }
    if wish.permitted_dns.is_some() || wish.excluded_dns.is_some() {
        let constraints = NameConstraints {
            permitted_subtrees: subtrees(wish.permitted_dns.as_deref())?,
            excluded_subtrees: subtrees(wish.excluded_dns.as_deref())?,
        };
        extensions.push(extension(true, &constraints)?);
    }
    if wish.private_critical {
        extensions.push(Extension {
            extn_id: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.1"),
            critical: true,
            extn_value: OctetString::new([5, 0])?,
        });
    }
    let own = OctetString::new(public.key_id())?;
    extensions.push(extension(false, &SubjectKeyIdentifier(own))?);
    if wish.authority_key_id {
        let named = if wish.wrong_authority_key_id {
            public.clone()
        } else {
            signer.public_key()
        };
        extensions.push(authority_key_id(&named)?);
    }
    Ok(extensions)
}

fn subtrees(name: Option<&str>) -> Result<Option<Vec<GeneralSubtree>>> {
    let Some(name) = name else {
        return Ok(None);
    };
    Ok(Some(vec![GeneralSubtree {
        base: GeneralName::DnsName(der::asn1::Ia5String::new(name)?),
        minimum: 0,
        maximum: None,
    }]))
}

fn authority_key_id(signer: &PublicKey) -> Result<Extension> {
    extension(
        false,
        &AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(signer.key_id())?),
            authority_cert_issuer: None,
            authority_cert_serial_number: None,
        },
    )
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

fn serial_of(certificate: &Certificate) -> Result<Int> {
    let decoded = x509_cert::Certificate::from_der(certificate.der())?;
    Ok(Int::new(decoded.tbs_certificate().serial_number().as_bytes())?)
}

fn time(at: Timestamp) -> Result<Time> {
    const YEAR_2050: i64 = 2_524_608_000;
    let since_epoch = std::time::Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0));
    Ok(if at.as_second() < YEAR_2050 {
        Time::UtcTime(UtcTime::from_unix_duration(since_epoch)?)
    } else {
        Time::GeneralTime(GeneralizedTime::from_unix_duration(since_epoch)?)
    })
}
