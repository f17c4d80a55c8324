//! What is wrong with the files of one side together: key and certificate, order, chain, what the certificate says.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Certificate, Fingerprint, Purpose, code};
use jiff::SignedDuration;

use super::{Holdings, Look, Own, form};
use crate::{
    Context, Trace,
    judge::{Evidence, files_faults, ranked},
};

/// A certificate that lives longer than this is renewed by hand, and lost with everybody's memory.
const LONG: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Everything that is wrong, the surest first.
pub fn judge(holdings: &Holdings, look: &Look) -> Vec<Finding> {
    let mut findings = holdings.findings.clone();
    findings.extend(pairing(holdings));
    findings.extend(bags(holdings));
    findings.extend(leaf_as_ca(holdings));
    if let Some(own) = holdings.own() {
        findings.extend(faults(holdings, &own, look));
        findings.extend(forgotten(holdings, &own));
        findings.extend(stray(holdings, &own));
        findings.extend(long_lived(&own, look));
    } else if !holdings.keys.is_empty() && holdings.chains.is_empty() {
        findings.push(
            Finding::new(
                code::WRONG_FORMAT,
                Refuser::Client,
                Certainty::Certain,
                "there is a private key and no certificate for it",
            )
            .help("have its request signed, or find the certificate that came with it"),
        );
    }
    let whose = match look.purpose {
        Purpose::Client => Refuser::Client,
        Purpose::Server => Refuser::Server,
    };
    for finding in &mut findings {
        // No peer refuses a file that its own program cannot use.
        finding.side = finding.refuser_of_files(whose);
        finding.fault = Some(whose);
    }
    ranked(findings)
}

/// PKCS#7 whose certificates stand in no other file. Beside them it is a copy for somebody else.
fn bags(holdings: &Holdings) -> impl Iterator<Item = Finding> {
    let elsewhere = |certificate: &Certificate| {
        let others = holdings
            .chains
            .iter()
            .filter(|(file, _)| !holdings.bags.contains(file));
        others.clone().any(|(_, chain)| chain.contains(certificate))
    };
    holdings
        .bags
        .iter()
        .filter(move |bag| {
            let inside = holdings.chains.iter().filter(|(file, _)| file == *bag);
            inside
                .flat_map(|(_, chain)| chain)
                .any(|certificate| !elsewhere(certificate))
        })
        .map(|bag| form::bag(bag))
}

/// A file that is called as one of CAs and holds leaves alone. One that is signed by itself may be trusted by itself.
fn leaf_as_ca(holdings: &Holdings) -> Option<Finding> {
    let is_leaf = |certificate: &Certificate| {
        !certificate.is_ca() && !certificate.is_self_issued() && certificate.version() == 3
    };
    let (file, chain) = holdings
        .chains
        .iter()
        .find(|(file, chain)| form::is_named_for_cas(file) && chain.iter().all(is_leaf))?;
    let called = chain.first().map(Certificate::called).unwrap_or_default();
    let because = format!(
        "{file} is called as a file of CAs, and holds the leaf \"{called}\": it makes no peer trusted"
    );
    Some(
        Finding::new(code::BAD_TRUST_FILE, Refuser::Client, Certainty::Certain, because)
            .help("put the certificate of the CA there that signed the peer's, usually called ca.crt or root.crt")
            .place(file, 1),
    )
}

/// What stands behind the leaf and is no part of its path.
fn stray(holdings: &Holdings, own: &Own) -> Option<Finding> {
    let leaf = own.chain.first()?;
    let mut path = vec![leaf];
    while let Some(last) = path.last().copied()
        && let Some(next) = own.chain.iter().find(|next| {
            last.issuer() == next.subject() && last.is_signed_by(&next.public_key()) && !path.contains(next)
        })
    {
        path.push(next);
    }
    let stray = own.chain.iter().find(|one| !path.contains(one))?;
    let top = path.last()?;
    // Another one of the same name and key is a renewed or cross-signed one, and of use to somebody.
    let is_twin =
        |one: &&Certificate| one.subject() == stray.subject() && one.public_key() == stray.public_key();
    if path.iter().any(is_twin) {
        return None;
    }
    let issuer_is_root = || {
        holdings.certificates().iter().any(|root| {
            root.is_self_issued() && root.subject() == top.issuer() && top.is_signed_by(&root.public_key())
        })
    };
    let about = |code, certainty, because: String, help: &str| {
        Some(
            Finding::new(code, Refuser::Client, certainty, because)
                .help(help)
                .place(&own.file, 1),
        )
    };
    if top.is_self_issued() || issuer_is_root() {
        return about(
            code::CHAIN_ORDER,
            Certainty::Guess,
            format!(
                "{}: \"{}\" is on no path of \"{}\"; strict peers refuse a chain with more in it than its path",
                own.file,
                stray.called(),
                leaf.called()
            ),
            "leave it out",
        );
    }
    about(
        code::MISSING_INTERMEDIATE,
        Certainty::Likely,
        format!(
            "{}: \"{}\" was issued by \"{}\", and \"{}\" stands behind it, which did not issue it",
            own.file,
            top.called(),
            handfast_pki::name::shown(top.issuer()),
            stray.called()
        ),
        "put the intermediate behind the leaf that issued it; the CA hands it out",
    )
}

