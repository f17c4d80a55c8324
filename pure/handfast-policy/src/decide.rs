//! The decision: a permit that names its rule, or a denial that names the nearest one.

use std::fmt;

use cedar_policy::{Authorizer, Decision, Entities, PolicySet, Request};
use handfast_pki::{Code, Identity, VerifiedChain, code};

use crate::{
    PolicyError, Rule,
    compile::{self, ANONYMOUS, Compiled, Names},
};

/// Compiled rules.
pub struct Policy {
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    compiled: Compiled,
    names: Names,
    authorizer: Authorizer,
}

/// The right to connect, and the rule that gave it. Only [`Policy::decide`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    rule: String,
}

impl Permit {
    /// The rule that decided, as it was written.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// A refusal by policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The name that people would call the peer by.
    pub who: String,
    /// The rule that denies it, where one does.
    pub by: Option<String>,
    /// The rule that came nearest to allow it, and the name of the peer that missed it.
    pub nearest: Option<(String, String)>,
    /// Whether that name of the peer is none that a rule is ever compared with ([`Identity::matchable`]).
    pub misses_by_form: bool,
    /// Whether it is a client without a certificate.
    pub is_anonymous: bool,
}

impl std::error::Error for Denial {}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            None if self.is_anonymous => f.write_str("no certificate was sent, and no rule allows that here"),
            Some(rule) => write!(f, "\"{}\" is denied by the rule \"{rule}\"", self.who),
            None => write!(f, "\"{}\" is not allowed by any rule", self.who),
        }
    }
}

impl Denial {
    /// `HF-609`: the rules do not allow the client, who is known; `HF-725`: it is not, and the rules ask for a certificate.
    pub fn code(&self) -> Code {
        if self.is_anonymous {
            code::NEEDS_CERTIFICATE
        } else {
            code::NOT_ALLOWED
        }
    }

    /// The refusal of `identity` where there is no rule at all.
    pub fn without_rule(identity: &Identity) -> Self {
        Self {
            who: identity.called(),
            by: None,
            nearest: None,
            misses_by_form: false,
            is_anonymous: false,
        }
    }

    /// The nearest rule and what missed, in words.
    pub fn because(&self) -> Option<String> {
        let (rule, found) = self.nearest.as_ref()?;
        // What fits by its letters, and does not fit, would read like a fault of ours.
        let no_name = match self.misses_by_form {
            true if found.contains('*') => ", and a wildcard in a certificate names no client",
            true => ", which is no name that a rule is compared with",
            false => "",
        };
        Some(format!(
            "nearest rule: \"{rule}\", the certificate has \"{found}\"{no_name}"
        ))
    }
}

/// What the rules come to.
enum Decided {
    /// The number of the policy that allows.
    Allowed(usize),
    /// The number of the policy that denies.
    Forbidden(usize),
    Neither,
}

impl Policy {
    /// Compiles rules that allow; without a rule there is no policy.
    pub fn new(allow: Vec<Rule>) -> Result<Self, PolicyError> {
        Self::of_rules(allow, Vec::new(), false)
    }

    /// Compiles rules that allow and rules that deny: the latter win. `anonymous` allows clients without a certificate, too.
    /// Without anything that allows there is no policy.
    pub fn of_rules(allow: Vec<Rule>, deny: Vec<Rule>, anonymous: bool) -> Result<Self, PolicyError> {
        if allow.is_empty() && !anonymous {
            return Err(PolicyError::NoRule);
        }
        let compiled = compile::rules(&allow, &deny, anonymous)?;
        Self::of(allow, deny, compiled)
    }

    /// Compiles a file in Cedar that fits [`crate::SCHEMA`]; without a `permit` there is no policy.
    pub fn of_cedar(text: &str) -> Result<Self, PolicyError> {
        Self::of(Vec::new(), Vec::new(), compile::written(text)?)
    }

    fn of(allow: Vec<Rule>, deny: Vec<Rule>, compiled: Compiled) -> Result<Self, PolicyError> {
        Ok(Self {
            allow,
            deny,
            compiled,
            names: compile::names()?,
            authorizer: Authorizer::new(),
        })
    }

