//! What a certificate is for, and the extensions that follow from it. Nobody else decides about extensions.
//!
//! A profile is data: [`ProfileRules`] says all that a certificate of it may be. [`crate::build`] takes the extensions
//! from there, the CA approves requests by it, and [`crate::lint`] compares with it; none of them knows a profile by
//! name. [`Profile`] names those that every CA has.

use std::{fmt, str::FromStr};

/// Extended key usages (RFC 5280 section 4.2.1.12).
pub use self::lifetime::Lifetime;
pub use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
/// An object identifier, as extended key usages are.
pub use der::asn1::ObjectIdentifier;
use jiff::SignedDuration;
use serde::Serialize;
use x509_cert::ext::pkix::{BasicConstraints, NameConstraints};
/// Key usage (RFC 5280 section 4.2.1.3).
pub use x509_cert::ext::pkix::{KeyUsage, KeyUsages};

pub mod attributes;
pub mod keys;
mod lifetime;
pub mod pointers;

use self::{
    attributes::AttributeRule,
    keys::KeyRule,
    pointers::{Pointers, Policy, Subtree},
};
use crate::{
    Bounds, Certificate, Error, NamePattern, PublicKey, Purpose, Result,
    general::GeneralName,
    name::AltName,
    qualified::{Qualified, QualifiedKind},
    text::printable,
};

/// The profiles that every CA has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A self-signed root.
    Root,
    /// An issuing CA under a root; path length 0, so it can sign leaves and nothing else.
    Intermediate,
    /// Server authentication, for DNS names and IP addresses.
    Server,
    /// Client authentication, for names of any type.
    Client,
    /// Both server and client, as meshes use it.
    Peer,
    /// A workload of SPIFFE: exactly one SPIFFE ID, for an hour.
    Spiffe,
    /// A device: a client that keeps its certificate for a year.
    Device,
    /// The website certificate (QWAC) of a payment service provider, for both sides of a connection. Who supervises it is
    /// for the CA's owner to say.
    Psd2,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Root,
        Self::Intermediate,
        Self::Server,
        Self::Client,
        Self::Peer,
        Self::Spiffe,
        Self::Device,
        Self::Psd2,
    ];

    /// As it is written on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Intermediate => "intermediate",
            Self::Server => "server",
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Spiffe => "spiffe",
            Self::Device => "device",
            Self::Psd2 => "psd2",
        }
    }

    /// Whether its certificates sign others.
    pub fn is_ca(self) -> bool {
        matches!(self, Self::Root | Self::Intermediate)
    }

    /// What its certificates may be.
    pub fn rules(self) -> ProfileRules {
        let name = self.into();
        match self {
            // Ten years, three leap days in it at most.
            Self::Root => ProfileRules::ca(name, days(3653), None),
            // Five years.
            Self::Intermediate => ProfileRules::ca(name, days(1826), Some(0)),
            Self::Server => ProfileRules::end_entity(name, vec![ID_KP_SERVER_AUTH]),
            Self::Client => ProfileRules::end_entity(name, vec![ID_KP_CLIENT_AUTH]),
            Self::Peer => ProfileRules::end_entity(name, both()),
            Self::Spiffe => {
                let mut rules = ProfileRules::end_entity(name, both());
                rules.names.kinds = vec![NameKind::Uri];
                rules.names.most = 1;
                rules.names.is_spiffe = true;
                rules.lifetime.usual = SignedDuration::from_hours(1);
                rules.lifetime.longest = Some(days(7));
                rules
            }
            Self::Device => {
                let mut rules = ProfileRules::end_entity(name, vec![ID_KP_CLIENT_AUTH]);
                rules.lifetime.usual = days(365);
                rules.lifetime.longest = Some(days(1100));
                rules
            }
            Self::Psd2 => {
                let mut rules = ProfileRules::end_entity(name, both());
                rules.names.kinds = vec![NameKind::Dns];
                rules.lifetime.longest = Some(days(398));
                rules.subject = Some(provider());
                rules.qualified = Some(Qualified {
                    kind: QualifiedKind::Website,
                    disclosures: Vec::new(),
                    psd2: None,
                });
                rules
            }
        }
    }
}

fn both() -> Vec<ObjectIdentifier> {
    vec![ID_KP_SERVER_AUTH, ID_KP_CLIENT_AUTH]
}

/// What has to be known of a payment service provider (TS 119 495 section 5.2.1), and what browsers want besides.
fn provider() -> Vec<AttributeRule> {
    [
        "C",
        "O",
        "organizationIdentifier",
        "CN",
        "ST?",
        "L?",
        "OU?",
        "STREET?",
        "postalCode?",
        "serialNumber?",
        "businessCategory?",
        "jurisdictionC?",
        "jurisdictionST?",
        "jurisdictionL?",
    ]
    .into_iter()
    .filter_map(|rule| rule.parse().ok())
    .collect()
}

impl FromStr for Profile {
    type Err = Error;

    /// The profiles that people may ask for; roots and intermediates are made by `init` alone.
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|profile| !profile.is_ca() && profile.name() == text)
            .ok_or_else(|| Error::BadValue {
                found: printable(text),
                expected: "server, client, peer, spiffe, device or psd2",
            })
    }
}

