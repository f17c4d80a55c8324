//! `handfast ca profiles`: what this CA issues, and to whom.

use handfast_ca::{Approver, Authority, OfferedProfile, RequesterKind};
use handfast_finding::when::written;
use handfast_pki::{oid::Oid, profile::ProfileRules};
use handfast_report::{
    schema::Schema,
    style::{BAD, GOOD},
};
use serde_json::{Value, json};

use super::Where;
use crate::{
    commands::leaf::dir_flag,
    failure::{Exit, Failure},
    words::Words,
};

/// List the profiles of a CA: what its certificates may be, and who may ask
///
/// The built-in ones, and those of ca.toml in the CA directory. The file is read as a whole, and everything that is wrong in
/// it is said with its line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca profiles")]
pub struct Args {
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let authority = Authority::open(&args.place.dir)?;
    let all: Vec<&OfferedProfile> = authority.profiles().iter().collect();
    let not_ready = authority.profiles().not_ready();
    words.json(
        Schema::CaProfiles,
        json!({
            "profiles": all.iter().map(|offered| described(offered)).collect::<Vec<_>>(),
            "not_ready": not_ready.iter().map(|(profile, missing)| json!({
                "name": profile.name(),
                "missing": missing,
            })).collect::<Vec<_>>(),
        }),
    );
    for offered in all {
        tell(offered, words);
    }
    for (profile, missing) in not_ready {
        words.data(format_args!(
            "{BAD}{}{BAD:#}  not ready: {} missing in [profile.{}] of ca.toml",
            profile.name(),
            missing.join(" and "),
            profile.name()
        ));
    }
    words.next(format_args!(
        "handfast ca issuer list{}",
        dir_flag(&args.place.dir)
    ));
    Ok(Exit::Yes)
}

fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn usages(rules: &ProfileRules) -> Vec<String> {
    let usages = rules.extended_key_usage.iter();
    usages.map(|id| Oid::from(*id).called()).collect()
}

fn requesters(offered: &OfferedProfile) -> Vec<String> {
    let kind = |kind: &RequesterKind| {
        match kind {
            RequesterKind::Owner => "owner",
            RequesterKind::Operator => "operator",
            RequesterKind::Token => "token",
            RequesterKind::Acme => "acme",
            RequesterKind::Est => "est",
        }
        .to_owned()
    };
    let users = offered.users.iter().map(|user| format!("user:{user}"));
    let kinds = offered.requesters.iter().map(kind);
    // The users stand for the owner.
    kinds
        .filter(|kind| offered.users.is_empty() || kind != "owner")
        .chain(users)
        .collect()
}

fn approvers(offered: &OfferedProfile) -> Vec<String> {
    match &offered.approver {
        None => Vec::new(),
        Some(Approver::Another) => vec!["another".into()],
        Some(Approver::OneOf(users)) => users.clone(),
    }
}

fn described(offered: &OfferedProfile) -> Value {
    let rules = &offered.rules;
    json!({
        "name": rules.name,
        "ca": rules.is_ca(),
        "name_types": rules.names.kinds,
        "names": texts(&rules.names.patterns),
        "max_names": rules.names.most,
        "lifetime_seconds": rules.lifetime.usual.as_secs(),
        "max_lifetime_seconds": rules.lifetime.longest.map(|longest| longest.as_secs()),
        "keys": texts(&rules.keys),
        "extended_key_usage": usages(rules),
        "subject": rules.subject.as_deref().map(texts),
        "policies": texts(&rules.policies),
        "crl": texts(&rules.pointers.crl),
        "crl_shards": rules.pointers.crl_shards.as_ref().map(ToString::to_string),
        "ca_issuers": texts(&rules.pointers.ca_issuers),
        "ocsp": texts(&rules.pointers.ocsp),
        "no_rev_avail": rules.no_rev_avail,
        "renewable": rules.renewable,
        "renew_after_expiry_seconds": rules.renewable_after_expiry.as_secs(),
        "requesters": requesters(offered),
        "approver": approvers(offered),
    })
}

fn tell(offered: &OfferedProfile, words: &Words) {
    let rules = &offered.rules;
    let what = if rules.is_ca() {
        "CA".into()
    } else {
        usages(rules).join(", ")
    };
    words.data(format_args!("{GOOD}{}{GOOD:#}  {what}", rules.name));
    let longest = rules.lifetime.longest;
    let longest = longest.map_or_else(String::new, |longest| format!(", at most {}", written(longest)));
    let mut lines = vec![("lifetime", format!("{}{longest}", written(rules.lifetime.usual)))];
    if !rules.is_ca() {
        let kinds = texts(&rules.names.kinds).join(", ");
        lines.push(("names", format!("at most {}: {kinds}", rules.names.most)));
    }
    let lists = [
        ("only", texts(&rules.names.patterns)),
        ("keys", texts(&rules.keys)),
        ("subject", rules.subject.as_deref().map(texts).unwrap_or_default()),
        ("policies", texts(&rules.policies)),
        ("crl", texts(&rules.pointers.crl)),
        (
            "crl-shards",
            rules
                .pointers
                .crl_shards
                .iter()
                .map(ToString::to_string)
                .collect(),
        ),
        ("ca-issuers", texts(&rules.pointers.ca_issuers)),
        ("ocsp", texts(&rules.pointers.ocsp)),
        ("requesters", requesters(offered)),
        ("approver", approvers(offered)),
    ];
    lines.extend(
        lists
            .into_iter()
            .filter(|(_, items)| !items.is_empty())
            .map(|(key, items)| (key, items.join(", "))),
    );
    for (key, text) in lines {
        words.data(format_args!("  {key:<11} {text}"));
    }
}
