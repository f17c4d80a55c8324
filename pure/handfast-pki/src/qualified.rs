//! Qualified certificates of the European Union: what the extension qcStatements says (RFC 3739 section 3.2.6, ETSI EN 319
//! 412-5), with the attributes of payment service providers (ETSI TS 119 495).

use std::{fmt, str::FromStr};

use const_oid::{AssociatedOid, ObjectIdentifier};

use crate::{
    Error, Result,
    asn1::{self, Value, wrap},
    extended::Extended,
    name::Name,
    profile::pointers::WebAddress,
    subject::parts,
    text::printable,
};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const COMPLIANCE: ObjectIdentifier = oid("0.4.0.1862.1.1");
const DISCLOSURE: ObjectIdentifier = oid("0.4.0.1862.1.5");
const TYPE: ObjectIdentifier = oid("0.4.0.1862.1.6");
const PSD2: ObjectIdentifier = oid("0.4.0.19495.2");

/// What a profile says of its qualified certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualified {
    /// What they are for.
    pub kind: QualifiedKind,
    /// Where the terms lie, in which language (PKI disclosure statements, EN 319 412-5 section 4.3.4).
    pub disclosures: Vec<Disclosure>,
    /// For payment service providers: who supervises them, and the roles that one may have.
    pub psd2: Option<Psd2>,
}

/// The purpose of a qualified certificate (EN 319 412-5 section 4.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualifiedKind {
    /// Websites: a QWAC.
    Website,
    /// Electronic seals: a QSealC.
    Seal,
}

impl QualifiedKind {
    fn id(self) -> ObjectIdentifier {
        match self {
            Self::Website => oid("0.4.0.1862.1.6.3"),
            Self::Seal => oid("0.4.0.1862.1.6.2"),
        }
    }
}

/// Payment service providers under one supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Psd2 {
    /// The roles that may be asked for; a certificate has at least one.
    pub roles: Vec<PspRole>,
    /// The name of the national competent authority, in ASCII (TS 119 495 section 5.2.3).
    pub authority_name: String,
    /// Its identifier.
    pub authority_id: AuthorityId,
}

/// What a payment service provider is authorized for (TS 119 495 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PspRole {
    /// Account servicing.
    AccountServicing,
    /// Payment initiation.
    PaymentInitiation,
    /// Account information.
    AccountInformation,
    /// Issuing of card-based payment instruments.
    CardIssuing,
}

impl PspRole {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::AccountServicing,
        Self::PaymentInitiation,
        Self::AccountInformation,
        Self::CardIssuing,
    ];

    /// As the standard writes it: `PSP_AS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountServicing => "PSP_AS",
            Self::PaymentInitiation => "PSP_PI",
            Self::AccountInformation => "PSP_AI",
            Self::CardIssuing => "PSP_IC",
        }
    }

    fn id(self) -> ObjectIdentifier {
        match self {
            Self::AccountServicing => oid("0.4.0.19495.1.1"),
            Self::PaymentInitiation => oid("0.4.0.19495.1.2"),
            Self::AccountInformation => oid("0.4.0.19495.1.3"),
            Self::CardIssuing => oid("0.4.0.19495.1.4"),
        }
    }
}

impl FromStr for PspRole {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| Error::BadValue {
                found: printable(text),
                expected: "a role of a payment service provider: PSP_AS, PSP_PI, PSP_AI or PSP_IC",
            })
    }
}

impl fmt::Display for PspRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The national competent authority in the identifier of a payment service provider: `PSD`, the authority, and the number that
/// it has given, such as `PSDDE-BAFIN-123456` (TS 119 495 section 5.2.1). Nothing where `text` is none.
pub fn authority_of_provider(text: &str) -> Option<AuthorityId> {
    let rest = text.strip_prefix("PSD")?;
    let (second, _) = rest.match_indices('-').nth(1)?;
    let (authority, number) = rest.split_at(second);
    authority.parse().ok().filter(|_| number.len() > 1)
}

/// The organizationIdentifier in `subject`, where it has one.
pub fn provider_in(subject: &Name) -> Option<String> {
    let parts = parts(subject).unwrap_or_default().into_iter();
    let mut found = parts.filter(|part| part.kind.to_string() == "organizationIdentifier");
    found.next().map(|part| part.text)
}

