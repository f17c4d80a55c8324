//! Whether our chain leads to a CA that the server accepts, and what is missing where it does not.

use handfast_pki::{Certificate, code, name, text::listed};

use super::{Fault, around::around};
use crate::judge::Evidence;

/// Whether what we sent leads to what the server says it accepts.
pub(super) fn of_reach(evidence: &Evidence<'_>, own: &Certificate) -> Vec<Fault> {
    let Some(asked) = &evidence.trace.asked else {
        return Vec::new();
    };
    let accepted = &asked.issuers;
    if own.is_self_issued() {
        return Vec::new();
    }
    let sent = &evidence.trace.own_chain;
    let is_accepted = |certificate: &Certificate| name::is_among(certificate.issuer(), accepted);
    let shown: Vec<String> = accepted.iter().map(|der| name::shown_der(der)).collect();
    let top = sent
        .iter()
        .rfind(|certificate| !certificate.is_self_issued())
        .unwrap_or(own);
    if accepted.is_empty() {
        return missing_link(evidence, top, |issuer| issuer.is_self_issued())
            .into_iter()
            .collect();
    }
    if !sent.iter().any(is_accepted) {
        if let Some(missing) = missing_link(evidence, top, |issuer| {
            is_accepted(issuer) || name::is_among(issuer.subject(), accepted)
        }) {
            return vec![missing];
        }
        let unknown = Fault::new(
            code::UNKNOWN_ISSUER,
            format!(
                "the client's certificate was issued by \"{}\", the server accepts {}",
                name::shown(top.issuer()),
                listed(&shown)
            ),
            "have the issuing CA added to the server's client CAs, or get a certificate from an accepted one",
        );
        let kin = kin_of(top, accepted).map(|root| {
            Fault::new(
                code::MISSING_INTERMEDIATE,
                format!(
                    "the client's chain ends with \"{}\", issued by \"{}\"; the server accepts \"{root}\" of the same \
                     organisation, so a certificate between them may be missing",
                    top.called(),
                    name::shown(top.issuer()),
                ),
                "put the intermediate behind the leaf in the file of --cert, leaf first, without the root",
            )
            .arguable()
        });
        return match kin {
            Some(kin) => vec![kin, unknown.arguable()],
            None => vec![unknown],
        };
    }
    of_servers_file(evidence, own, accepted)
}

/// The accepted issuer that has the organisation of the one that `top` names, and another name.
fn kin_of(top: &Certificate, accepted: &[Vec<u8>]) -> Option<String> {
    let organisation = name::organization(top.issuer())?;
    accepted
        .iter()
        .filter_map(|der| name::of_der(der))
        .find(|issuer| name::organization(issuer).as_ref() == Some(&organisation))
        .map(|issuer| name::shown(&issuer))
}

/// The intermediate that lies around and was not sent, when it leads on.
fn missing_link(
    evidence: &Evidence<'_>,
    top: &Certificate,
    leads_on: impl Fn(&Certificate) -> bool,
) -> Option<Fault> {
    let link = evidence.context.around().find(|known| {
        known.subject() == top.issuer()
            && !known.is_self_issued()
            && known.is_ca()
            && !evidence.trace.own_chain.contains(known)
            && top.is_signed_by(&known.public_key())
    })?;
    let above = |certificate: &&Certificate| certificate.subject() == link.issuer();
    let leads = leads_on(link) || evidence.context.around().find(above).is_some_and(&leads_on);
    leads.then(|| {
        Fault::new(
            code::MISSING_INTERMEDIATE,
            format!(
                "the client's chain ends with \"{}\", issued by \"{}\"; that intermediate lies around and was not sent",
                top.called(),
                link.called()
            ),
            "put the intermediate behind the leaf in the file of --cert, leaf first, without the root",
        )
    })
}

/// The server names our issuer and refuses us all the same: its own file may be incomplete, or its depth small.
fn of_servers_file(evidence: &Evidence<'_>, own: &Certificate, accepted: &[Vec<u8>]) -> Vec<Fault> {
    let sent = &evidence.trace.own_chain;
    let mut faults = Vec::new();
    let is_named = |certificate: &Certificate| name::is_among(certificate.issuer(), accepted);
    let intermediates = sent.iter().skip(1).filter(|sent| !sent.is_self_issued()).count();
    let all = around(evidence);
    let parent = all.iter().find(|other| other.subject() == own.issuer());
    // The issuer is named, it is no root, and the root above it is not named.
    if let Some(parent) = parent
        && is_named(own)
        && !parent.is_self_issued()
        && !is_named(parent)
    {
        faults.push(
            Fault::new(
                code::BAD_CLIENT_CAS,
                format!(
                    "the server names \"{}\" and not \"{}\" above it: its file of client CAs ends below the root",
                    name::shown(own.issuer()),
                    name::shown(parent.issuer())
                ),
                "put the intermediate and its root into one file of client CAs",
            )
            .arguable(),
        );
    }
    if intermediates >= 2 {
        faults.push(
            Fault::new(
                code::VERIFY_DEPTH,
                format!(
                    "{intermediates} intermediates stand between the client's certificate and the root; nginx and Apache \
                     follow one unless they are told otherwise"
                ),
                "raise ssl_verify_depth or SSLVerifyDepth to the length of the chain",
            )
            .arguable(),
        );
    }
    faults
}
