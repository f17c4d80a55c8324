//! Every way from a leaf upwards by the names of issuers. What each of them is worth is for [`crate::candidates`] and
//! [`crate::verify`].

use std::sync::Arc;

use crate::{Certificate, Trust, TrustedCa};

/// One way by issuer names from a leaf upwards.
pub(crate) struct Way {
    /// Leaf first.
    pub(crate) certificates: Vec<Certificate>,
    /// The CA that the last of them is trusted as, where it is one.
    pub(crate) trusted: Option<Arc<TrustedCa>>,
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
        let is_issuer = |certificate: &&Certificate| certificate.subject() == last.issuer();
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

/// The most ways that are looked at; cross-signed chains can make very many.
pub const MOST_CANDIDATES: usize = 32;

/// The most certificates below the anchor, as in webpki.
const LONGEST_PATH: usize = 7;