/// The identifier of a national competent authority: `DE-BAFIN` (TS 119 495 section 5.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityId(String);

impl AuthorityId {
    /// As it stands in the certificate.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AuthorityId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_upper = |part: &str| part.bytes().all(|byte| byte.is_ascii_uppercase());
        match text.split_once('-') {
            Some((country, name))
                if country.len() == 2
                    && (2..=8).contains(&name.len())
                    && is_upper(country)
                    && is_upper(name) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(Error::BadValue {
                found: printable(text),
                expected: "the identifier of a national competent authority, such as DE-BAFIN",
            }),
        }
    }
}

/// Where the terms lie, and in which language: `en https://pki.acme.example/pds.pdf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    language: String,
    address: WebAddress,
}

impl FromStr for Disclosure {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::BadValue {
            found: printable(text),
            expected: "a language of two letters, a blank and an address of https, such as: en https://pki.acme.example/pds.pdf",
        };
        let (language, address) = text.split_once(' ').ok_or_else(bad)?;
        let fits = language.len() == 2
            && language.bytes().all(|byte| byte.is_ascii_lowercase())
            && address.starts_with("https://");
        if !fits {
            return Err(bad());
        }
        Ok(Self {
            language: language.to_owned(),
            address: address.parse()?,
        })
    }
}

impl fmt::Display for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.language, self.address)
    }
}

const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    wrap(asn1::SEQUENCE, &parts.concat())
}

fn identifier(id: ObjectIdentifier) -> Vec<u8> {
    wrap(asn1::OBJECT_IDENTIFIER, id.as_bytes())
}

impl Qualified {
    /// The contents of the extension, for a subject with these roles.
    pub fn to_der(&self, roles: &[PspRole]) -> Vec<u8> {
        let mut statements = vec![
            sequence(&[identifier(COMPLIANCE)]),
            sequence(&[identifier(TYPE), sequence(&[identifier(self.kind.id())])]),
        ];
        if !self.disclosures.is_empty() {
            let one = |disclosure: &Disclosure| {
                sequence(&[
                    wrap(IA5_STRING, disclosure.address.as_str().as_bytes()),
                    wrap(PRINTABLE_STRING, disclosure.language.as_bytes()),
                ])
            };
            let all: Vec<_> = self.disclosures.iter().map(one).collect();
            statements.push(sequence(&[identifier(DISCLOSURE), sequence(&all)]));
        }
        if let Some(psd2) = &self.psd2 {
            let one = |role: &PspRole| {
                sequence(&[identifier(role.id()), wrap(UTF8_STRING, role.name().as_bytes())])
            };
            let roles: Vec<_> = roles.iter().map(one).collect();
            let info = sequence(&[
                sequence(&roles),
                wrap(UTF8_STRING, psd2.authority_name.as_bytes()),
                wrap(UTF8_STRING, psd2.authority_id.as_str().as_bytes()),
            ]);
            statements.push(sequence(&[identifier(PSD2), info]));
        }
        sequence(&statements)
    }
}

/// What qcStatements of a certificate say, as far as it is known here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statements {
    /// Whether it is called qualified.
    pub is_qualified: bool,
    /// What for; nothing where it is said of several purposes, or of one that is not known here.
    pub kind: Option<QualifiedKind>,
    /// Addresses and languages of the terms.
    pub disclosures: Vec<(String, String)>,
    /// The roles of a payment service provider, the name and the identifier of its supervisor.
    pub psd2: Option<(Vec<PspRole>, String, String)>,
}

impl AssociatedOid for Statements {
    const OID: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.3");
}

impl Extended for Statements {
    fn read(der: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        for statement in Value::only(der, asn1::SEQUENCE, "statements").ok()?.values() {
            let mut parts = statement.ok()?.values();
            let id = parts.expect(asn1::OBJECT_IDENTIFIER, "statement").ok()?.content;
            let info = parts.next().transpose().ok()?;
            match info {
                None if id == COMPLIANCE.as_bytes() => found.is_qualified = true,
                Some(info) if id == TYPE.as_bytes() => {
                    let mut kinds = info.values();
                    let kind = kinds.next()?.ok()?;
                    let known = [QualifiedKind::Website, QualifiedKind::Seal];
                    found.kind = known
                        .into_iter()
                        .find(|known| known.id().as_bytes() == kind.content && kinds.0.is_empty());
                }
                Some(info) if id == DISCLOSURE.as_bytes() => {
                    for place in info.values() {
                        let mut parts = place.ok()?.values();
                        let (address, language) = (text(parts.next()?.ok()?)?, text(parts.next()?.ok()?)?);
                        found.disclosures.push((address, language));
                    }
                }
                Some(info) if id == PSD2.as_bytes() => found.psd2 = Some(provider(info)?),
                _ => {}
            }
        }
        Some(found)
    }
}

