//! From rules to Cedar: one `permit` per rule over sets of typed names, checked against a schema.

use std::str::FromStr;

use cedar_policy::{
    Context, EntityUid, PolicyId, PolicySet, RestrictedExpression, Schema, ValidationMode, Validator,
};
use handfast_pki::Identity;

use crate::{PolicyError, Rule};

/// What a request about a connection may speak of.
const SCHEMA: &str = r#"
entity Peer;
entity Door;
action connect appliesTo {
    principal: [Peer],
    resource: [Door],
    context: {
        uris: Set<String>,
        uri_parents: Set<String>,
        dns: Set<String>,
        dns_parents: Set<String>,
        emails: Set<String>,
        email_hosts: Set<String>,
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
        uid("Door::\"this\"")?,
    ))
}

/// `identity` as the context of a request.
pub(crate) fn context(identity: &Identity) -> Result<Context, PolicyError> {
    let identity = &identity.clone().matchable();
    let set = |names: Vec<String>| {
        RestrictedExpression::new_set(names.into_iter().map(RestrictedExpression::new_string))
    };
    let uri_parents = identity.uris.iter().filter_map(|uri| {
        let (parent, last) = uri.rsplit_once('/')?;
        let is_segment = !last.is_empty() && !last.contains(['?', '#']);
        (is_segment && !parent.ends_with('/')).then(|| format!("{parent}/"))
    });
    let dns_parents = identity
        .dns
        .iter()
        .filter_map(|name| name.split_once('.').map(|(_, parent)| parent.to_owned()));
    let hosts = identity
        .emails
        .iter()
        .filter_map(|email| email.rsplit_once('@').map(|(_, host)| host.to_ascii_lowercase()));
    let pairs = [
        ("uris", set(identity.uris.clone())),
        ("uri_parents", set(uri_parents.collect())),
        ("dns", set(identity.dns.clone())),
        ("dns_parents", set(dns_parents.collect())),
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

fn condition(rule: &Rule) -> String {
    // Cedar writes strings as Rust does, escapes included.
    let holds = |set: &str, value: &str| format!("context.{set}.contains(\"{}\")", value.escape_default());
    match rule {
        Rule::Any => "true".to_owned(),
        Rule::Uri(uri) => holds("uris", uri),
        Rule::UriBelow(prefix) => holds("uri_parents", prefix),
        Rule::Dns(name) => holds("dns", name),
        Rule::DnsBelow(suffix) => holds("dns_parents", suffix),
        Rule::Email(email) => holds("emails", email),
        Rule::EmailAt(host) => holds("email_hosts", host),
        Rule::CommonName(name) => holds("common_names", name),
        Rule::Fingerprint(fingerprint) => format!("context.fingerprint == \"{fingerprint}\""),
    }
}
