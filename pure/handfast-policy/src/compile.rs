//! From rules to Cedar: one `permit` or `forbid` per rule over sets of typed names; or Cedar as a user wrote it. Both are
//! checked against the schema.

use std::{net::IpAddr, str::FromStr};

use cedar_policy::{
    Context, Effect, EntityUid, Policy, PolicyId, PolicySet, PrincipalConstraint, RestrictedExpression,
    Schema, ValidationMode, Validator,
};
use handfast_pki::{
    Fingerprint, Identity,
    hidden::Hidden,
    pattern::{Network, is_segment},
    text::printable,
};

use crate::{PolicyError, Rule};

/// What a policy may speak of, for those who write their own: `docs/reference/policy.cedarschema` is this file.
pub const SCHEMA: &str = include_str!("policy.cedarschema");

/// Policies, checked against the schema, and what people call each, by its identifier: in order, so that the first that
/// decides is named.
pub(crate) struct Compiled {
    pub(crate) set: PolicySet,
    pub(crate) called: Vec<String>,
    /// What counts for clients without a certificate; nothing where none of them is ever allowed.
    pub(crate) anonymous: Option<PolicySet>,
}

/// The rule that allows clients without a certificate.
pub(crate) const ANONYMOUS: &str = "anonymous";

fn engine(error: &dyn std::fmt::Display) -> PolicyError {
    PolicyError::Engine {
        detail: error.to_string(),
    }
}

/// The policies of rules, in order, each under its number as identifier: those that allow, then those that deny, and at last
/// the one for clients without a certificate.
pub(crate) fn rules(allow: &[Rule], deny: &[Rule], anonymous: bool) -> Result<Compiled, PolicyError> {
    let of_peers = |effect: &'static str| {
        move |rule: &Rule| {
            let head = format!("{effect}(principal is Peer, action == Action::\"connect\", resource)");
            (
                format!("{head} when {{ {} }};", condition(rule)),
                rule.to_string(),
            )
        }
    };
    let mut all: Vec<(String, String)> = allow.iter().map(of_peers("permit")).collect();
    all.extend(deny.iter().map(of_peers("forbid")));
    if anonymous {
        let text = "permit(principal is Anonymous, action == Action::\"connect\", resource);";
        all.push((text.to_owned(), ANONYMOUS.to_owned()));
    }
    let (mut set, mut called) = (PolicySet::new(), Vec::new());
    for (number, (text, name)) in all.into_iter().enumerate() {
        let policy =
            Policy::parse(Some(PolicyId::new(number.to_string())), &text).map_err(|error| engine(&error))?;
        set.add(policy).map_err(|error| engine(&error))?;
        called.push(name);
    }
    checked(&set).map_err(|error| engine(&error))?;
    let anonymous = for_anonymous(&set).map_err(|error| engine(&error))?;
    Ok(Compiled {
        set,
        called,
        anonymous,
    })
}

/// What of `set` counts for clients without a certificate: what forbids, and what permits them by name. Who wrote a policy
/// for clients with a certificate did not think of those without.
fn for_anonymous(set: &PolicySet) -> Result<Option<PolicySet>, String> {
    let names_them = |policy: &&Policy| match policy.principal_constraint() {
        PrincipalConstraint::Is(kind) | PrincipalConstraint::IsIn(kind, _) => kind.basename() == "Anonymous",
        PrincipalConstraint::Eq(one) | PrincipalConstraint::In(one) => {
            one.type_name().basename() == "Anonymous"
        }
        PrincipalConstraint::Any => false,
    };
    let (mut left, mut permits) = (PolicySet::new(), false);
    for policy in set.policies() {
        let is_named = names_them(&policy);
        if policy.effect() == Effect::Forbid || is_named {
            permits |= policy.effect() == Effect::Permit;
            left.add(policy.clone()).map_err(|error| error.to_string())?;
        }
    }
    Ok(permits.then_some(left))
}

/// The policies of a file in Cedar, in the order of the file. What the annotation `@id("...")` says is what a policy is
/// called.
pub(crate) fn written(text: &str) -> Result<Compiled, PolicyError> {
    // Errors of Cedar quote the file, which can be a private key that was given in the wrong place.
    let is_known = ["permit", "forbid"].iter().any(|word| text.contains(word));
    let secret = Hidden::of_file(text, is_known);
    let wrong = |detail: String| PolicyError::Written {
        detail: secret.left_out(&detail).into_owned(),
    };
    let parsed = PolicySet::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if parsed.templates().next().is_some() {
        return Err(wrong("a template names no client, write a policy".into()));
    }
    checked(&parsed).map_err(&wrong)?;
    let mut policies: Vec<_> = parsed.policies().collect();
    // Cedar numbers them by their place in the file: policy0, policy1 ...
    policies.sort_by_key(|policy| number_of(policy.id()));
    let (mut set, mut called) = (PolicySet::new(), Vec::new());
    for (number, policy) in policies.into_iter().enumerate() {
        let name = policy.annotation("id").map(printable);
        called.push(name.unwrap_or_else(|| format!("policy {}", number + 1)));
        let numbered = policy.new_id(PolicyId::new(number.to_string()));
        set.add(numbered).map_err(|error| wrong(error.to_string()))?;
    }
    if set.policies().all(|policy| policy.effect() == Effect::Forbid) {
        return Err(PolicyError::NoRule);
    }
    let anonymous = for_anonymous(&set).map_err(|error| engine(&error))?;
    Ok(Compiled {
        set,
        called,
        anonymous,
    })
}

fn number_of(id: &PolicyId) -> Option<usize> {
    let id: &str = id.as_ref();
    id.strip_prefix("policy")?.parse().ok()
}

/// The first thing in `set` that does not fit the schema.
fn checked(set: &PolicySet) -> Result<(), String> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| error.to_string())?;
    let checked = Validator::new(schema).validate(set, ValidationMode::Strict);
    match checked.validation_errors().next() {
        Some(error) => Err(error.to_string()),
        None => Ok(()),
    }
}

/// The entities of requests; what tells peers apart is in the context.
pub(crate) struct Names {
    pub(crate) peer: EntityUid,
    pub(crate) anonymous: EntityUid,
    pub(crate) action: EntityUid,
    pub(crate) resource: EntityUid,
}

pub(crate) fn names() -> Result<Names, PolicyError> {
    let uid = |text: &str| EntityUid::from_str(text).map_err(|error| engine(&error));
    Ok(Names {
        peer: uid("Peer::\"it\"")?,
        anonymous: uid("Anonymous::\"it\"")?,
        action: uid("Action::\"connect\"")?,
        resource: uid("Listener::\"this\"")?,
    })
}

/// `identity` as the context of a request; of a client without a certificate, nothing at all.
pub(crate) fn context(identity: Option<&Identity>) -> Result<Context, PolicyError> {
    let nobody = Identity {
        uris: Vec::new(),
        dns: Vec::new(),
        emails: Vec::new(),
        ips: Vec::new(),
        others: Vec::new(),
        common_name: None,
        fingerprint: Fingerprint([0; 32]),
    };
    let fingerprint = identity.map(|identity| identity.fingerprint.to_string());
    let identity = &identity.cloned().map_or(nobody, Identity::matchable);
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
            RestrictedExpression::new_string(fingerprint.unwrap_or_default()),
        ),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    Context::from_pairs(pairs).map_err(|error| engine(&error))
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

/// The condition of a policy in Cedar that means the same as `rule`.
pub fn condition(rule: &Rule) -> String {
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