fn provider(info: Value<'_>) -> Option<(Vec<PspRole>, String, String)> {
    let mut parts = info.values();
    let roles = parts.expect(asn1::SEQUENCE, "roles").ok()?.values();
    let role = |role: Result<Value<'_>, asn1::Flaw>| {
        let mut parts = role.ok()?.values();
        let id = parts.expect(asn1::OBJECT_IDENTIFIER, "role").ok()?.content;
        let name = text(parts.next()?.ok()?)?;
        PspRole::ALL
            .into_iter()
            .find(|known| known.id().as_bytes() == id && known.name() == name)
    };
    let roles = roles.map(role).collect::<Option<Vec<_>>>()?;
    let (name, id) = (text(parts.next()?.ok()?)?, text(parts.next()?.ok()?)?);
    parts.end("provider").ok()?;
    Some((roles, name, id))
}

fn text(value: Value<'_>) -> Option<String> {
    crate::name::text(value.tag, value.content)
}

impl Statements {
    /// Whether they are those of `profile`, with roles that it has.
    pub fn follow(&self, profile: &Qualified) -> bool {
        let disclosures = profile
            .disclosures
            .iter()
            .map(|one| (one.address.as_str().to_owned(), one.language.clone()));
        let provider = match (&self.psd2, &profile.psd2) {
            (None, None) => true,
            (Some((roles, name, id)), Some(psd2)) => {
                !roles.is_empty()
                    && roles.iter().all(|role| psd2.roles.contains(role))
                    && *name == psd2.authority_name
                    && *id == psd2.authority_id.as_str()
            }
            _ => false,
        };
        self.is_qualified
            && self.kind == Some(profile.kind)
            && self.disclosures == disclosures.collect::<Vec<_>>()
            && provider
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_as_they_were_written_and_follow_their_profile_alone() {
        let profile = Qualified {
            kind: QualifiedKind::Website,
            disclosures: vec!["en https://pki.acme.example/pds.pdf".parse().expect("one")],
            psd2: Some(Psd2 {
                roles: PspRole::ALL.to_vec(),
                authority_name: "Federal Financial Supervisory Authority".into(),
                authority_id: "DE-BAFIN".parse().expect("one"),
            }),
        };
        let roles = [PspRole::PaymentInitiation, PspRole::AccountInformation];
        let read = Statements::read(&profile.to_der(&roles)).expect("read");
        assert_eq!(read.psd2.as_ref().expect("there").0, roles);
        assert!(read.follow(&profile));
        let seal = Qualified {
            kind: QualifiedKind::Seal,
            ..profile.clone()
        };
        assert!(!read.follow(&seal));
        assert!(
            !Statements::read(&profile.to_der(&[]))
                .expect("read")
                .follow(&profile)
        );
        for bad in ["BAFIN", "DE-bafin", "DE-B", "DEU-BAFIN", "DE-ABCDEFGHI"] {
            assert!(bad.parse::<AuthorityId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_payment_service_provider_is_named_by_its_authority_and_its_number_there() {
        for good in [
            "PSDDE-BAFIN-123456",
            "PSDBE-NBB-1234.567.890",
            "PSDPL-PFSA-12-34",
            "PSDFI-FINFSA-1",
        ] {
            assert!(authority_of_provider(good).is_some(), "{good}");
        }
        for bad in [
            "nonsense",
            "",
            "PSD",
            "PSDDE-BAFIN",
            "PSDDE-BAFIN-",
            "PSDde-BAFIN-1",
            "PSDDE-bafin-1",
            "PSDDE-B-1",
            "PSDDE-TOOLONGNAME-1",
            "PSDDEU-BAFIN-1",
            "VATDE-123456789",
            "DE-BAFIN-123456",
        ] {
            assert!(authority_of_provider(bad).is_none(), "{bad}");
        }
    }
}
