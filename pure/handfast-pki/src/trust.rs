//! Whom to trust, and for which names: CAs, each bound to the names that it may speak for.

use std::sync::Arc;

use crate::{AnchorError, Anchors, Certificate, Identity, NamePattern, Revocations, revocation::Revocation};

/// One CA, or one bundle of CAs that stand for each other, and the names that it may vouch for.
///
/// Several roots of one bundle are one: a rotation needs that.
#[derive(Debug, Clone)]
pub struct TrustedCa {
    name: Arc<str>,
    anchors: Anchors,
    names: Option<Vec<NamePattern>>,
    client_usage: ClientUsage,
    revocations: Option<Arc<Revocations>>,
}

/// Whether a client's certificate has to say that it is one (extended key usage, RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientUsage {
    /// A certificate that says nothing may be used for everything, as the RFC has it: many private CAs leave it out.
    #[default]
    IfPresent,
    /// For CAs that always say it.
    Required,
}

impl TrustedCa {
    /// A CA that may vouch for every name. `name` is what people call it.
    pub fn for_every_name(name: &str, anchors: Anchors) -> Self {
        Self {
            name: name.into(),
            anchors,
            names: None,
            client_usage: ClientUsage::default(),
            revocations: None,
        }
    }

    /// A CA that may vouch for `names` alone. Without a name it may vouch for nobody.
    pub fn bound(name: &str, anchors: Anchors, names: Vec<NamePattern>) -> Self {
        Self {
            name: name.into(),
            anchors,
            names: Some(names),
            client_usage: ClientUsage::default(),
            revocations: None,
        }
    }

    /// The same CA, with `usage` asked of its clients.
    pub fn with_client_usage(self, usage: ClientUsage) -> Self {
        Self {
            client_usage: usage,
            ..self
        }
    }

    /// The same CA, whose certificates are good only as long as these lists say so.
    pub fn with_revocations(self, revocations: Revocations) -> Self {
        Self {
            revocations: Some(Arc::new(revocations)),
            ..self
        }
    }

    /// The lists by which its certificates are judged; nothing where revocation is not looked at.
    pub fn revocations(&self) -> Option<&Revocations> {
        self.revocations.as_deref()
    }

    /// Whether a client's certificate of this CA has to say that it is one.
    pub fn client_usage(&self) -> ClientUsage {
        self.client_usage
    }

    /// This CA with `anchors` in the place of its own, and no other.
    pub(crate) fn only(&self, anchors: Anchors) -> Trust {
        Trust {
            belongs: vec![0; anchors.certificates().len()],
            cas: vec![Arc::new(Self {
                anchors: anchors.clone(),
                ..self.clone()
            })],
            anchors,
            revocation: None,
            generation: 0,
        }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its CA certificates.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// The names that it may vouch for; nothing where every name is meant.
    pub fn names(&self) -> Option<&[NamePattern]> {
        self.names.as_deref()
    }

    /// The first name of `identity`, with its type, that this CA may not vouch for.
    ///
    /// Every subject alternative name counts, not only one that a rule asks for: a certificate with one good name and one
    /// of somebody else's is refused. The common name is not among them, for it is an identity only where a rule says so;
    /// see [`Self::vouched`].
    pub(crate) fn outside(&self, identity: &Identity) -> Option<String> {
        let names = self.names.as_ref()?;
        let without = |fits: &dyn Fn(&NamePattern) -> bool| !names.iter().any(fits);
        let uri = identity
            .uris
            .iter()
            .find(|uri| without(&|name| name.has_uri(uri)));
        let dns = identity.dns.iter().find(|dns| without(&|name| name.has_dns(dns)));
        let email = identity
            .emails
            .iter()
            .find(|email| without(&|name| name.has_email(email)));
        let ip = identity.ips.iter().find(|ip| without(&|name| name.has_ip(**ip)));
        // No pattern is of another kind, such as otherName or directoryName.
        let is_any = |name: &NamePattern| matches!(name, NamePattern::Any);
        let other = identity.others.iter().find(|_| without(&is_any));
        let typed = |kind: &str, name: &String| format!("{kind}:{}", crate::text::printable(name));
        uri.map(|uri| typed("uri", uri))
            .or_else(|| dns.map(|dns| typed("dns", dns)))
            .or_else(|| email.map(|email| typed("email", email)))
            .or_else(|| ip.map(|ip| format!("ip:{ip}")))
            .or_else(|| other.map(|other| crate::text::printable(other)))
    }

    /// `identity` without the common name where this CA may not vouch for it: no rule can match it then.
    pub(crate) fn vouched(&self, mut identity: Identity) -> Identity {
        let Some(names) = &self.names else { return identity };
        let is_covered = |name: &String| {
            names.iter().any(|pattern| match pattern {
                NamePattern::Any => true,
                NamePattern::CommonName(covered) => covered == name,
                _ => false,
            })
        };
        identity.common_name = identity.common_name.filter(is_covered);
        identity
    }
}

/// Everything that is trusted, in one state. A change makes a new one with a higher generation.
#[derive(Debug, Clone)]
pub struct Trust {
    cas: Vec<Arc<TrustedCa>>,
    /// The anchors of all, and to which of `cas` each belongs.
    anchors: Anchors,
    belongs: Vec<usize>,
    revocation: Option<Arc<Revocation>>,
    generation: u64,
}

impl Trust {
    /// Puts `cas` together; `generation` counts the states of one process.
    pub fn new(cas: Vec<TrustedCa>, generation: u64) -> Result<Self, TrustError> {
        if let ([_, _, ..], Some(unbound)) = (cas.as_slice(), cas.iter().find(|ca| ca.names.is_none())) {
            return Err(TrustError::Unbound {
                ca: unbound.name.to_string(),
            });
        }
        let mut belongs = Vec::new();
        for (number, ca) in cas.iter().enumerate() {
            for certificate in ca.anchors.certificates() {
                let is_it = |other: &&TrustedCa| {
                    other
                        .anchors
                        .certificates()
                        .iter()
                        .any(|one| is_same(one, certificate))
                };
                if let Some(other) = cas.iter().take(number).find(is_it) {
                    return Err(TrustError::Shared {
                        subject: certificate.called(),
                        one: other.name.to_string(),
                        other: ca.name.to_string(),
                    });
                }
                belongs.push(number);
            }
        }
        Ok(Self {
            anchors: Anchors::joined(cas.iter().map(|ca| &ca.anchors)),
            cas: cas.into_iter().map(Arc::new).collect(),
            belongs,
            revocation: None,
            generation,
        })
    }

