//! Every way from a leaf upwards by the names of issuers, for showing and for finding out which certificate is at fault.

use jiff::Timestamp;

use crate::{Anchors, Certificate, Purpose, Refusal, Role, name, verify::verify};

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
    anchors: &Anchors,
    purpose: Purpose,
    at: Timestamp,
) -> Vec<Candidate> {
    ways(presented, anchors)
        .into_iter()
        .map(|way| {
            let verdict = way.verdict(anchors, purpose, at);
            Candidate {
                path: way.certificates,
                reaches_anchor: way.reaches_anchor,
                verdict,
            }
        })
        .collect()
}

/// One way by issuer names from a leaf upwards.
pub(crate) struct Way {
    /// Leaf first.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) reaches_anchor: bool,
}

impl Way {
    fn verdict(&self, anchors: &Anchors, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
        let Some((end, below)) = self.certificates.split_last().filter(|_| self.reaches_anchor) else {
            return judge(&self.certificates, anchors, purpose, at);
        };
        match Anchors::new(vec![end.clone()], at) {
            Ok(only) => judge(below, &only, purpose, at),
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
pub(crate) fn ways(presented: &[Certificate], anchors: &Anchors) -> Vec<Way> {
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
        let ends: Vec<_> = anchors.certificates().iter().filter(is_issuer).collect();
        let steps: Vec<_> = rest
            .iter()
            .filter(is_issuer)
            .filter(|step| !path.contains(step) && !ends.contains(step))
            .collect();
        let with =
            |next: &Certificate| -> Vec<Certificate> { path.iter().cloned().chain([next.clone()]).collect() };
        found.extend(ends.iter().map(|end| Way {
            certificates: with(end),
            reaches_anchor: true,
        }));
        if path.len() <= LONGEST_PATH {
            open.extend(steps.iter().map(|step| with(step)));
        }
        if ends.is_empty() && (steps.is_empty() || path.len() > LONGEST_PATH) {
            found.push(Way {
                certificates: path,
                reaches_anchor: false,
            });
        }
    }
    found
}

/// The most candidate paths that [`candidates`] looks at; cross-signed chains can make very many.
pub const MOST_CANDIDATES: usize = 32;

/// The most certificates below the anchor, as in webpki.
const LONGEST_PATH: usize = 7;

fn judge(path: &[Certificate], anchors: &Anchors, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
    let ders: Vec<_> = path.iter().map(|certificate| certificate.der().clone()).collect();
    verify(&ders, anchors, purpose, at).map(drop)
}