    /// The rules that allow as they were given, in order; none where the policy was written in Cedar.
    pub fn rules(&self) -> &[Rule] {
        &self.allow
    }

    /// The rules that deny, in the same way.
    pub fn denying(&self) -> &[Rule] {
        &self.deny
    }

    /// Decides about a peer whose chain was verified. Anything that fails in the engine is a denial.
    pub fn decide(&self, chain: &VerifiedChain) -> Result<Permit, Denial> {
        self.decide_about(&chain.identity())
    }

    /// Whether any client without a certificate may be allowed.
    pub fn takes_anonymous(&self) -> bool {
        self.compiled.anonymous.is_some()
    }

    /// Decides about a client without a certificate.
    pub fn decide_anonymous(&self) -> Result<Permit, Denial> {
        let decided = match &self.compiled.anonymous {
            Some(set) => self.ask(None, set),
            None => Decided::Neither,
        };
        let denied = |by| Denial {
            who: ANONYMOUS.to_owned(),
            by,
            nearest: None,
            misses_by_form: false,
            is_anonymous: true,
        };
        self.permit(decided)
            .map_err(|by| by.map_or_else(|| denied(None), |number| denied(self.called(number))))
    }

    /// Decides about an identity that nobody has proven: for looking at rules, never for letting anybody in. Says which rule
    /// would allow it.
    pub fn rehearse(&self, identity: &Identity) -> Result<String, Denial> {
        self.decide_about(identity).map(|permit| permit.rule)
    }

    fn called(&self, number: usize) -> Option<String> {
        self.compiled.called.get(number).cloned()
    }

    /// The permit, or the number of the policy that denies, where one does.
    fn permit(&self, decided: Decided) -> Result<Permit, Option<usize>> {
        match decided {
            Decided::Allowed(number) => Ok(Permit {
                rule: self.called(number).unwrap_or_default(),
            }),
            Decided::Forbidden(number) => Err(Some(number)),
            Decided::Neither => Err(None),
        }
    }

    fn decide_about(&self, identity: &Identity) -> Result<Permit, Denial> {
        let decided = self.ask(Some(identity), &self.compiled.set);
        self.permit(decided).map_err(|by| match by {
            Some(number) => Denial {
                who: identity.called(),
                by: self.called(number),
                nearest: None,
                misses_by_form: false,
                is_anonymous: false,
            },
            None => self.denial(identity),
        })
    }

    fn ask(&self, identity: Option<&Identity>, set: &PolicySet) -> Decided {
        let names = &self.names;
        let principal = identity.map_or(&names.anonymous, |_| &names.peer).clone();
        let (action, resource) = (names.action.clone(), names.resource.clone());
        let request = compile::context(identity)
            .ok()
            .and_then(|context| Request::new(principal, action, resource, context, None).ok());
        let Some(request) = request else {
            return Decided::Neither;
        };
        let answer = self.authorizer.is_authorized(&request, set, &Entities::empty());
        let reasons = answer.diagnostics();
        // A policy that fails is passed over by the engine, and it may be one that denies.
        if reasons.errors().next().is_some() {
            return Decided::Neither;
        }
        let numbers = reasons
            .reason()
            .filter_map(|id| id.to_string().parse::<usize>().ok());
        match (answer.decision(), numbers.min()) {
            (Decision::Allow, Some(number)) => Decided::Allowed(number),
            (Decision::Deny, Some(number)) => Decided::Forbidden(number),
            (_, None) => Decided::Neither,
        }
    }

    #[cfg(test)]
    fn deciding_rule(&self, identity: &Identity) -> Option<String> {
        self.decide_about(identity).ok().map(|permit| permit.rule)
    }

    fn denial(&self, identity: &Identity) -> Denial {
        let matchable = identity.clone().matchable();
        // A name that a rule could fit says more than one that none ever fits.
        let near = self.nearest(&matchable);
        let by_form = near.is_none().then(|| self.nearest(identity)).flatten();
        let misses_by_form = by_form.is_some();
        // Where no rule is of a type that the certificate has, the first one shows what would be asked for.
        let first = || Some((self.allow.first()?.to_string(), identity.called()));
        Denial {
            who: identity.called(),
            by: None,
            nearest: near.or(by_form).or_else(first),
            misses_by_form,
            is_anonymous: false,
        }
    }