    /// The same, with what is known about revoked certificates. Every certificate below an anchor then needs an issuer
    /// that stands by it; without, nothing is asked about revocation.
    #[must_use]
    pub fn with_revocation(self, revocation: Arc<Revocation>) -> Self {
        Self {
            revocation: Some(revocation),
            ..self
        }
    }

    /// What is known about revoked certificates, where that is asked.
    pub fn revocation(&self) -> Option<&Revocation> {
        self.revocation.as_deref()
    }

    /// No CA: every chain is refused. For looking at what a server presents.
    pub fn nobody() -> Self {
        Self::from(Anchors::nobody())
    }

    /// Counts the states, from 1; 0 where nobody counts.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Every CA certificate that is trusted by itself.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// The CAs with their names.
    pub fn cas(&self) -> impl Iterator<Item = &TrustedCa> {
        self.cas.iter().map(Arc::as_ref)
    }

    /// Whose the anchor of this place is.
    pub(crate) fn owner_at(&self, place: usize) -> Option<&Arc<TrustedCa>> {
        self.belongs.get(place).and_then(|number| self.cas.get(*number))
    }

    /// Whose the anchor `certificate` is, where it is one.
    pub(crate) fn owner(&self, certificate: &Certificate) -> Option<&Arc<TrustedCa>> {
        let place = self
            .anchors
            .certificates()
            .iter()
            .position(|one| one == certificate)?;
        self.owner_at(place)
    }
}

/// Whether two certificates are of one CA: the same name and the same key.
fn is_same(one: &Certificate, other: &Certificate) -> bool {
    one.subject() == other.subject() && one.public_key() == other.public_key()
}

/// CAs that may vouch for every name.
impl From<Anchors> for Trust {
    fn from(anchors: Anchors) -> Self {
        TrustedCa::for_every_name("trusted CAs", Anchors::nobody()).only(anchors)
    }
}

/// Why CAs cannot be trusted together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Two CAs, and one of them may speak for the other's names.
    #[error(
        "the CA \"{ca}\" is not bound to names, and it is not the only one: it could vouch for the names of the others"
    )]
    Unbound {
        /// The one that is not bound.
        ca: String,
    },
    /// One CA in two bundles: nobody could say whose names it may speak for.
    #[error("the CA \"{subject}\" belongs to both \"{one}\" and \"{other}\"")]
    Shared {
        /// The CA, by [`Certificate::called`].
        subject: String,
        /// The bundle that has it first.
        one: String,
        /// The other bundle.
        other: String,
    },
    /// A bundle that cannot be used by itself.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
}

impl TrustError {
    /// The stable code.
    pub fn code(&self) -> crate::Code {
        match self {
            Self::Unbound { .. } | Self::Shared { .. } => crate::code::CONFIG_INVALID,
            Self::Anchor(error) => error.code(),
        }
    }
}
