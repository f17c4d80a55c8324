//! Receive: what is asked for, in one shape, whether it comes from flags or from a certificate request.
//!
//! From a certificate request come the key, the names and the common name, and nothing else; what else it asks for
//! is listed and ignored. An organization is said by who asks.

use handfast_pki::{
    PrivateKey, PublicKey, Request,
    name::{self, AltName},
    profile::ProfileName,
    qualified::PspRole,
    subject::{Organization, subject},
};
use jiff::SignedDuration;

use crate::{
    error::Result,
    records::Repeatable,
    renew::Old,
    requester::{Person, Requester},
    waiting::WaitingRequest,
};

/// Whose key is to be certified. There is no way to ask for a key without a proof that the applicant holds it.
#[derive(Debug, Clone)]
pub struct Applicant {
    public_key: PublicKey,
    is_generated: bool,
    has_proven_key: bool,
    common_name: Option<String>,
    of: Organization,
    names: Vec<AltName>,
    ignored: Vec<String>,
}

impl Applicant {
    /// The caller holds the key itself.
    pub fn holding(key: &PrivateKey) -> Self {
        Self {
            public_key: key.public_key(),
            is_generated: key.is_generated(),
            has_proven_key: false,
            common_name: None,
            of: Organization::default(),
            names: Vec::new(),
            ignored: Vec::new(),
        }
    }

    /// The sender of `request`, which proves possession of its key by its signature (RFC 2986 section 3).
    pub fn from_request(request: &Request) -> Self {
        let mut ignored = request.ignored().to_vec();
        let common_name = request.common_name();
        let taken = usize::from(common_name.is_some());
        if request.subject().iter().count() > taken {
            let subject = name::shown(request.subject());
            ignored.push(if taken == 1 {
                format!("everything but the common name in the subject \"{subject}\"")
            } else {
                format!("the subject \"{subject}\"")
            });
        }
        Self {
            public_key: request.public_key().clone(),
            is_generated: false,
            has_proven_key: true,
            common_name,
            of: Organization::default(),
            names: request.wished().to_vec(),
            ignored,
        }
    }

    /// The same in this organization, which stands in the subject. Only who asks can say it; a request cannot.
    pub fn within(self, of: Organization) -> Self {
        Self { of, ..self }
    }
}

/// What a leaf certificate is asked to be.
#[derive(Debug, Clone)]
pub struct CertRequest {
    /// What it is for.
    pub profile: ProfileName,
    /// Whose key it carries.
    pub applicant: Applicant,
    /// Names beside those that the applicant brings.
    pub names: Vec<AltName>,
    /// The common name, instead of the one that the applicant brings.
    pub common_name: Option<String>,
    /// How long from now; `None` for the usual time.
    pub lifetime: Option<SignedDuration>,
    /// The roles of a payment service provider; for profiles of such alone.
    pub roles: Vec<PspRole>,
}

/// A request with its requester, on its way to the journal whatever becomes of it.
pub(crate) struct Submitted {
    pub(crate) requester: Requester,
    pub(crate) received: Result<Received>,
}

/// A request in order: names without doubles, a subject that can be encoded.
pub(crate) struct Received {
    pub(crate) profile: ProfileName,
    pub(crate) subject: name::Name,
    pub(crate) names: Vec<AltName>,
    pub(crate) lifetime: Option<SignedDuration>,
    pub(crate) roles: Vec<PspRole>,
    pub(crate) public_key: PublicKey,
    /// Whether this process made the key, so that its primes need no check.
    pub(crate) is_generated: bool,
    /// Whether a certificate request has proven that the applicant holds the key.
    pub(crate) has_proven_key: bool,
    pub(crate) ignored: Vec<String>,
    pub(crate) renewed_from: Option<String>,
    /// Where the requester may ask again and gets the same answer.
    pub(crate) repeatable: Option<Repeatable>,
    /// Who has approved it, where the profile needs a second person.
    pub(crate) approved_by: Option<Person>,
    _private: (),
}

impl Received {
    /// Who the certificate is for, in the journal.
    pub(crate) fn called(&self) -> String {
        let names: Vec<String> = self.names.iter().map(ToString::to_string).collect();
        if names.is_empty() {
            name::shown(&self.subject)
        } else {
            names.join(" ")
        }
    }
}

/// Receives a request for a leaf.
pub(crate) fn leaf(request: CertRequest) -> Result<Received> {
    let applicant = request.applicant;
    let mut names: Vec<AltName> = Vec::new();
    for name in request.names.into_iter().chain(applicant.names) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let common_name = request.common_name.or(applicant.common_name);
    let subject = subject(common_name.as_deref(), &applicant.of)?;
    Ok(Received {
        profile: request.profile,
        subject,
        names,
        lifetime: request.lifetime,
        roles: request.roles,
        public_key: applicant.public_key,
        is_generated: applicant.is_generated,
        has_proven_key: applicant.has_proven_key,
        ignored: applicant.ignored,
        renewed_from: None,
        repeatable: None,
        approved_by: None,
        _private: (),
    })
}

/// Receives a request for the successor of `old`: profile and names are the old certificate's, the key the applicant's.
pub(crate) fn successor(
    old: &Old,
    applicant: Applicant,
    lifetime: Option<SignedDuration>,
) -> Result<Received> {
    let received = leaf(CertRequest {
        profile: old.profile.clone(),
        // What a request wishes for beside its key counts for nothing here.
        applicant: Applicant {
            common_name: None,
            names: Vec::new(),
            ..applicant
        },
        names: old.names.clone(),
        common_name: None,
        lifetime,
        roles: old.roles.clone(),
    })?;
    Ok(Received {
        subject: old.subject.clone(),
        renewed_from: Some(old.serial.clone()),
        ..received
    })
}

/// Receives again what was held until somebody else approves it, and now was.
pub(crate) fn approved(held: WaitingRequest, by: Person) -> Received {
    Received {
        profile: held.profile,
        subject: held.subject,
        names: held.names,
        lifetime: held.lifetime,
        roles: held.roles,
        public_key: held.public_key,
        is_generated: false,
        has_proven_key: held.has_proven_key,
        ignored: held.ignored,
        renewed_from: held.renewed_from,
        repeatable: held.repeatable,
        approved_by: Some(by),
        _private: (),
    }
}

/// Receives the CA's own request for a root or an issuing CA; of a key that this process has made the primes are good.
pub(crate) fn ca(
    profile: ProfileName,
    subject: name::Name,
    public_key: PublicKey,
    is_generated: bool,
) -> Received {
    Received {
        is_generated,
        ..certified(profile, subject, public_key)
    }
}

impl Received {
    /// The same, for so long.
    pub(crate) fn lasting(self, lifetime: Option<SignedDuration>) -> Self {
        Self { lifetime, ..self }
    }
}

/// Receives a request for another certificate of a CA that has one, or for one that has proven its key elsewhere.
pub(crate) fn certified(profile: ProfileName, subject: name::Name, public_key: PublicKey) -> Received {
    Received {
        profile,
        subject,
        names: Vec::new(),
        lifetime: None,
        roles: Vec::new(),
        public_key,
        is_generated: false,
        has_proven_key: true,
        ignored: Vec::new(),
        renewed_from: None,
        repeatable: None,
        approved_by: None,
        _private: (),
    }
}
