//! Every way from a leaf upwards by the names of issuers, for showing and for finding out which certificate is at fault.

use jiff::Timestamp;

use std::sync::Arc;

use crate::{Anchors, Certificate, Purpose, Refusal, Role, Trust, TrustedCa, name, verify::verify};

/// One way from the leaf upwards, and what became of it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Leaf first, then issuers by name; the last is an anchor when `reaches_anchor`.
    pub path: Vec<Certificate>,
    /// Whether the last of `path` is trusted.
    pub reaches_anchor: bool,
    /// As [`verify()`] would judge this path alone.
    pub verdict: Result<(), Refusal>,
}

/// Every way by issuer names from the leaf of `presented` to an anchor, each judged by itself.
/// At most [`MOST_CANDIDATES`] are looked at.
pub fn candidates(
    presented: &[Certificate],
    trust: &Trust,
    purpose: Purpose,
    at: Timestamp,
) -> Vec<Candidate> {
    ways(presented, trust)
        .into_iter()
        .map(|way| {
            let verdict = way.verdict(trust, purpose, at);
            Candidate {
                reaches_anchor: way.trusted.is_some(),
                path: way.certificates,
                verdict,
            }
        })
        .collect()
}

/// One way by issuer names from a leaf upwards.
pub(crate) struct Way {
    /// Leaf first.
    pub(crate) certificates: Vec<Certificate>,
    /// The CA that the last of them is trusted as, where it is one.
    pub(crate) trusted: Option<Arc<TrustedCa>>,
}

impl Way {
    fn verdict(&self, trust: &Trust, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
        let (Some((end, below)), Some(ca)) = (self.certificates.split_last(), &self.trusted) else {
            return judge(&self.certificates, trust, purpose, at);
        };
        match Anchors::new(vec![end.clone()], at) {
            Ok(only) => judge(below, &ca.only(only), purpose, at),
            Err(_) => Err(Refusal::Expired {
                role: Role::Anchor,
                subject: end.called(),
                not_after: end.not_after(),
                now: at,
            }),
        }
    }
}

/// Every way by issuer names from the leaf of `presented`, to an anchor or as far as it goes.
pub(crate) fn ways(presented: &[Certificate], trust: &Trust) -> Vec<Way> {
    let Some((leaf, rest)) = presented.split_first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut open = vec![vec![leaf.clone()]];
    while let Some(path) = open.pop() {
        if found.len() >= MOST_CANDIDATES {
            break;
        }
        // A path is never empty: it begins with the leaf.
        let Some(last) = path.last() else { continue };
        let issuer = name::der_of(last.issuer());
        let is_issuer = |certificate: &&Certificate| name::der_of(certificate.subject()) == issuer;
        let ends: Vec<_> = trust.anchors().certificates().iter().filter(is_issuer).collect();
        let steps: Vec<_> = rest
            .iter()
            .filter(is_issuer)
            .filter(|step| !path.contains(step) && !ends.contains(step))
            .collect();
        let with =
            |next: &Certificate| -> Vec<Certificate> { path.iter().cloned().chain([next.clone()]).collect() };
        found.extend(ends.iter().map(|end| Way {
            certificates: with(end),
            trusted: trust.owner(end).cloned(),
        }));
        if path.len() <= LONGEST_PATH {
            open.extend(steps.iter().map(|step| with(step)));
        }
        if ends.is_empty() && (steps.is_empty() || path.len() > LONGEST_PATH) {
            found.push(Way {
                certificates: path,
                trusted: None,
            });
        }
    }
    found
}

/// The most candidate paths that [`candidates`] looks at; cross-signed chains can make very many.
pub const MOST_CANDIDATES: usize = 32;

/// The most certificates below the anchor, as in webpki.
const LONGEST_PATH: usize = 7;

fn judge(path: &[Certificate], trust: &Trust, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
    let ders: Vec<_> = path.iter().map(|certificate| certificate.der().clone()).collect();
    verify(&ders, trust, purpose, at).map(drop)
}
