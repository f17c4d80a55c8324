//! From a plan to the exact bytes that a CA signs, and from the signature to the certificate.
//!
//! The two halves are apart so that the CA can store and lint the to-be-signed bytes before its
//! key touches them.

use const_oid::AssociatedOid;
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{BitString, GeneralizedTime, Int, ObjectIdentifier, OctetString, UtcTime},
};
use jiff::Timestamp;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::{
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName,
            SubjectKeyIdentifier,
        },
    },
    time::{Time, Validity},
};

use crate::{
    Certificate, Error, PrivateKey, PublicKey, Result,
    name::{AltName, Name},
    profile::{ProfileRules, pointers, pointers::Shards},
    qualified::{PspRole, Statements},
    serial::Serial,
};

/// Everything that a certificate will say, decided before it is built.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The rules that extensions are taken from.
    pub profile: ProfileRules,
    /// Unique among the certificates of one issuer.
    pub serial: Serial,
    /// The distinguished name; may be empty where there are `names`.
    pub subject: Name,
    /// The roles of a payment service provider, where the profile is for one.
    pub roles: Vec<PspRole>,
    /// Subject alternative names, in the order in which they will stand.
    pub names: Vec<AltName>,
    /// The beginning of the validity, to the second.
    pub not_before: Timestamp,
    /// The end of the validity, to the second and included (RFC 5280 section 4.1.2.5).
    pub not_after: Timestamp,
    /// Of whoever gets the certificate.
    pub public_key: PublicKey,
}

/// Who signs: name and key identifier as they will stand in the certificate, and the algorithm.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The name, byte for byte that of the issuer's own certificate.
    pub subject: Name,
    /// Empty: no authority key identifier is written, which the lint refuses of a CA.
    pub key_id: Vec<u8>,
    /// Stands in the certificate before it is signed, so it has to be known.
    pub algorithm: AlgorithmIdentifierOwned,
}

impl Issuer {
    /// The issuer that `certificate` and its key make together.
    pub fn new(certificate: &Certificate, key: &PrivateKey) -> Self {
        Self {
            subject: certificate.subject().clone(),
            key_id: certificate
                .subject_key_id()
                .unwrap_or_else(|| certificate.public_key().key_id()),
            algorithm: key.signature_algorithm(),
        }
    }

    /// The issuer of a root: itself.
    pub fn itself(subject: Name, key: &PrivateKey) -> Self {
        Self {
            subject,
            key_id: key.public_key().key_id(),
            algorithm: key.signature_algorithm(),
        }
    }
}