/// Keys without a certificate and the reverse, and chains in the wrong order.
fn pairing(holdings: &Holdings) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, key) in &holdings.keys {
        let first = |chain: &[Certificate]| chain.first().is_some_and(|leaf| key.must_match(leaf).is_ok());
        if holdings.chains.iter().any(|(_, chain)| first(chain)) {
            continue;
        }
        let later = holdings.chains.iter().find_map(|(name, chain)| {
            let place = chain.iter().position(|one| key.must_match(one).is_ok())?;
            Some((name, chain, place))
        });
        if let Some((name, chain, place)) = later {
            findings.push(wrong_order(name, chain, place));
        } else if let Some((name, leaf)) = leaf_beside(holdings, file) {
            let key_half = Fingerprint::of(key.public_key().spki_der());
            let leaf_half = Fingerprint::of(leaf.public_key().spki_der());
            findings.push(
                Finding::new(
                    code::KEY_MISMATCH,
                    Refuser::Client,
                    Certainty::Certain,
                    format!(
                        "{file} has the public half {}, {name} (\"{}\") has {}",
                        short(&key_half),
                        leaf.called(),
                        short(&leaf_half)
                    ),
                )
                .help("use the key that was made with this certificate; after a renewal both files change")
                .place(file, 1),
            );
        }
    }
    findings
}

fn short(fingerprint: &Fingerprint) -> String {
    let text = fingerprint.to_string();
    format!("{}…", text.get(..16).unwrap_or(&text))
}

/// The leaf that `key_file` seems to be meant for: of the same name, or the only one.
fn leaf_beside<'a>(holdings: &'a Holdings, key_file: &str) -> Option<(&'a String, &'a Certificate)> {
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
    let leaves: Vec<(&String, &Certificate)> = holdings
        .chains
        .iter()
        .filter_map(|(name, chain)| Some((name, chain.first().filter(|leaf| !leaf.is_ca())?)))
        // One that has its key here needs no other.
        .filter(|(_, leaf)| holdings.keys.iter().all(|(_, key)| key.must_match(leaf).is_err()))
        .collect();
    let same = leaves.iter().find(|(name, _)| stem(name) == stem(key_file));
    same.or(leaves.first()).copied()
}

fn wrong_order(file: &str, chain: &[Certificate], place: usize) -> Finding {
    let first = chain.first().map(Certificate::called).unwrap_or_default();
    let leaf = chain.get(place).map(Certificate::called).unwrap_or_default();
    Finding::new(
        code::CHAIN_ORDER,
        Refuser::Client,
        Certainty::Certain,
        format!(
            "{file} begins with \"{first}\", and the certificate of the key, \"{leaf}\", is number {}",
            place + 1
        ),
    )
    .help("put the leaf first, then the intermediates upwards, without the root")
    .place(file, 1)
}

/// What the certificate and its chain say against themselves.
fn faults(holdings: &Holdings, own: &Own, look: &Look) -> Vec<Finding> {
    let trace = Trace::of_files(own.chain.clone());
    let context = Context {
        known: holdings.certificates(),
        revocation: holdings.lists.clone(),
        ..Context::default()
    };
    let mut findings = files_faults(&Evidence::alone(&trace, &context), look.purpose, look.now);
    for finding in &mut findings {
        finding.because = format!("{}: {}", own.file, finding.because);
        finding.place = Some(handfast_finding::Place::new(own.file.clone(), 1));
    }
    findings
}

/// The chain ends below a CA that lies in another file of the same side.
fn forgotten(holdings: &Holdings, own: &Own) -> Option<Finding> {
    let top = own
        .chain
        .iter()
        .rfind(|certificate| !certificate.is_self_issued())?;
    let link = holdings.chains.iter().find_map(|(file, chain)| {
        let link = chain.iter().find(|other| {
            other.subject() == top.issuer()
                && !other.is_self_issued()
                && !own.chain.contains(other)
                && top.is_signed_by(&other.public_key())
        })?;
        Some((file, link))
    });
    let (file, link) = link?;
    Some(
        Finding::new(
            code::MISSING_INTERMEDIATE,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "{} ends with \"{}\", issued by \"{}\", and that intermediate stands in {file}",
                own.file,
                top.called(),
                link.called()
            ),
        )
        .help("put the intermediate behind the leaf, without the root")
        .command(format!("cat {0} {file} > chain.crt", own.file))
        .place(&own.file, 1),
    )
}

fn long_lived(own: &Own, look: &Look) -> Option<Finding> {
    let leaf = own.chain.first()?;
    let lifetime = leaf.not_after().duration_since(leaf.not_before());
    (look.purpose == Purpose::Client && !leaf.is_ca() && lifetime > LONG).then(|| {
        Finding::new(
            code::LONG_LIVED,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "\"{}\" lives for {} days, until {}: a copy of its key is accepted for as long",
                leaf.called(),
                lifetime.as_hours() / 24,
                leaf.not_after()
            ),
        )
        .help("issue one for each workload, for 30 days or less, and renew it by a program")
        .place(&own.file, 1)
    })
}
