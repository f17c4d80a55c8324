//! Receive: what is wished for, in one shape, whether it comes from flags or from a request.
//!
//! From a request come the key, the names and the common name, and nothing else; what else it asks for is
//! listed, not heard.

use handfast_pki::{
    Error as PkiError, PrivateKey, Profile, PublicKey, Request,
    name::{self, AltName},
};
use jiff::SignedDuration;

use crate::{Error, Result};

/// Whose key is to be certified. There is no way to ask for a key that nobody was seen to hold.
#[derive(Debug, Clone)]
pub struct Applicant {
    public_key: PublicKey,
    is_generated: bool,
    common_name: Option<String>,
    names: Vec<AltName>,
    ignored: Vec<String>,
}

impl Applicant {
    /// The caller holds the key itself.
    pub fn holding(key: &PrivateKey) -> Self {
        Self {
            public_key: key.public_key(),
            is_generated: key.is_generated(),
            common_name: None,
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
            common_name,
            names: request.wished().to_vec(),
            ignored,
        }
    }
}

/// A wish for a leaf certificate.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What it shall be for.
    pub profile: Profile,
    /// Whose key it shall carry.
    pub applicant: Applicant,
    /// Names beside those that the applicant brings.
    pub names: Vec<AltName>,
    /// The common name, instead of the one that the applicant brings.
    pub common_name: Option<String>,
    /// How long from now; `None` for the usual time.
    pub lifetime: Option<SignedDuration>,
}

/// A wish in order: names without doubles, a subject that can be encoded.
pub(crate) struct Received {
    pub(crate) profile: Profile,
    pub(crate) subject: name::Name,
    pub(crate) names: Vec<AltName>,
    pub(crate) lifetime: Option<SignedDuration>,
    pub(crate) public_key: PublicKey,
    /// Whether this process made the key, and not somebody whose primes have to be looked at.
    pub(crate) is_generated: bool,
    pub(crate) ignored: Vec<String>,
    _private: (),
}

/// Receives a wish for a leaf.
pub(crate) fn leaf(wish: Wish) -> Result<Received> {
    if wish.profile.is_ca() {
        let found = wish.profile.name().to_owned();
        return Err(PkiError::BadName {
            found,
            expected: "server, client or peer",
        }
        .into());
    }
    let applicant = wish.applicant;
    let mut names: Vec<AltName> = Vec::new();
    for name in wish.names.into_iter().chain(applicant.names) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MOST_NAMES {
        let found = format!("a list of {} names", names.len());
        return Err(PkiError::BadName {
            found,
            expected: "a list of at most 100 names",
        }
        .into());
    }
    let common_name = wish.common_name.or(applicant.common_name);
    if names.is_empty() {
        return Err(Error::NoNames {
            profile: wish.profile,
            common_name,
        });
    }
    let subject = match &common_name {
        Some(common_name) => name::distinguished(common_name, None)?,
        None => name::Name::default(),
    };
    Ok(Received {
        profile: wish.profile,
        subject,
        names,
        lifetime: wish.lifetime,
        public_key: applicant.public_key,
        is_generated: applicant.is_generated,
        ignored: applicant.ignored,
        _private: (),
    })
}

/// Receives the authority's own wish for a root or an issuing CA.
pub(crate) fn ca(profile: Profile, subject: name::Name, key: &PrivateKey) -> Received {
    Received {
        profile,
        subject,
        names: Vec::new(),
        lifetime: None,
        public_key: key.public_key(),
        is_generated: key.is_generated(),
        ignored: Vec::new(),
        _private: (),
    }
}

/// More would make every handshake slow for everybody who meets the certificate.
const MOST_NAMES: usize = 100;