/// TBSCertificate (RFC 5280 section 4.1), version 3 without unique identifiers.
#[derive(Sequence)]
struct TbsCertificate {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial: Int,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    public_key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

/// Certificate (RFC 5280 section 4.1) around bytes that are not touched again.
#[derive(Sequence)]
struct Signed {
    tbs: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// The to-be-signed bytes of `plan` under `issuer`.
pub fn to_be_signed(plan: &Plan, issuer: &Issuer) -> Result<Vec<u8>> {
    let tbs = TbsCertificate {
        version: 2,
        serial: Int::new(plan.serial.octets()).map_err(impossible)?,
        signature: issuer.algorithm.clone(),
        issuer: issuer.subject.clone(),
        validity: Validity::new(time(plan.not_before)?, time(plan.not_after)?),
        subject: plan.subject.clone(),
        public_key: SubjectPublicKeyInfoOwned::from_der(plan.public_key.spki_der()).map_err(impossible)?,
        extensions: extensions(plan, issuer)?,
    };
    tbs.to_der().map_err(impossible)
}

/// The to-be-signed bytes of a certificate whose serial number lacks its index; everything else is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unnumbered {
    random: [u8; 14],
    /// With the index 0.
    tbs: Vec<u8>,
    /// Where the serial number stands in it.
    at: usize,
    /// Where the number of a part of the revocation list stands.
    shard_at: Option<usize>,
}

impl Unnumbered {
    /// The bytes of `plan` under `issuer`, with a serial number of `random` bits and no index yet. The serial number of
    /// the plan is not looked at.
    ///
    /// # Errors
    ///
    /// As [`to_be_signed`].
    pub fn new(plan: &Plan, random: [u8; 14], issuer: &Issuer) -> Result<Self> {
        let serial = Serial::indexed(random, 0).ok_or(Error::BadValue {
            found: "0".into(),
            expected: "an index",
        })?;
        let plan = Plan {
            serial,
            ..plan.clone()
        };
        let tbs = to_be_signed(&plan, issuer)?;
        // The version, then the number (RFC 5280 section 4.1); before both, their frame of unknown length.
        let mut before = vec![0xa0, 3, 2, 1, 2, 2, 20];
        before.extend(serial.octets());
        let found = tbs.windows(before.len()).position(|window| window == before);
        let at = found.ok_or(Error::BadValue {
            found: serial.to_string(),
            expected: "a serial number in the certificate under construction",
        })?;
        let at = at + before.len() - serial.octets().len();
        let shard_at = match address_of_shard(&plan, issuer)? {
            None => None,
            Some(address) => {
                let found = tbs
                    .windows(address.len())
                    .position(|window| window == address.as_bytes());
                let begin = found.ok_or(Error::BadValue {
                    found: address.clone(),
                    expected: "the address in the certificate under construction",
                })?;
                Some(begin + address.len() - Shards::file(0).len())
            }
        };
        Ok(Self {
            random,
            tbs,
            at,
            shard_at,
        })
    }

    /// The bytes with the index 0, for a look at everything else.
    pub fn with_index_0(&self) -> &[u8] {
        &self.tbs
    }

