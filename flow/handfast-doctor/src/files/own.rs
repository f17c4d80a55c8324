//! Which certificate and key are those of this side, where a folder holds several, and why.
//!
//! Guides for OpenSSL make the CA, the server and the client in one folder. The CA has its key beside it as well, and is no
//! leaf.

use handfast_pki::{Certificate, Purpose};

use super::Holdings;

/// The chain of one side with where it stands.
#[derive(Debug, Clone)]
pub struct Own {
    pub file: String,
    /// Leaf first.
    pub chain: Vec<Certificate>,
    pub key_file: Option<String>,
    /// Why these, where there was a choice.
    pub why: Option<String>,
}

/// A chain that may be the own one, the best first when they are sorted.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// A CA that issued another leaf here has its key here for that.
    is_issuer: bool,
    has_no_key: bool,
    is_ca: bool,
    is_for_other: bool,
    is_named_for_other: bool,
    /// Fewer certificates of its path are worse.
    missing: usize,
    /// The last resort: the order of the files.
    place: usize,
}

impl Holdings {
    /// The chain of this side: with its key before without, that of a leaf before that of a CA, for this purpose before for
    /// the other, the most complete one. None where there is no leaf and no pair.
    pub fn own(&self) -> Option<Own> {
        let mut ranked: Vec<(Rank, Own)> = self
            .chains
            .iter()
            .enumerate()
            .filter_map(|(place, (file, chain))| self.candidate(place, file, chain))
            .collect();
        ranked.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut all = ranked.into_iter();
        let (rank, mut own) = all.next()?;
        own.why = why(self.purpose, &rank, &own, &all.collect::<Vec<_>>());
        Some(own)
    }

    fn candidate(&self, place: usize, file: &str, chain: &[Certificate]) -> Option<(Rank, Own)> {
        let leaf = chain.first()?;
        let key = self.keys.iter().find(|(_, key)| key.must_match(leaf).is_ok());
        // A CA without its key is somebody to trust.
        if leaf.is_ca() && key.is_none() {
            return None;
        }
        let rank = Rank {
            is_issuer: self.chains.iter().any(|(_, chain)| is_issued_by(chain, leaf)),
            has_no_key: key.is_none(),
            is_ca: leaf.is_ca(),
            is_for_other: self.purpose.is_some_and(|purpose| !is_for(leaf, purpose)),
            is_named_for_other: self
                .purpose
                .is_some_and(|purpose| is_named_for(file, other(purpose))),
            missing: usize::MAX - path_length(chain),
            place,
        };
        let own = Own {
            file: file.to_owned(),
            chain: chain.to_vec(),
            key_file: key.map(|(name, _)| name.clone()),
            why: None,
        };
        Some((rank, own))
    }
}

fn is_issued_by(chain: &[Certificate], ca: &Certificate) -> bool {
    chain.first().is_some_and(|leaf| {
        leaf != ca && leaf.issuer() == ca.subject() && leaf.is_signed_by(&ca.public_key())
    })
}

/// How many certificates of `chain` are the path of its first one.
fn path_length(chain: &[Certificate]) -> usize {
    let links = chain
        .windows(2)
        .take_while(|pair| pair[0].issuer() == pair[1].subject());
    1 + links.count()
}

/// Whether the extended key usage lets `leaf` be used for `purpose`; without one it may be used for everything.
fn is_for(leaf: &Certificate, purpose: Purpose) -> bool {
    const ANY: &str = "2.5.29.37.0";
    let wanted = match purpose {
        Purpose::Server => "1.3.6.1.5.5.7.3.1",
        Purpose::Client => "1.3.6.1.5.5.7.3.2",
    };
    leaf.extended_key_usage().is_none_or(|usages| {
        usages
            .iter()
            .any(|usage| usage.to_string() == wanted || usage.to_string() == ANY)
    })
}

fn is_named_for(file: &str, purpose: Purpose) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
    name.contains(word(purpose))
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Server => "server",
        Purpose::Client => "client",
    }
}

fn other(purpose: Purpose) -> Purpose {
    match purpose {
        Purpose::Server => Purpose::Client,
        Purpose::Client => Purpose::Server,
    }
}

/// What speaks for `own` against the certificates that were not taken.
fn why(purpose: Option<Purpose>, rank: &Rank, own: &Own, rest: &[(Rank, Own)]) -> Option<String> {
    let leaf = own.chain.first()?;
    let is_other = |candidate: &&(Rank, Own)| candidate.1.chain.first() != Some(leaf);
    let mut reasons: Vec<String> = Vec::new();
    for (other, not) in rest.iter().filter(is_other) {
        let because = if other.is_issuer && !rank.is_issuer {
            "is the CA that issued what lies beside it".to_owned()
        } else if other.has_no_key && !rank.has_no_key {
            "has no key here".to_owned()
        } else if other.is_ca && !rank.is_ca {
            "is a CA".to_owned()
        } else if other.is_for_other && !rank.is_for_other {
            format!("is not for a {} (extended key usage)", purpose.map_or("", word))
        } else if other.is_named_for_other && !rank.is_named_for_other {
            format!("is not named as a {}'s", purpose.map_or("", word))
        } else {
            "comes later; name the files that are meant".to_owned()
        };
        reasons.push(format!("{} {because}", not.file));
    }
    let shorter = rest
        .iter()
        .find(|(other, not)| not.chain.first() == Some(leaf) && other.missing > rank.missing);
    if let Some((_, shorter)) = shorter {
        reasons.push(format!("{} has less of the chain", shorter.file));
    }
    reasons.dedup();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
