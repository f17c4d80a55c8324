//! Authorities and certificates for tests, made at run time and in memory.
//!
//! Good by default; every test spoils what it is about and nothing else. Failures here are failures of the
//! test, so everything panics with its reason.

pub mod factorable;
pub mod forge;
pub mod source;
pub mod words;

use handfast_pki::{
    Anchors, Certificate, KeyKind, PrivateKey, Profile, Trust,
    build::{self, Issuer, Plan},
    name::{self, AltName},
    profile::ProfileRules,
    serial::Serial,
};
use jiff::{SignedDuration, Timestamp};

/// A CA that signs whatever a test asks for.
pub struct Ca {
    pub certificate: Certificate,
    pub key: PrivateKey,
    /// The certificates above it, its own first.
    pub above: Vec<Certificate>,
}

/// A certificate with its key and the intermediates that belong to it.
pub struct Pair {
    pub certificate: Certificate,
    pub key: PrivateKey,
    /// Leaf first, without the root.
    pub chain: Vec<Certificate>,
}

/// What a leaf shall be.
pub struct Leaf {
    pub profile: Profile,
    pub names: Vec<AltName>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub key: KeyKind,
}

impl Leaf {
    /// A leaf with one SPIFFE ID, valid from an hour ago for a day.
    pub fn of(profile: Profile, spiffe_id: &str) -> Self {
        let now = Timestamp::now();
        Self {
            profile,
            names: vec![AltName::uri(spiffe_id).expect("a SPIFFE ID")],
            not_before: now - SignedDuration::from_hours(1),
            not_after: now + SignedDuration::from_hours(24),
            key: KeyKind::P256,
        }
    }

    /// The same with a DNS name beside.
    pub fn dns(mut self, dns: &str) -> Self {
        self.names.push(AltName::dns(dns).expect("a DNS name"));
        self
    }

    /// The same, valid between `from` and `to`.
    pub fn valid(mut self, from: Timestamp, to: Timestamp) -> Self {
        (self.not_before, self.not_after) = (from, to);
        self
    }
}

/// What trusts `roots`, now.
pub fn trust(roots: &[&Ca]) -> Trust {
    let certificates = roots.iter().map(|root| root.certificate.clone()).collect();
    Trust::from(Anchors::new(certificates, Timestamp::now()).expect("anchors"))
}

impl Ca {
    /// A root called `name`, valid from 100 days ago for 200 days.
    pub fn root(name: &str) -> Self {
        Self::root_of(name, PrivateKey::generate(KeyKind::P256).expect("a key"))
    }

    /// A root with a key that exists already.
    pub fn root_of(name: &str, key: PrivateKey) -> Self {
        let subject = name::distinguished(name, None).expect("a name");
        let plan = ca_plan(Profile::Root, subject.clone(), &key);
        let certificate = sign(&plan, &Issuer::itself(subject, &key), &key);
        Self {
            above: vec![certificate.clone()],
            certificate,
            key,
        }
    }

    /// An issuing CA (path length 0) below this one.
    pub fn below(&self, name: &str) -> Self {
        let key = PrivateKey::generate(KeyKind::P256).expect("a key");
        let subject = name::distinguished(name, None).expect("a name");
        let certificate = sign(
            &ca_plan(Profile::Intermediate, subject, &key),
            &self.issuer(),
            &self.key,
        );
        let above = [&certificate].into_iter().chain(&self.above).cloned().collect();
        Self {
            certificate,
            key,
            above,
        }
    }

    /// Signs `leaf`.
    pub fn issue(&self, leaf: &Leaf) -> Pair {
        self.issue_by(&leaf.profile.rules(), leaf)
    }

    /// Signs `leaf` by other rules than those of its profile.
    pub fn issue_by(&self, rules: &ProfileRules, leaf: &Leaf) -> Pair {
        let key = PrivateKey::generate(leaf.key).expect("a key");
        let plan = Plan {
            profile: rules.clone(),
            serial: serial(),
            subject: Default::default(),
            roles: Vec::new(),
            names: leaf.names.clone(),
            not_before: leaf.not_before,
            not_after: leaf.not_after,
            public_key: key.public_key(),
        };
        let certificate = sign(&plan, &self.issuer(), &self.key);
        let intermediates = &self.above[..self.above.len() - 1];
        let chain = [&certificate].into_iter().chain(intermediates).cloned().collect();
        Pair {
            certificate,
            key,
            chain,
        }
    }

    fn issuer(&self) -> Issuer {
        Issuer::new(&self.certificate, &self.key)
    }
}

fn ca_plan(profile: Profile, subject: name::Name, key: &PrivateKey) -> Plan {
    let now = Timestamp::now();
    Plan {
        profile: profile.rules(),
        serial: serial(),
        subject,
        roles: Vec::new(),
        names: Vec::new(),
        not_before: now - SignedDuration::from_hours(24 * 100),
        not_after: now + SignedDuration::from_hours(24 * 100),
        public_key: key.public_key(),
    }
}

fn sign(plan: &Plan, issuer: &Issuer, key: &PrivateKey) -> Certificate {
    let tbs = build::to_be_signed(plan, issuer).expect("built");
    let signature = key.sign(&tbs).expect("signed");
    build::assemble(&tbs, &issuer.algorithm, &signature).expect("assembled")
}

fn serial() -> Serial {
    let mut octets = [0; 20];
    aws_lc_rs::rand::fill(&mut octets).expect("randomness");
    Serial::from_random(octets)
}