    /// The serial number with `index`, and the bytes with it; nothing where no serial number can carry the index.
    pub fn numbered(&self, index: u64) -> Option<(Serial, Vec<u8>)> {
        let serial = Serial::indexed(self.random, index)?;
        let mut tbs = self.tbs.clone();
        tbs.get_mut(self.at..)?
            .get_mut(..20)?
            .copy_from_slice(serial.octets());
        if let Some(at) = self.shard_at {
            let digits = Shards::digits(crate::serial::shard_of(index));
            tbs.get_mut(at..)?
                .get_mut(..digits.len())?
                .copy_from_slice(digits.as_bytes());
        }
        Some((serial, tbs))
    }
}

/// The certificate of `tbs` and its `signature`.
pub fn assemble(tbs: &[u8], algorithm: &AlgorithmIdentifierOwned, signature: &[u8]) -> Result<Certificate> {
    let signed = Signed {
        tbs: Any::from_der(tbs).map_err(impossible)?,
        algorithm: algorithm.clone(),
        signature: BitString::from_bytes(signature).map_err(impossible)?,
    };
    Certificate::from_der(&signed.to_der().map_err(impossible)?)
}

fn extensions(plan: &Plan, issuer: &Issuer) -> Result<Vec<Extension>> {
    let profile = &plan.profile;
    let key_id = OctetString::new(issuer.key_id.clone()).map_err(impossible)?;
    let own_id = OctetString::new(profile.key_id_of(&plan.public_key)).map_err(impossible)?;
    let mut extensions = vec![
        extension::<BasicConstraints>(true, &profile.basic_constraints())?,
        extension::<KeyUsage>(true, &profile.key_usage)?,
    ];
    if let Some(constraints) = profile.constraints().map_err(impossible)? {
        extensions.push(extension(true, &constraints)?);
    }
    if !profile.extended_key_usage.is_empty() {
        let usages = ExtendedKeyUsage(profile.extended_key_usage.clone());
        extensions.push(extension(false, &usages)?);
    }
    if !plan.names.is_empty() {
        let names = plan
            .names
            .iter()
            .map(AltName::to_general_name)
            .collect::<Result<_>>()?;
        // Critical where it is the only name there is (RFC 5280 section 4.2.1.6).
        extensions.push(extension(plan.subject.is_empty(), &SubjectAltName(names))?);
    }
    extensions.push(extension(false, &SubjectKeyIdentifier(own_id))?);
    if !issuer.key_id.is_empty() {
        let authority = AuthorityKeyIdentifier {
            key_identifier: Some(key_id),
            authority_cert_issuer: None,
            authority_cert_serial_number: None,
        };
        extensions.push(extension(false, &authority)?);
    }
    extensions.extend(of_the_profile(plan, issuer)?);
    Ok(extensions)
}

/// `id-ce-noRevAvail` (RFC 9608 section 2).
pub(crate) const NO_REV_AVAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.56");

/// Where that part of the revocation list lies that is about the certificate, where the profile has such parts.
fn address_of_shard(plan: &Plan, issuer: &Issuer) -> Result<Option<String>> {
    let Some(shards) = &plan.profile.pointers.crl_shards else {
        return Ok(None);
    };
    let shard = crate::serial::shard(plan.serial.octets()).ok_or(Error::BadValue {
        found: plan.serial.to_string(),
        expected: "a serial number with an index, which an imported CA does not give: leave crl-shards out",
    })?;
    Ok(Some(shards.of(&issuer.key_id, shard)))
}

/// `id-pkix-ocsp-nocheck` (RFC 6960 section 4.2.2.2.1).
pub(crate) const OCSP_NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");

/// What stands there only where the profile says so.
fn of_the_profile(plan: &Plan, issuer: &Issuer) -> Result<Vec<Extension>> {
    let profile = &plan.profile;
    let mut extensions = Vec::new();
    if !profile.policies.is_empty() {
        let policies = pointers::policies(&profile.policies).map_err(impossible)?;
        extensions.push(extension(false, &policies)?);
    }
    let places = &profile.pointers;
    let shard = address_of_shard(plan, issuer)?;
    if let Some(points) = pointers::crl_points(&places.crl, shard.as_deref()).map_err(impossible)? {
        extensions.push(extension(false, &points)?);
    }
    if !(places.ocsp.is_empty() && places.ca_issuers.is_empty()) {
        let access = pointers::access(places).map_err(impossible)?;
        extensions.push(extension(false, &access)?);
    }
    let mut raw = |extn_id, value: Vec<u8>| {
        extensions.push(Extension {
            extn_id,
            critical: false,
            extn_value: OctetString::new(value).map_err(impossible)?,
        });
        Ok::<_, Error>(())
    };
    if profile.no_rev_avail {
        raw(NO_REV_AVAIL, vec![5, 0])?;
    }
    if profile.ocsp_no_check {
        raw(OCSP_NO_CHECK, vec![5, 0])?;
    }
    if let Some(qualified) = &profile.qualified {
        raw(Statements::OID, qualified.to_der(&plan.roles))?;
    }
    Ok(extensions)
}

pub(crate) fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension> {
    let extn_value = value.to_der().and_then(OctetString::new).map_err(impossible)?;
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value,
    })
}

/// UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
pub(crate) fn time(at: Timestamp) -> Result<Time> {
    const YEAR_2050: i64 = 2_524_608_000;
    let seconds = u64::try_from(at.as_second()).map_err(|_| Error::BadValue {
        found: at.to_string(),
        expected: "a time after 1970",
    })?;
    let since_epoch = std::time::Duration::from_secs(seconds);
    if at.as_second() < YEAR_2050 {
        UtcTime::from_unix_duration(since_epoch)
            .map(Time::UtcTime)
            .map_err(impossible)
    } else {
        GeneralizedTime::from_unix_duration(since_epoch)
            .map(Time::GeneralTime)
            .map_err(impossible)
    }
}

/// All parts were checked when they were made; what still fails here is a bug, and says so.
fn impossible(error: der::Error) -> Error {
    Error::Malformed {
        what: "certificate under construction",
        detail: error.into(),
    }
}
