//! A chain out of whatever lies there: the leaf first, each followed by who signed it, nothing twice.
//!
//! In: certificates as they were given, the key where there is one, and others that may fill a gap. Out: the chain,
//! the root apart, and a note for everything that is not as it was. Links are made by name and signature; whether the
//! chain is to be believed is for [`crate::verify`].

use std::fmt;

use crate::{Certificate, PrivateKey, Result, name};

/// A certificate that was not given and may fill a gap, with where it lies.
#[derive(Debug, Clone)]
pub struct Spare {
    /// Used only where it signed something.
    pub certificate: Certificate,
    /// Where it lies, for people.
    pub from: String,
}

/// A chain in order.
#[derive(Debug)]
pub struct Repaired {
    /// Leaf first, without the root. Where there is neither leaf nor key: all CAs, as they were given.
    pub chain: Vec<Certificate>,
    /// The self-signed certificate above the chain, where it is known.
    pub root: Option<Certificate>,
    /// Further self-issued CAs that were given.
    pub other_roots: Vec<Certificate>,
    /// Whether these are CAs alone, and so no chain.
    pub cas_alone: bool,
    /// What was done and what is missing, in the order of the chain.
    pub notes: Vec<Note>,
}

/// What is not as it was, or not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The order was another.
    Reordered {
        /// The names in the order in which they were given.
        was: Vec<String>,
    },
    /// The same certificate more than once.
    Duplicate {
        /// The certificate, by [`Certificate::called`].
        subject: String,
    },
    /// Taken from `from`, because it signed `below`.
    Added {
        /// The certificate, by [`Certificate::called`].
        subject: String,
        /// The certificate that it signed.
        below: String,
        /// Where it lay.
        from: String,
        /// Whether it is signed by itself, and so not sent.
        is_root: bool,
    },
    /// Given, and no part of the chain.
    Unrelated {
        /// The certificate, by [`Certificate::called`].
        subject: String,
        /// Its issuer, by name.
        issuer: String,
    },
    /// Linked by name and key identifier; the signature is of a kind that cannot be verified here.
    Unverified {
        /// The certificate, by [`Certificate::called`].
        subject: String,
        /// Its issuer, by name.
        issuer: String,
    },
    /// Nobody here has signed it. `namesake`: somebody of that name is here, with another key.
    IssuerNotHere {
        /// The certificate, by [`Certificate::called`].
        subject: String,
        /// Its issuer, by name.
        issuer: String,
        /// Whether a certificate of the issuer's name is here.
        namesake: bool,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reordered { was } => write!(f, "put into order, leaf first; it was: {}", was.join(", ")),
            Self::Duplicate { subject } => write!(f, "\"{subject}\" was there more than once"),
            Self::Added {
                subject,
                below,
                from,
                is_root,
            } => {
                let role = if *is_root { "root" } else { "intermediate" };
                write!(
                    f,
                    "the {role} \"{subject}\" was missing above \"{below}\" and was taken from \"{from}\""
                )
            }
            Self::Unrelated { subject, issuer } => write!(
                f,
                "left out: \"{subject}\", issued by \"{issuer}\", is no part of the chain"
            ),
            Self::Unverified { subject, issuer } => write!(
                f,
                "the signature on \"{subject}\" is too old or unknown to verify; \"{issuer}\" follows by its name"
            ),
            Self::IssuerNotHere {
                subject,
                issuer,
                namesake,
            } => {
                write!(f, "\"{issuer}\", who signed \"{subject}\", is not here")?;
                if *namesake {
                    f.write_str(" (one of that name is, with another key)")?;
                }
                f.write_str(
                    "; if it is an intermediate, peers will refuse the chain: give it with --chain FILE",
                )
            }
        }
    }
}

/// The longest chain that is followed; cross-signed CAs can go in circles.
const LONGEST: usize = 10;

/// Puts `given` into order around `key`, or around the first leaf; what is missing is taken from `spares` where the
/// signature proves that it belongs. A key that fits none of `given` is refused.
pub fn repair(given: &[Certificate], key: Option<&PrivateKey>, spares: &[Spare]) -> Result<Repaired> {
    let mut notes = Vec::new();
    let given = once_each(given, &mut notes);
    let Some(leaf) = leaf_of(&given, key)? else {
        return Ok(Repaired {
            chain: given,
            root: None,
            other_roots: Vec::new(),
            cas_alone: true,
            notes,
        });
    };
    let mut path = path_above(leaf, &given, spares, &mut notes);
    if is_out_of_order(&given, &path) {
        notes.insert(
            0,
            Note::Reordered {
                was: given.iter().map(Certificate::called).collect(),
            },
        );
    }
    let other_roots = sort_out(&given, &path, &mut notes);
    let is_above = path.len() > 1 && path.last().is_some_and(is_self_signed);
    let root = if is_above { path.pop() } else { None };
    Ok(Repaired {
        chain: path,
        root,
        other_roots,
        cas_alone: false,
        notes,
    })
}

