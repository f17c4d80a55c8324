//! Every way from a leaf upwards with its verdict, for showing: what was tried, and why each was not taken.

use jiff::Timestamp;

use crate::{
    Anchors, Certificate, Purpose, Refusal, Role, Trust,
    verify::verify,
    ways::{Way, ways},
};

pub use crate::ways::MOST_CANDIDATES;

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
            let verdict = verdict(&way, trust, purpose, at);
            Candidate {
                reaches_anchor: way.trusted.is_some(),
                path: way.certificates,
                verdict,
            }
        })
        .collect()
}

/// As [`verify()`] would judge this way alone.
fn verdict(way: &Way, trust: &Trust, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
    let (Some((end, below)), Some(ca)) = (way.certificates.split_last(), &way.trusted) else {
        return judge(&way.certificates, trust, purpose, at);
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

fn judge(path: &[Certificate], trust: &Trust, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
    let ders: Vec<_> = path.iter().map(|certificate| certificate.der().clone()).collect();
    verify(&ders, trust, purpose, at).map(drop)
}