    /// The rule that comes nearest to one of the names of `identity`, and that name.
    fn nearest(&self, identity: &Identity) -> Option<(String, String)> {
        let pairs = self.allow.iter().flat_map(|rule| {
            let text = rule.to_string();
            rule.rivals(identity)
                .into_iter()
                .map(move |rival| (text.clone(), rival))
        });
        pairs
            .filter(|(rule, _)| !rule.starts_with("fingerprint:"))
            .max_by_key(|(rule, rival)| {
                rule.bytes()
                    .zip(rival.bytes())
                    .take_while(|(a, b)| a == b)
                    .count()
            })
    }
}

/// The rule that would fit `identity` and no other: its first name that rules are compared with, else its certificate.
pub fn own_rule(identity: &Identity) -> Rule {
    let names = identity.clone().matchable().names();
    let rules = names.iter().filter_map(|name| name.parse::<Rule>().ok());
    let is_one = |rule: &Rule| rule.matches(identity) && !rule.to_string().contains('*');
    let mut fitting = rules.filter(is_one);
    fitting.next().unwrap_or(Rule::Fingerprint(identity.fingerprint))
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("allow", &self.allow)
            .field("deny", &self.deny)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use handfast_pki::{Fingerprint, KeyKind, PrivateKey};

    use super::*;

    fn identity() -> Identity {
        Identity {
            uris: vec!["spiffe://acme/web".into()],
            dns: vec!["a.b.acme.example".into(), "api.acme.example".into()],
            emails: vec!["me@acme.example".into()],
            ips: vec!["10.1.2.3".parse().expect("an address")],
            others: Vec::new(),
            common_name: Some("web \"quoted\" \\ \n".into()),
            fingerprint: Fingerprint([7; 32]),
        }
    }

    fn rule_for(rules: &[&str]) -> Option<String> {
        let rules = rules.iter().map(|text| text.parse().expect(text)).collect();
        Policy::new(rules).expect("valid").deciding_rule(&identity())
    }

    #[test]
    fn each_type_of_rule_lets_its_name_in() {
        let fingerprint = format!("fingerprint:{}", "07".repeat(32));
        for rule in [
            "any",
            "uri:spiffe://acme/web",
            "uri:spiffe://acme/*",
            "uri:spiffe://acme/**",
            "dns:api.acme.example",
            "dns:API.acme.example",
            "dns:*.acme.example",
            "dns:**.example",
            "ip:10.1.2.3",
            "ip:10.0.0.0/8",
            "email:me@acme.example",
            "email:*@acme.example",
            "cn:web \"quoted\" \\ \n",
            &fingerprint,
        ] {
            assert!(rule_for(&[rule]).is_some(), "{rule}");
        }
    }

    #[test]
    fn a_name_of_another_type_or_another_value_stays_out() {
        let fingerprint = format!("fingerprint:{}", "08".repeat(32));
        for rule in [
            "uri:spiffe://acme/api",
            "uri:spiffe://acme/web/x",
            "uri:spiffe://acme",
            "uri:spiffe://*",
            "uri:spiffe://acme/web/*",
            "dns:acme.example",
            "dns:*.example",
            "dns:web",
            "dns:**.api.acme.example",
            "uri:spiffe://acme/web/**",
            "ip:10.1.2.4",
            "ip:11.0.0.0/8",
            "email:you@acme.example",
            "email:*@example",
            "cn:web",
            &fingerprint,
        ] {
            if rule.parse::<Rule>().is_ok() {
                assert_eq!(rule_for(&[rule]), None, "{rule}");
            }
        }
    }

    #[test]
    fn a_wildcard_matches_one_label() {
        assert_eq!(
            rule_for(&["dns:*.b.acme.example"]).as_deref(),
            Some("dns:*.b.acme.example")
        );
        let mut deep = identity();
        deep.dns = vec!["a.b.acme.example".into()];
        let policy = Policy::new(vec!["dns:*.acme.example".parse().expect("valid")]).expect("valid");
        assert!(policy.deciding_rule(&deep).is_none());
    }

    #[test]
    fn the_first_rule_that_fits_is_named() {
        assert_eq!(
            rule_for(&["dns:x.example", "uri:spiffe://acme/web", "any"]).as_deref(),
            Some("uri:spiffe://acme/web")
        );
    }

    #[test]
    fn a_denial_names_the_nearest_rule_and_what_missed() {
        let rules = ["dns:x.example", "uri:spiffe://acme/api"]
            .iter()
            .map(|text| text.parse().expect("valid"))
            .collect();
        let denial = Policy::new(rules).expect("valid").denial(&identity());
        assert_eq!(
            denial.to_string(),
            "\"uri:spiffe://acme/web\" is not allowed by any rule"
        );
        assert_eq!(
            denial.because().as_deref(),
            Some("nearest rule: \"uri:spiffe://acme/api\", the certificate has \"uri:spiffe://acme/web\"")
        );
    }

    #[test]
    fn a_wildcard_in_a_certificate_is_told_to_be_no_name_and_no_rule_is_made_of_it() {
        let policy = |rules: &[&str]| {
            Policy::new(rules.iter().map(|text| text.parse().expect(text)).collect()).expect("valid")
        };
        let wild = Identity {
            uris: Vec::new(),
            dns: vec!["*.acme.example".into()],
            emails: Vec::new(),
            ips: Vec::new(),
            common_name: None,
            ..identity()
        };
        let denial = policy(&["dns:*.acme.example"]).denial(&wild);
        assert_eq!(
            denial.because().as_deref(),
            Some(
                "nearest rule: \"dns:*.acme.example\", the certificate has \"dns:*.acme.example\", and a wildcard in a \
                 certificate names no client"
            )
        );
        assert_eq!(own_rule(&wild), Rule::Fingerprint(Fingerprint([7; 32])));
        // Beside a name that counts, that one is named.
        let mut both = wild.clone();
        both.dns.push("api.beta.example".into());
        let denial = policy(&["dns:*.acme.example"]).denial(&both);
        assert_eq!(
            denial.because().as_deref(),
            Some("nearest rule: \"dns:*.acme.example\", the certificate has \"dns:api.beta.example\"")
        );
        assert_eq!(own_rule(&both).to_string(), "dns:api.beta.example");
        let mut malformed = wild;
        malformed.dns = vec![".acme.example".into()];
        let because = policy(&["dns:acme.example"]).denial(&malformed).because();
        assert!(because.is_some_and(|text| text.ends_with("which is no name that a rule is compared with")));
        assert_eq!(own_rule(&identity()).to_string(), "uri:spiffe://acme/web");
    }

    #[test]
    fn a_name_that_is_none_fits_no_rule() {
        let rules = [
            "dns:*.acme.example",
            "dns:acme.example",
            "dns:a.acme.example",
            "email:*@acme.example",
            "email:ann@acme.example",
            "uri:https://acme.example/jobs/*",
        ];
        let policy =
            Policy::new(rules.iter().map(|text| text.parse().expect(text)).collect()).expect("valid");
        let nobody = Identity {
            uris: Vec::new(),
            dns: Vec::new(),
            emails: Vec::new(),
            ips: Vec::new(),
            others: Vec::new(),
            common_name: None,
            fingerprint: Fingerprint([7; 32]),
        };
        let long = format!("{}.acme.example", "a".repeat(64));
        let dns = [
            ".acme.example",
            "a\n.acme.example",
            "a\0.acme.example",
            "a b.acme.example",
            "*.acme.example",
            "-a.acme.example",
            "a/b.acme.example",
            "a.acme.example.",
            "ä.acme.example",
            &long,
        ];
        let emails = [
            "@acme.example",
            "a@b@acme.example",
            "a\n@acme.example",
            "a.@acme.example",
            "a b@acme.example",
            "ann@acme.example.",
        ];
        let uris = [
            "https://acme.example/jobs/..",
            "https://acme.example/jobs/%2e%2E",
            "https://acme.example/jobs/a b",
            "https://acme.example/jobs/a?b",
            "https://acme.example/jobs/a\n",
        ];
        let with = |dns: &str, email: &str, uri: &str| {
            let some = |text: &str| Vec::from_iter((!text.is_empty()).then(|| text.to_owned()));
            policy.deciding_rule(&Identity {
                dns: some(dns),
                emails: some(email),
                uris: some(uri),
                ..nobody.clone()
            })
        };
        for bad in dns {
            assert_eq!(with(bad, "", ""), None, "{bad:?}");
        }
        for bad in emails {
            assert_eq!(with("", bad, ""), None, "{bad:?}");
        }
        for bad in uris {
            assert_eq!(with("", "", bad), None, "{bad:?}");
        }
        assert!(with("a.acme.example", "", "").is_some());
        assert!(with("", "ann@acme.example", "").is_some());
        assert!(with("", "", "https://acme.example/jobs/a").is_some());
    }

    proptest::proptest! {
        /// What a rule allows and what a CA may vouch for are read by the same patterns, so they must mean the same.
        #[test]
        fn a_rule_means_what_its_pattern_says(
            rule in patterns(),
            uri in "(spiffe|https)://(a|b)((/|//)(a|b|c|\\*)?){0,3}(\\?a)?",
            dns in "((a|b|\\*)\\.){0,3}example",
            email in "(a|b)@((a|b)\\.)?example",
            ip in proptest::prelude::any::<std::net::IpAddr>(),
        ) {
            let identity = Identity {
                uris: vec![uri],
                dns: vec![dns],
                emails: vec![email],
                ips: vec![ip, "10.1.2.3".parse().expect("an address")],
                others: Vec::new(),
                common_name: Some("a".into()),
                fingerprint: Fingerprint([7; 32]),
            };
            if let Ok(rule) = rule.parse::<Rule>() {
                let by_engine = Policy::new(vec![rule.clone()]).expect("valid").deciding_rule(&identity).is_some();
                proptest::prop_assert_eq!(by_engine, rule.matches(&identity), "{} {:?}", rule, identity);
            }
        }
    }

    fn patterns() -> impl proptest::strategy::Strategy<Value = String> {
        proptest::prop_oneof![
            "uri:(spiffe|https)://(a|b)(/(a|b|c)){0,2}(/\\*{1,2})?",
            "dns:(\\*{1,2}\\.)?((a|b)\\.){0,2}example",
            "email:(a|\\*)@((a|b)\\.)?example",
            "ip:(10|0)\\.0\\.0\\.0/[0-9]",
            "cn:(a|b)",
        ]
    }

    fn denied(policy: &Policy) -> Option<Denial> {
        policy.rehearse(&identity()).err()
    }

    fn of(rules: &[&str]) -> Vec<Rule> {
        rules.iter().map(|text| text.parse().expect(text)).collect()
    }

    #[test]
    fn a_rule_that_denies_wins_and_is_named() {
        let policy = Policy::of_rules(
            of(&["any"]),
            of(&["dns:x.example", "uri:spiffe://acme/web"]),
            false,
        );
        let denial = denied(&policy.expect("valid")).expect("denied");
        assert_eq!(
            denial.to_string(),
            "\"uri:spiffe://acme/web\" is denied by the rule \"uri:spiffe://acme/web\""
        );
        assert_eq!(denial.code(), code::NOT_ALLOWED);
        let other = Policy::of_rules(of(&["any"]), of(&["uri:spiffe://acme/old"]), false).expect("valid");
        assert_eq!(denied(&other), None);
        let none = Policy::of_rules(Vec::new(), of(&["uri:spiffe://acme/old"]), false);
        assert_eq!(none.expect_err("who denies, allows nobody"), PolicyError::NoRule);
    }

    #[test]
    fn a_policy_in_cedar_decides_and_is_called_by_its_annotation() {
        let text = r#"
            permit(principal, action == Action::"connect", resource) when { context.dns.contains("x.example") };
            @id("shops") permit(principal, action, resource) when { context.uri_parents.contains("spiffe://acme/") };
        "#;
        let policy = Policy::of_cedar(text).expect("valid");
        assert_eq!(policy.deciding_rule(&identity()).as_deref(), Some("shops"));
        let blocked = format!("{text} @id(\"blocked\") forbid(principal, action, resource);");
        let denial = denied(&Policy::of_cedar(&blocked).expect("valid")).expect("denied");
        assert_eq!(denial.by.as_deref(), Some("blocked"));
    }

    #[test]
    fn a_policy_that_does_not_fit_the_schema_is_refused() {
        for (text, part) in [
            (
                "permit(principal, action, resource) when { context.urls == 1 };",
                "urls",
            ),
            ("permit(principal, action, resource) when { context.dns };", ""),
            ("permit(principal == Admin::\"it\", action, resource);", "Admin"),
            ("permit(principal, action", ""),
            ("permit(principal == ?principal, action, resource);", "template"),
        ] {
            let error = Policy::of_cedar(text).expect_err(text);
            assert_eq!(error.code(), code::BAD_RULE, "{text}");
            assert!(error.to_string().contains(part), "{text}: {error}");
        }
        for text in ["", "forbid(principal, action, resource);"] {
            let error = Policy::of_cedar(text).expect_err("it allows nobody");
            assert_eq!(error.code(), code::NO_RULE, "{text}");
        }
    }

    #[test]
    fn a_key_in_the_place_of_a_policy_is_not_quoted() {
        const QUOTED: usize = 12;
        for _ in 0..50 {
            let pem = PrivateKey::generate(KeyKind::P256).expect("a key").to_pem();
            let base64 = pem
                .lines()
                .filter(|line| !line.starts_with('-'))
                .collect::<String>();
            // Pieces between signs are too short to look like a key, and Cedar says each of them as a token.
            for text in [
                base64.clone(),
                base64.replace('M', "+"),
                format!("permit(principal, {base64}"),
            ] {
                let said = Policy::of_cedar(&text).expect_err("no policy").to_string();
                let shown = base64
                    .as_bytes()
                    .windows(QUOTED)
                    .find(|part| said.as_bytes().windows(QUOTED).any(|window| window == *part));
                assert_eq!(shown, None, "{said}");
            }
        }
        let said = Policy::of_cedar("pemit(principal, action, resource);").expect_err("misspelt");
        assert!(said.to_string().contains("pemit"), "{said}");
    }

    #[test]
    fn who_shows_no_certificate_is_allowed_only_where_a_policy_says_so_by_name() {
        let rule = |policy: &Policy| policy.decide_anonymous().ok().map(|permit| permit.rule);
        let of_rules =
            |allow: &[&str], deny: &[&str], open| Policy::of_rules(of(allow), of(deny), open).expect("valid");
        assert_eq!(
            rule(&of_rules(&["any"], &[], false)),
            None,
            "any is any certificate"
        );
        let open = of_rules(&[], &["any"], true);
        assert_eq!(
            rule(&open).as_deref(),
            Some("anonymous"),
            "deny speaks of certificates"
        );
        assert!(
            denied(&open).is_some(),
            "and who shows one needs a rule of its own"
        );
        let cedar = |text: &str| Policy::of_cedar(text).expect("valid");
        let for_peers = cedar("permit(principal, action, resource);");
        assert_eq!((rule(&for_peers), for_peers.takes_anonymous()), (None, false));
        let alive = "@id(\"alive\") permit(principal is Anonymous, action, resource);";
        assert_eq!(rule(&cedar(alive)).as_deref(), Some("alive"));
        assert!(denied(&cedar(alive)).is_some());
        let one = "permit(principal == Anonymous::\"it\", action, resource);";
        assert!(rule(&cedar(one)).is_some());
        let forbidden = cedar(&format!(
            "{alive} @id(\"no\") forbid(principal, action, resource);"
        ));
        let denial = forbidden.decide_anonymous().expect_err("forbid wins");
        assert_eq!(denial.by.as_deref(), Some("no"));
        assert_eq!(denial.code(), code::NEEDS_CERTIFICATE);
    }

    #[test]
    fn no_rule_is_no_policy() {
        assert_eq!(
            Policy::new(Vec::new()).expect_err("refused").code(),
            code::NO_RULE
        );
    }
}
