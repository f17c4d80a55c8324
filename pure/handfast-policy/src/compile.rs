//! From rules to Cedar: one `permit` per rule over sets of typed names, checked against a schema.

use std::{net::IpAddr, str::FromStr};

use cedar_policy::{
    Context, EntityUid, PolicyId, PolicySet, RestrictedExpression, Schema, ValidationMode, Validator,
};
use handfast_pki::{
    Identity,
    pattern::{Network, is_segment},
};

use crate::{PolicyError, Rule};

/// What a request about a connection may speak of.
const SCHEMA: &str = r#"
entity Peer;
entity Listener;
action connect appliesTo {
    principal: [Peer],
    resource: [Listener],
    context: {
        uris: Set<String>,
        uri_parents: Set<String>,
        uri_ancestors: Set<String>,
        dns: Set<String>,
        dns_parents: Set<String>,
        dns_ancestors: Set<String>,
        emails: Set<String>,
        email_hosts: Set<String>,
        ip_networks: Set<String>,
        common_names: Set<String>,
        fingerprint: String,
    },
};
"#;

/// The policies of `rules`, in order, each under its number as identifier.
pub(crate) fn policies(rules: &[Rule]) -> Result<PolicySet, PolicyError> {
    let engine = |error: &dyn std::fmt::Display| PolicyError::Engine {
        detail: error.to_string(),
    };
    let mut set = PolicySet::new();
    for (number, rule) in rules.iter().enumerate() {
        let text = format!(
            "permit(principal, action == Action::\"connect\", resource) when {{ {} }};",
            condition(rule)
        );
        let policy = cedar_policy::Policy::parse(Some(PolicyId::new(number.to_string())), &text)
            .map_err(|e| engine(&e))?;
        set.add(policy).map_err(|e| engine(&e))?;
    }
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|e| engine(&e))?;
    let checked = Validator::new(schema).validate(&set, ValidationMode::Strict);
    match checked.validation_errors().next() {
        Some(error) => Err(engine(error)),
        None => Ok(set),
    }
}

/// The entities of every request; what tells peers apart is in the context.
pub(crate) fn names() -> Result<(EntityUid, EntityUid, EntityUid), PolicyError> {
    let uid = |text: &str| {
        EntityUid::from_str(text).map_err(|error| PolicyError::Engine {
            detail: error.to_string(),
        })
    };
    Ok((
        uid("Peer::\"it\"")?,
        uid("Action::\"connect\"")?,
        uid("Listener::\"this\"")?,
    ))
}

/// `identity` as the context of a request.
pub(crate) fn context(identity: &Identity) -> Result<Context, PolicyError> {
    let identity = &identity.clone().matchable();
    let set = |names: Vec<String>| {
        RestrictedExpression::new_set(names.into_iter().map(RestrictedExpression::new_string))
    };
    let uri_ancestors = |uri: &String| uri_ancestors(uri);
    let uri_parents = identity.uris.iter().filter_map(|uri| uri_ancestors(uri).pop());
    let dns_parents = identity
        .dns
        .iter()
        .filter_map(|name| dns_ancestors(name).into_iter().next());
    let networks = identity.ips.iter().flat_map(|ip| networks(*ip));
    let hosts = identity
        .emails
        .iter()
        .filter_map(|email| email.rsplit_once('@').map(|(_, host)| host.to_ascii_lowercase()));
    let pairs = [
        ("uris", set(identity.uris.clone())),
        ("uri_parents", set(uri_parents.collect())),
        (
            "uri_ancestors",
            set(identity.uris.iter().flat_map(uri_ancestors).collect()),
        ),
        ("dns", set(identity.dns.clone())),
        ("dns_parents", set(dns_parents.collect())),
        (
            "dns_ancestors",
            set(identity.dns.iter().flat_map(|name| dns_ancestors(name)).collect()),
        ),
        ("ip_networks", set(networks.collect())),
        ("emails", set(identity.emails.clone())),
        ("email_hosts", set(hosts.collect())),
        (
            "common_names",
            set(identity.common_name.iter().cloned().collect()),
        ),
        (
            "fingerprint",
            RestrictedExpression::new_string(identity.fingerprint.to_string()),
        ),
    ];
    Context::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value))).map_err(|error| {
        PolicyError::Engine {
            detail: error.to_string(),
        }
    })
}

/// Every prefix of `uri` that ends in `/` and that one or more whole segments follow, the shortest first. The scheme and
/// the host are none of them: `https://` is nobody's parent.
fn uri_ancestors(uri: &str) -> Vec<String> {
    let path = uri.find("://").map_or(0, |at| at + 3);
    let slashes = uri.match_indices('/').map(|(at, _)| at).filter(|at| *at > path);
    let is_whole = |at: &usize| {
        let (before, after) = uri.split_at(*at);
        !before.ends_with(['/', ':']) && after.split('/').skip(1).all(is_segment)
    };
    slashes
        .filter(is_whole)
        .filter_map(|at| uri.get(..=at).map(str::to_owned))
        .collect()
}

/// Every suffix of `name` that one or more labels stand before, the longest first.
fn dns_ancestors(name: &str) -> Vec<String> {
    name.match_indices('.')
        .filter_map(|(at, _)| name.get(at + 1..).map(str::to_owned))
        .collect()
}

/// Every network that `address` lies in, as it is written.
fn networks(address: IpAddr) -> impl Iterator<Item = String> {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    (0..=bits).filter_map(move |prefix| Network::new(address, prefix).map(|network| network.to_string()))
}

fn condition(rule: &Rule) -> String {
    // Cedar writes strings as Rust does, escapes included.
    let holds = |set: &str, value: &str| format!("context.{set}.contains(\"{}\")", value.escape_default());
    match rule {
        Rule::Any => "true".to_owned(),
        Rule::Uri(uri) => holds("uris", uri),
        Rule::UriChild(prefix) => holds("uri_parents", prefix),
        Rule::UriBelow(prefix) => holds("uri_ancestors", prefix),
        Rule::Dns(name) => holds("dns", name),
        Rule::DnsChild(suffix) => holds("dns_parents", suffix),
        Rule::DnsBelow(suffix) => holds("dns_ancestors", suffix),
        Rule::Email(email) => holds("emails", email),
        Rule::EmailAt(host) => holds("email_hosts", host),
        Rule::Ip(network) => holds("ip_networks", &network.to_string()),
        Rule::CommonName(name) => holds("common_names", name),
        Rule::Fingerprint(fingerprint) => format!("context.fingerprint == \"{fingerprint}\""),
    }
}
