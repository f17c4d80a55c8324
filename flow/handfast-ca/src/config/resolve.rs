//! From a profile as it is written to what it means. Everything that keeps it from meaning anything is a problem.

use handfast_finding::{Problem, when::written};
use handfast_pki::{
    Code, NamePattern, Profile, code, oid,
    profile::{
        KeyUsages, NameKind, ObjectIdentifier, ProfileName,
        attributes::AttributeRule,
        key_usage,
        keys::KeyRule,
        pointers::{Policy, Shards, Subtree, WebAddress},
    },
    qualified::{AuthorityId, Disclosure, Psd2, PspRole, Qualified, QualifiedKind},
};
use handfast_settings::{Named, Text};
use jiff::SignedDuration;

use super::keys::{QcType, RawProfile};
use crate::{
    profiles::{Approver, OfferedProfile, Profiles},
    requester::RequesterKind,
};

/// RFC 9608 is for certificates that expire before anybody would hear of their revocation.
const NO_REV_AVAIL_LIMIT: SignedDuration = SignedDuration::from_hours(240);

struct Complaints<'a> {
    of: &'a Text,
    errors: &'a mut Vec<Problem>,
}

impl Complaints<'_> {
    fn at(&mut self, text: &Text, code: Code, message: String) {
        self.errors.push(text.wrong(Problem::new(code, message)));
    }

    /// At the head of the profile, for what has no text of its own.
    fn here(&mut self, message: String) {
        let head = self.of.clone();
        self.at(&head, code::CONFIG_INVALID, message);
    }

    /// What each text means; those that mean nothing are complained of.
    fn each<T, E: std::fmt::Display>(
        &mut self,
        texts: &[Text],
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for text in texts {
            match read(&text.text) {
                Ok(value) => found.push(value),
                Err(error) => self.at(text, code::CONFIG_INVALID, error.to_string()),
            }
        }
        found
    }
}

/// The profile that `named` describes; nothing where it is not known what it is like.
pub(super) fn profile(named: &Named<RawProfile>, errors: &mut Vec<Problem>) -> Option<OfferedProfile> {
    let raw = &named.table;
    let mut wrong = Complaints {
        of: &named.name,
        errors,
    };
    let name: ProfileName = match named.name.text.parse() {
        Ok(name) => name,
        Err(error) => {
            wrong.here(error.to_string());
            return None;
        }
    };
    let base = base(raw, &name, &mut wrong)?;
    let (_, mut offered) = Profiles::of(base);
    offered.rules.name = name;
    let rules = &mut offered.rules;
    names(raw, rules, &mut wrong);
    lifetimes(raw, rules, &mut wrong);
    usages(raw, rules, &mut wrong);
    pointers(raw, rules, &mut wrong);
    constraints(raw, rules, &mut wrong);
    qualified(raw, base, rules, &mut wrong);
    people(raw, &mut offered, &mut wrong);
    Some(offered)
}

type Rules = handfast_pki::profile::ProfileRules;

fn base(raw: &RawProfile, name: &ProfileName, wrong: &mut Complaints<'_>) -> Option<Profile> {
    let built_in = |text: &str| Profile::ALL.into_iter().find(|profile| profile.name() == text);
    let Some(like) = &raw.like else {
        let found = built_in(name.as_str());
        if found.is_none() {
            wrong.here(format!(
                "\"{name}\" is no built-in profile, and \"like\" does not say which one it begins with"
            ));
        }
        return found;
    };
    let found = built_in(&like.text);
    if found.is_none() {
        let known: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name()).collect();
        wrong.at(
            like,
            code::CONFIG_INVALID,
            format!("like \"{}\" is unknown, expected {}", like.text, known.join(", ")),
        );
    }
    found
}