/// The name of a profile: 1 to 40 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ProfileName(String);

impl ProfileName {
    /// As it is written on the command line and in the records.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(is_letter) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::BadValue {
            found: printable(text),
            expected: "the name of a profile: lower-case letters, digits and hyphens",
        })
    }
}

impl From<Profile> for ProfileName {
    fn from(profile: Profile) -> Self {
        Self(profile.name().to_owned())
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All that a certificate of a profile may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRules {
    /// By which requests ask for it.
    pub name: ProfileName,
    /// What stands below a CA; `None`: its certificates sign no others.
    pub ca: Option<CaRules>,
    /// Exactly these bits (RFC 5280 section 4.2.1.3), marked critical.
    pub key_usage: KeyUsage,
    /// In this order; empty: the extension is left out.
    pub extended_key_usage: Vec<ObjectIdentifier>,
    /// How long its certificates are valid.
    pub lifetime: Lifetime,
    /// Which names they have.
    pub names: NameRules,
    /// Which keys are certified; empty for all that are strong enough.
    pub keys: Vec<KeyRule>,
    /// What the subject has; `None` for what is asked for.
    pub subject: Option<Vec<AttributeRule>>,
    /// The policies by which it is issued (RFC 5280 section 4.2.1.4), in this order.
    pub policies: Vec<Policy>,
    /// Where verifiers ask about it.
    pub pointers: Pointers,
    /// Whether it says that nothing will be known of its revocation (RFC 9608); for certificates that live days.
    pub no_rev_avail: bool,
    /// Whether it says that nobody need ask about its revocation (RFC 6960 section 4.2.2.2.1): of signers of OCSP answers,
    /// about whom only they themselves could answer.
    pub ocsp_no_check: bool,
    /// What qualified certificates say of themselves.
    pub qualified: Option<Qualified>,
    /// Whether a certificate can be had again for the names of the old one.
    pub renewable: bool,
    /// How long after it has expired a certificate can still be renewed.
    pub renewable_after_expiry: SignedDuration,
}

/// All of `flags` together; nothing where there is none.
pub fn key_usage(flags: &[KeyUsages]) -> Option<KeyUsage> {
    let (first, others) = flags.split_first()?;
    let mut usage = KeyUsage((*first).into());
    for flag in others {
        usage.0 |= *flag;
    }
    Some(usage)
}

/// What a CA may have below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaRules {
    /// How many CAs may stand between it and a leaf; `None`: any number.
    pub path_length: Option<u8>,
    /// The names that it may sign alone (RFC 5280 section 4.2.1.10), unless `bounds` says them; empty for all.
    pub permitted: Vec<Subtree>,
    /// The names that it may not sign.
    pub excluded: Vec<Subtree>,
    /// The names that this one CA may speak for; `None`: all that `permitted` says.
    pub bounds: Option<Bounds>,
    /// What a certificate for a CA that has one already replaces that.
    pub copied: Option<Copied>,
}

/// What stays the same in another certificate for the same CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The subject key identifier, which the certificates below name.
    pub key_id: Vec<u8>,
    /// The name constraints, unless [`CaRules::bounds`] says them.
    pub constraints: Option<NameConstraints>,
}

impl Copied {
    /// Of `own`; its name constraints where `with_constraints`.
    pub fn from(own: &Certificate, with_constraints: bool) -> Self {
        Self {
            key_id: own.subject_key_id().unwrap_or_else(|| own.public_key().key_id()),
            constraints: own.extension::<NameConstraints>().filter(|_| with_constraints),
        }
    }
}

/// Which subject alternative names, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRules {
    /// At least one name of these is needed; where none is listed, there must be none.
    pub kinds: Vec<NameKind>,
    /// The most names of one certificate.
    pub most: usize,
    /// Each name has to fit one of these; empty for every name of the kinds.
    pub patterns: Vec<NamePattern>,
    /// Whether URIs have to be SPIFFE IDs.
    pub is_spiffe: bool,
}

/// The types of subject alternative name that are certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NameKind {
    /// `dNSName`.
    Dns,
    /// `iPAddress`.
    Ip,
    /// `uniformResourceIdentifier`.
    Uri,
    /// `rfc822Name`.
    Email,
}

impl NameKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dns, Self::Ip, Self::Uri, Self::Email];

    /// The type of `name`.
    pub fn of(name: &AltName) -> Self {
        match name {
            AltName::Dns(_) => Self::Dns,
            AltName::Ip(_) => Self::Ip,
            AltName::Uri(_) => Self::Uri,
            AltName::Email(_) => Self::Email,
        }
    }

    /// The type of a name that stands in a certificate, when it is one of ours.
    pub(crate) fn of_general(name: &GeneralName) -> Option<Self> {
        match name {
            GeneralName::Dns(_) => Some(Self::Dns),
            GeneralName::Ip(_) => Some(Self::Ip),
            GeneralName::Uri(_) => Some(Self::Uri),
            GeneralName::Email(_) => Some(Self::Email),
            _ => None,
        }
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "DNS name",
            Self::Ip => "IP address",
            Self::Uri => "URI",
            Self::Email => "e-mail address",
        })
    }
}

