//! Which certificates belong to our chain: sent, known, or lying around.

use handfast_pki::{Certificate, name};

use crate::judge::Evidence;

/// Whether the server knows one of the CAs in our chain: it names it or, where it names none, one of the lists is its.
pub(super) fn is_below_known(evidence: &Evidence<'_>) -> bool {
    let named = evidence
        .trace
        .asked
        .as_ref()
        .map(|asked| asked.issuers.as_slice());
    let named = named.unwrap_or_default();
    let is_known = |certificate: &Certificate| match named {
        [] => {
            let lists = &evidence.context.revocation;
            lists.iter().any(|list| list.issuer == *certificate.issuer())
        }
        named => name::is_among(certificate.issuer(), named),
    };
    evidence.trace.own_chain.iter().any(is_known)
}

/// Every other certificate that belongs to the chain: sent with the leaf, or issuer of what is in it already.
pub(super) fn around<'a>(evidence: &Evidence<'a>) -> Vec<&'a Certificate> {
    let mut open: Vec<&Certificate> = evidence.trace.own_chain.iter().collect();
    let mut found: Vec<&Certificate> = open.iter().skip(1).copied().collect();
    while let Some(below) = open.pop() {
        for issuer in issuers(evidence, below) {
            if !found.contains(&issuer) {
                found.push(issuer);
                open.push(issuer);
            }
        }
    }
    found
}

/// What may have issued `below`. Of several of its issuer's name those count whose key has signed it; and what only lies
/// around counts for nothing else, for it may be from a time before a new key.
fn issuers<'a>(evidence: &Evidence<'a>, below: &Certificate) -> Vec<&'a Certificate> {
    let (trace, context) = (evidence.trace, evidence.context);
    let is_named = |other: &&Certificate| other.subject() == below.issuer() && *other != below;
    let has_signed =
        |other: &&Certificate| other.subject() == below.issuer() && below.is_signed_by(&other.public_key());
    let may_have_signed = |other: &&Certificate| below.signature_by(&other.public_key()) != Ok(false);
    let all = || trace.own_chain.iter().chain(context.around()).filter(is_named);
    // The server reads what was sent; a root it has itself.
    let is_sent = trace
        .own_chain
        .iter()
        .filter(is_named)
        .any(|sent| !sent.is_self_issued());
    if is_sent {
        return all()
            .filter(|other| trace.own_chain.contains(other) || (other.is_self_issued() && has_signed(other)))
            .collect();
    }
    let signed: Vec<_> = all().filter(has_signed).collect();
    if !signed.is_empty() {
        return signed;
    }
    let possible: Vec<_> = all().filter(may_have_signed).collect();
    if !possible.is_empty() {
        return possible;
    }
    trace
        .own_chain
        .iter()
        .chain(&context.known)
        .filter(is_named)
        .collect()
}

/// `own` and what stands above it by name: a folder may hold the certificates of others as well.
pub(super) fn ancestry(own: &Certificate, around: &[Certificate]) -> Vec<Certificate> {
    let mut above = vec![own.clone()];
    let mut next = 0;
    while let Some(below) = above.get(next) {
        let issuer = below.issuer().clone();
        let issuers = around.iter().filter(|other| *other.subject() == issuer);
        let new: Vec<Certificate> = issuers.filter(|other| !above.contains(other)).cloned().collect();
        above.extend(new);
        next += 1;
    }
    above
}

/// What may be the roots: those that signed themselves or, where there are none, the last that was sent.
pub(super) fn roots(evidence: &Evidence<'_>, around: &[&Certificate]) -> Vec<Certificate> {
    let is_root = |certificate: &&&Certificate| certificate.is_self_issued();
    let mut roots: Vec<Certificate> = around
        .iter()
        .filter(is_root)
        .map(|root| (*root).clone())
        .collect();
    if roots.is_empty() {
        roots.extend(evidence.trace.own_chain.iter().skip(1).last().cloned());
    }
    roots
}