/// `leaf` and what is above it, one signature after the other, as far as there is something.
fn path_above(
    leaf: Certificate,
    given: &[Certificate],
    spares: &[Spare],
    notes: &mut Vec<Note>,
) -> Vec<Certificate> {
    let mut path = vec![leaf];
    while let Some(last) = path.last() {
        if is_self_signed(last) || path.len() >= LONGEST {
            break;
        }
        match issuer_of(last, given, spares) {
            Found::Given(next, verified) if !path.contains(next) => {
                if !verified {
                    notes.push(Note::Unverified {
                        subject: last.called(),
                        issuer: next.called(),
                    });
                }
                path.push(next.clone());
            }
            Found::Spare(spare) if !path.contains(&spare.certificate) => {
                notes.push(Note::Added {
                    subject: spare.certificate.called(),
                    below: last.called(),
                    from: spare.from.clone(),
                    is_root: is_self_signed(&spare.certificate),
                });
                path.push(spare.certificate.clone());
            }
            Found::Nowhere { namesake } => {
                notes.push(Note::IssuerNotHere {
                    subject: last.called(),
                    issuer: name::shown(last.issuer()),
                    namesake,
                });
                break;
            }
            Found::Given(..) | Found::Spare(_) => break,
        }
    }
    path
}

fn once_each(given: &[Certificate], notes: &mut Vec<Note>) -> Vec<Certificate> {
    let mut once: Vec<Certificate> = Vec::new();
    for certificate in given {
        let note = Note::Duplicate {
            subject: certificate.called(),
        };
        if !once.contains(certificate) {
            once.push(certificate.clone());
        } else if !notes.contains(&note) {
            notes.push(note);
        }
    }
    once
}

/// The certificate of `key`, else the first that is no CA; nobody where there are CAs alone.
fn leaf_of(given: &[Certificate], key: Option<&PrivateKey>) -> Result<Option<Certificate>> {
    let first_leaf = given.iter().find(|certificate| !is_ca(certificate));
    let Some(key) = key else {
        return Ok(first_leaf.cloned());
    };
    if let Some(own) = given
        .iter()
        .find(|certificate| key.must_match(certificate).is_ok())
    {
        return Ok(Some(own.clone()));
    }
    match first_leaf.or(given.first()) {
        Some(other) => key.must_match(other).map(|()| None),
        None => Ok(None),
    }
}

enum Found<'a> {
    /// And whether its signature was verified.
    Given(&'a Certificate, bool),
    Spare(&'a Spare),
    Nowhere {
        namesake: bool,
    },
}

fn issuer_of<'a>(below: &Certificate, given: &'a [Certificate], spares: &'a [Spare]) -> Found<'a> {
    let is_named = |other: &Certificate| other.subject() == below.issuer();
    let has_signed = |other: &Certificate| is_named(other) && below.is_signed_by(&other.public_key());
    // Of two certificates of one CA the self-signed one makes the shorter chain.
    let best = |candidates: Vec<&'a Certificate>| {
        let root = candidates.iter().find(|other| is_self_signed(other)).copied();
        root.or(candidates.first().copied())
    };
    if let Some(found) = best(given.iter().filter(|other| has_signed(other)).collect()) {
        return Found::Given(found, true);
    }
    let signers: Vec<&Spare> = spares
        .iter()
        .filter(|spare| has_signed(&spare.certificate))
        .collect();
    let root = signers.iter().find(|spare| is_self_signed(&spare.certificate));
    if let Some(spare) = root.or(signers.first()) {
        return Found::Spare(spare);
    }
    let same_key = |other: &&Certificate| {
        is_named(other)
            && below.authority_key_id().is_some()
            && below.authority_key_id() == other.subject_key_id()
    };
    match given.iter().find(same_key) {
        Some(found) => Found::Given(found, false),
        None => Found::Nowhere {
            namesake: given
                .iter()
                .chain(spares.iter().map(|spare| &spare.certificate))
                .any(is_named),
        },
    }
}

/// Whether those of `path` that were given stand in another order there, or not at its beginning.
fn is_out_of_order(given: &[Certificate], path: &[Certificate]) -> bool {
    let places: Vec<usize> = path
        .iter()
        .filter_map(|certificate| given.iter().position(|other| other == certificate))
        .collect();
    places.first() != Some(&0) || !places.is_sorted()
}

/// What was given and is not in `path`: roots are handed back, the rest is noted.
fn sort_out(given: &[Certificate], path: &[Certificate], notes: &mut Vec<Note>) -> Vec<Certificate> {
    let mut roots = Vec::new();
    for certificate in given.iter().filter(|certificate| !path.contains(certificate)) {
        if is_ca(certificate) && certificate.is_self_issued() {
            roots.push(certificate.clone());
        } else {
            notes.push(Note::Unrelated {
                subject: certificate.called(),
                issuer: name::shown(certificate.issuer()),
            });
        }
    }
    roots
}

fn is_ca(certificate: &Certificate) -> bool {
    certificate.is_ca() || (certificate.version() == 1 && is_self_signed(certificate))
}

fn is_self_signed(certificate: &Certificate) -> bool {
    certificate.is_self_issued() && certificate.is_signed_by(&certificate.public_key())
}