fn names(raw: &RawProfile, rules: &mut Rules, wrong: &mut Complaints<'_>) {
    let kind = |text: &str| match text {
        "dns" => Ok(NameKind::Dns),
        "ip" => Ok(NameKind::Ip),
        "uri" => Ok(NameKind::Uri),
        "email" => Ok(NameKind::Email),
        other => Err(format!(
            "name-types \"{other}\" is unknown, expected dns, ip, uri or email"
        )),
    };
    if rules.is_ca() {
        for (key, texts) in [("name-types", &raw.name_types), ("names", &raw.names)] {
            if let Some(text) = texts.iter().flatten().next() {
                wrong.at(
                    text,
                    code::CONFIG_INVALID,
                    format!("\"{key}\" is for leaves, and this is a CA"),
                );
            }
        }
        return;
    }
    if let Some(texts) = &raw.name_types {
        rules.names.kinds = wrong.each(texts, kind);
    }
    for text in raw.names.iter().flatten() {
        match text.text.parse::<NamePattern>() {
            Ok(NamePattern::Fingerprint(_)) => wrong.at(
                text,
                code::BAD_RULE,
                format!(
                    "pattern \"{}\": expected one of names or of a common name",
                    text.text
                ),
            ),
            Ok(pattern) => rules.names.patterns.push(pattern),
            Err(error) => {
                let problem = Problem::new(code::BAD_RULE, format!("pattern {error}")).help(error.hint());
                wrong.errors.push(text.wrong(problem));
            }
        }
    }
    if let Some(most) = raw.max_names {
        rules.names.most = most.0;
    }
}

fn lifetimes(raw: &RawProfile, rules: &mut Rules, wrong: &mut Complaints<'_>) {
    let lifetime = &mut rules.lifetime;
    if let Some(most) = raw.max_lifetime {
        lifetime.longest = Some(most.0);
        lifetime.usual = lifetime.usual.min(most.0);
    }
    if let Some(usual) = raw.lifetime {
        lifetime.usual = usual.0;
    }
    if let (Some(longest), Some(text)) = (lifetime.longest, raw.lifetime)
        && text.0 > longest
    {
        wrong.here(format!(
            "\"lifetime\" is longer than \"max-lifetime\", which is {}",
            written(longest)
        ));
    }
    rules.renewable = raw.renewable.unwrap_or(rules.renewable);
    if let Some(grace) = raw.renew_after_expiry {
        rules.renewable_after_expiry = grace.0;
    }
}

fn usages(raw: &RawProfile, rules: &mut Rules, wrong: &mut Complaints<'_>) {
    if let Some(texts) = &raw.keys {
        rules.keys = wrong.each(texts, str::parse::<KeyRule>);
    }
    if let Some(texts) = &raw.subject {
        rules.subject = Some(wrong.each(&texts.0, str::parse::<AttributeRule>));
    }
    if let Some(texts) = &raw.policies {
        rules.policies = wrong.each(texts, str::parse::<Policy>);
    }
    let extended = raw.extended_key_usage.as_ref().map(|texts| &texts.0);
    for (key, texts) in [
        ("key-usage", raw.key_usage.as_ref()),
        ("extended-key-usage", extended),
    ] {
        if let (true, Some(text)) = (rules.is_ca(), texts.into_iter().flatten().next()) {
            wrong.at(
                text,
                code::CONFIG_INVALID,
                format!("\"{key}\" is for leaves, and this is a CA"),
            );
            return;
        }
    }
    if let Some(texts) = &raw.key_usage {
        let found = wrong.each(texts, |text| match text {
            "digitalSignature" => Ok(KeyUsages::DigitalSignature),
            "contentCommitment" | "nonRepudiation" => Ok(KeyUsages::NonRepudiation),
            "keyEncipherment" => Ok(KeyUsages::KeyEncipherment),
            "dataEncipherment" => Ok(KeyUsages::DataEncipherment),
            "keyAgreement" => Ok(KeyUsages::KeyAgreement),
            "keyCertSign" | "cRLSign" => Err(format!("key-usage \"{text}\" is for CAs, and this is none")),
            other => Err(format!("key-usage \"{other}\" is unknown")),
        });
        if let Some(all) = key_usage(&found) {
            rules.key_usage = all;
        }
    }
    if let Some(texts) = &raw.extended_key_usage {
        rules.extended_key_usage = wrong.each(&texts.0, |text| {
            oid::usage(text)
                .or_else(|| ObjectIdentifier::new(text).ok())
                .ok_or_else(|| {
                    format!(
                        "extended-key-usage \"{text}\" is unknown, expected a name or an object identifier"
                    )
                })
        });
    }
}