/// More would make every handshake slow for every peer that is shown the certificate.
const MOST_NAMES: usize = 100;

/// `id-kp-OCSPSigning` (RFC 6960 section 4.2.2.2).
pub(crate) const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");

/// When nobody says otherwise.
const END_ENTITY_LIFETIME: SignedDuration = days(90);

impl ProfileRules {
    /// A CA: it signs certificates and revocation lists, and has no subject alternative names.
    pub fn ca(name: ProfileName, usual: SignedDuration, path_length: Option<u8>) -> Self {
        Self {
            name,
            ca: Some(CaRules {
                path_length,
                ..CaRules::default()
            }),
            key_usage: KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign),
            extended_key_usage: Vec::new(),
            lifetime: Lifetime::usually(usual),
            names: NameRules {
                kinds: Vec::new(),
                most: 0,
                patterns: Vec::new(),
                is_spiffe: false,
            },
            keys: Vec::new(),
            subject: None,
            policies: Vec::new(),
            pointers: Pointers::default(),
            no_rev_avail: false,
            ocsp_no_check: false,
            qualified: None,
            renewable: false,
            renewable_after_expiry: SignedDuration::ZERO,
        }
    }

    /// A leaf of all types of names for these extended key usages, usually for 90 days.
    pub fn end_entity(name: ProfileName, extended_key_usage: Vec<ObjectIdentifier>) -> Self {
        Self {
            ca: None,
            key_usage: KeyUsage(KeyUsages::DigitalSignature.into()),
            extended_key_usage,
            names: NameRules {
                kinds: NameKind::ALL.to_vec(),
                most: MOST_NAMES,
                patterns: Vec::new(),
                is_spiffe: false,
            },
            renewable: true,
            ..Self::ca(name, END_ENTITY_LIFETIME, None)
        }
    }

    /// Who signs answers of OCSP in the place of a CA (RFC 6960 section 4.2.2.2): known by its subject, and valid for so
    /// short a time that its revocation need not be asked about.
    pub fn ocsp_signer(name: ProfileName) -> Self {
        const LONGEST: SignedDuration = days(30);
        let mut rules = Self::end_entity(name, vec![OCSP_SIGNING]);
        rules.names.kinds = Vec::new();
        rules.names.most = 0;
        rules.lifetime.usual = days(7);
        rules.lifetime.longest = Some(LONGEST);
        rules.ocsp_no_check = true;
        rules.renewable = false;
        rules
    }

    /// The same for CAs that may speak for these names alone.
    pub fn bounded(mut self, bounds: Option<Bounds>) -> Self {
        if let Some(ca) = &mut self.ca {
            ca.bounds = bounds;
        }
        self
    }

    /// What the certificates of its CAs say of the names that they may speak for; `None`: nothing.
    pub(crate) fn constraints(&self) -> der::Result<Option<NameConstraints>> {
        let Some(ca) = &self.ca else {
            return Ok(None);
        };
        // What is cross-signed says what it said before.
        if let (None, Some(copied)) = (&ca.bounds, &ca.copied) {
            return Ok(copied.constraints.clone());
        }
        let mut said = pointers::constraints(&ca.permitted, &ca.excluded)?;
        if let Some(bounds) = &ca.bounds {
            let NameConstraints {
                permitted_subtrees,
                excluded_subtrees,
            } = bounds.constraints();
            said.permitted_subtrees = permitted_subtrees;
            if let Some(excluded) = excluded_subtrees {
                said.excluded_subtrees.get_or_insert_default().extend(excluded);
            }
        }
        let says_any = said.permitted_subtrees.is_some() || said.excluded_subtrees.is_some();
        Ok(says_any.then_some(said))
    }

    /// The subject key identifier of a certificate for `key`.
    pub(crate) fn key_id_of(&self, key: &PublicKey) -> Vec<u8> {
        let copied = self.ca.as_ref().and_then(|ca| ca.copied.as_ref());
        copied.map_or_else(|| key.key_id(), |copied| copied.key_id.clone())
    }

    /// Whether its certificates sign others.
    pub fn is_ca(&self) -> bool {
        self.ca.is_some()
    }

    /// How many CAs may stand below a CA of it; `None` for any number, and for leaves.
    pub fn path_length(&self) -> Option<u8> {
        self.ca.as_ref().and_then(|ca| ca.path_length)
    }

    /// What its certificates are verified for by peers.
    pub fn purposes(&self) -> Vec<Purpose> {
        let usages = &self.extended_key_usage;
        [
            (Purpose::Server, ID_KP_SERVER_AUTH),
            (Purpose::Client, ID_KP_CLIENT_AUTH),
        ]
        .into_iter()
        .filter(|(_, usage)| usages.contains(usage))
        .map(|(purpose, _)| purpose)
        .collect()
    }

    pub(crate) fn basic_constraints(&self) -> BasicConstraints {
        BasicConstraints {
            ca: self.is_ca(),
            path_len_constraint: self.path_length(),
        }
    }
}

const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}
