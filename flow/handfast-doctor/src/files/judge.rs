//! What is wrong with the files of one side together: key and certificate, order, chain, what the certificate says.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Certificate, Fingerprint, Purpose, code};
use jiff::SignedDuration;

use super::{Holdings, Look, Own};
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
    if let Some(own) = holdings.own() {
        findings.extend(faults(holdings, &own, look));
        findings.extend(forgotten(holdings, &own));
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
        finding.side = whose;
    }
    ranked(findings)
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