fn pointers(raw: &RawProfile, rules: &mut Rules, wrong: &mut Complaints<'_>) {
    let pointers = &mut rules.pointers;
    for (texts, place) in [
        (&raw.crl, &mut pointers.crl),
        (&raw.ca_issuers, &mut pointers.ca_issuers),
        (&raw.ocsp, &mut pointers.ocsp),
    ] {
        if let Some(texts) = texts {
            *place = wrong.each(texts, |text| plain(text).and_then(|()| read_address(text)));
        }
    }
    if let Some(text) = &raw.crl_shards {
        match plain(&text.text).and_then(|()| text.text.parse::<Shards>().map_err(|error| error.to_string()))
        {
            _ if rules.ca.is_some() => wrong.at(
                text,
                code::CONFIG_INVALID,
                "\"crl-shards\" is for leaves, and this is a CA".into(),
            ),
            Ok(shards) => pointers.crl_shards = Some(shards),
            Err(error) => wrong.at(text, code::CONFIG_INVALID, format!("crl-shards {error}")),
        }
    }
    rules.no_rev_avail = raw.no_rev_avail.unwrap_or(rules.no_rev_avail);
    if !rules.no_rev_avail {
        return;
    }
    if rules.is_ca() {
        wrong.here("\"no-rev-avail\" is for leaves, and this is a CA (RFC 9608 section 4)".into());
    }
    if rules
        .lifetime
        .longest
        .is_none_or(|longest| longest > NO_REV_AVAIL_LIMIT)
    {
        wrong.here("\"no-rev-avail\" needs a \"max-lifetime\" of at most 10d: nothing would be heard of a revocation".into());
    }
    let has_list = !rules.pointers.crl.is_empty() || rules.pointers.crl_shards.is_some();
    if has_list || !rules.pointers.ocsp.is_empty() {
        wrong.here(
            "\"no-rev-avail\" and \"crl\" or \"ocsp\" contradict each other (RFC 9608 section 3)".into(),
        );
    }
}

fn read_address(text: &str) -> Result<WebAddress, String> {
    text.parse()
        .map_err(|error: handfast_pki::Error| error.to_string())
}

/// Who fetches what a certificate points to would have to verify another certificate for https first, and that points
/// somewhere as well (RFC 5280 section 8).
fn plain(text: &str) -> Result<(), String> {
    if text.starts_with("https://") {
        return Err(format!(
            "address \"{text}\" is one of https, expected http://: what is fetched there is signed, and who verifies a certificate cannot be asked to verify another one for it (RFC 5280 section 8)"
        ));
    }
    Ok(())
}

fn constraints(raw: &RawProfile, rules: &mut Rules, wrong: &mut Complaints<'_>) {
    let lists = [("permitted", &raw.permitted), ("excluded", &raw.excluded)];
    let Some(ca) = &mut rules.ca else {
        for (key, texts) in lists {
            if let Some(text) = texts.iter().flatten().next() {
                wrong.at(
                    text,
                    code::CONFIG_INVALID,
                    format!("\"{key}\" is for CAs, and this is none"),
                );
            }
        }
        if raw.path_length.is_some() {
            wrong.here("\"path-length\" is for CAs, and this is none".into());
        }
        return;
    };
    if let Some(texts) = &raw.permitted {
        ca.permitted = wrong.each(texts, str::parse::<Subtree>);
    }
    if let Some(texts) = &raw.excluded {
        ca.excluded = wrong.each(texts, str::parse::<Subtree>);
    }
    if let Some(length) = raw.path_length {
        ca.path_length = u8::try_from(length.0).ok();
    }
}

fn qualified(raw: &RawProfile, base: Profile, rules: &mut Rules, wrong: &mut Complaints<'_>) {
    if let Some(kind) = raw.qc_type {
        let kind = match kind {
            QcType::Website => QualifiedKind::Website,
            QcType::Seal => QualifiedKind::Seal,
        };
        let now = rules.qualified.get_or_insert(Qualified {
            kind,
            disclosures: Vec::new(),
            psd2: None,
        });
        now.kind = kind;
        if kind == QualifiedKind::Seal && raw.extended_key_usage.is_none() {
            rules.extended_key_usage.clear();
        }
    }
    let given = [
        raw.nca_name.is_some(),
        raw.nca_id.is_some(),
        raw.psd2_roles.is_some(),
    ];
    let Some(qualified) = &mut rules.qualified else {
        if given.contains(&true) || raw.qc_disclosures.is_some() {
            wrong.here("\"qc-type\" is missing: the other keys are for qualified certificates".into());
        }
        return;
    };
    if let Some(texts) = &raw.qc_disclosures {
        qualified.disclosures = wrong.each(texts, str::parse::<Disclosure>);
    }
    if base == Profile::Psd2 || given.contains(&true) {
        qualified.psd2 = provider(raw, wrong);
    }
}

/// Payment service providers: their supervisor, and the roles that they may have.
fn provider(raw: &RawProfile, wrong: &mut Complaints<'_>) -> Option<Psd2> {
    for (key, text) in [("nca-name", &raw.nca_name), ("nca-id", &raw.nca_id)] {
        if text.is_none() {
            wrong.here(format!(
                "\"{key}\" is missing: it says who supervises payment service providers"
            ));
        }
    }
    let roles = raw.psd2_roles.as_deref();
    let roles = roles.map_or_else(
        || PspRole::ALL.to_vec(),
        |texts| wrong.each(texts, str::parse::<PspRole>),
    );
    let (name, id) = (raw.nca_name.as_ref()?, raw.nca_id.as_ref()?);
    if name.text.is_empty()
        || name.text.len() > 256
        || !name.text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
    {
        wrong.at(
            name,
            code::CONFIG_INVALID,
            "\"nca-name\" must be 1 to 256 characters of ASCII".into(),
        );
    }
    match id.text.parse::<AuthorityId>() {
        Ok(authority_id) => Some(Psd2 {
            roles,
            authority_name: name.text.clone(),
            authority_id,
        }),
        Err(error) => {
            wrong.at(id, code::CONFIG_INVALID, error.to_string());
            None
        }
    }
}

fn people(raw: &RawProfile, offered: &mut OfferedProfile, wrong: &mut Complaints<'_>) {
    if let Some(texts) = &raw.requesters {
        offered.requesters.clear();
        for text in texts {
            let kind = match text.text.as_str() {
                "owner" => RequesterKind::Owner,
                "operator" => RequesterKind::Operator,
                "token" => RequesterKind::Token,
                "acme" => RequesterKind::Acme,
                "est" => RequesterKind::Est,
                other => match other.strip_prefix("user:").filter(|user| !user.is_empty()) {
                    Some(user) => {
                        offered.users.push(user.to_owned());
                        RequesterKind::Owner
                    }
                    None => {
                        let message = format!(
                            "requester \"{other}\" is unknown, expected owner, operator, token, acme, est or user:NAME"
                        );
                        wrong.at(text, code::CONFIG_INVALID, message);
                        continue;
                    }
                },
            };
            if !offered.requesters.contains(&kind) {
                offered.requesters.push(kind);
            }
        }
    }
    let Some(texts) = &raw.approver else { return };
    let users: Vec<String> = texts.iter().map(|text| text.text.clone()).collect();
    offered.approver = match users.as_slice() {
        [one] if one == "another" => Some(Approver::Another),
        _ => Some(Approver::OneOf(users.clone())),
    };
    if let (Some(_), Some(first), true) = (&offered.approver, texts.first(), offered.rules.is_ca()) {
        wrong.at(
            first,
            code::CONFIG_INVALID,
            "\"approver\" is for leaves, and this is a CA".into(),
        );
    }
}
