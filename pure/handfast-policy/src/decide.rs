//! The decision: a permit that names its rule, or a denial that names the nearest one.

use cedar_policy::{Authorizer, Decision, Entities, EntityUid, PolicySet, Request};
use handfast_pki::{Code, Identity, VerifiedChain, code};

use crate::{PolicyError, Rule, compile};

/// Compiled rules.
pub struct Policy {
    rules: Vec<Rule>,
    set: PolicySet,
    names: (EntityUid, EntityUid, EntityUid),
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
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{who}\" is not allowed by any rule")]
pub struct Denial {
    /// The name that people would call the peer by.
    pub who: String,
    /// The rule that came nearest, and the name of the peer that missed it.
    pub nearest: Option<(String, String)>,
}

impl Denial {
    /// Always `HF-609`: the identity is proven, and no rule fits.
    pub fn code(&self) -> Code {
        code::NOT_ALLOWED
    }

    /// The refusal of `identity` where there is no rule at all.
    pub fn without_rule(identity: &Identity) -> Self {
        Self {
            who: identity.called(),
            nearest: None,
        }
    }

    /// The nearest rule and what missed, in words.
    pub fn because(&self) -> Option<String> {
        self.nearest
            .as_ref()
            .map(|(rule, found)| format!("nearest rule: \"{rule}\", the certificate has \"{found}\""))
    }

    /// The flag that would let this peer in.
    pub fn hint(&self) -> String {
        format!("to allow it, add the rule \"{}\"", self.who)
    }
}

impl Policy {
    /// Compiles `rules`; without a rule there is no policy.
    pub fn new(rules: Vec<Rule>) -> Result<Self, PolicyError> {
        if rules.is_empty() {
            return Err(PolicyError::NoRule);
        }
        let set = compile::policies(&rules)?;
        Ok(Self {
            rules,
            set,
            names: compile::names()?,
            authorizer: Authorizer::new(),
        })
    }

    /// The rules as they were given, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Decides about a peer whose chain was verified. Anything that fails in the engine is a denial.
    pub fn decide(&self, chain: &VerifiedChain) -> Result<Permit, Denial> {
        let identity = chain.identity();
        let deciding = self.deciding_rule(&identity);
        deciding
            .map(|rule| Permit {
                rule: rule.to_string(),
            })
            .ok_or_else(|| self.denial(&identity))
    }

    fn deciding_rule(&self, identity: &Identity) -> Option<&Rule> {
        let (principal, action, resource) = self.names.clone();
        let context = compile::context(identity).ok()?;
        let request = Request::new(principal, action, resource, context, None).ok()?;
        let answer = self
            .authorizer
            .is_authorized(&request, &self.set, &Entities::empty());
        if answer.decision() != Decision::Allow {
            return None;
        }
        let numbers = answer
            .diagnostics()
            .reason()
            .filter_map(|id| id.to_string().parse::<usize>().ok());
        self.rules.get(numbers.min()?)
    }

    fn denial(&self, identity: &Identity) -> Denial {
        let pairs = self.rules.iter().flat_map(|rule| {
            let text = rule.to_string();
            rule.rivals(identity)
                .into_iter()
                .map(move |rival| (text.clone(), rival))
        });
        let nearest = pairs
            .filter(|(rule, _)| !rule.starts_with("fingerprint:"))
            .max_by_key(|(rule, rival)| {
                rule.bytes()
                    .zip(rival.bytes())
                    .take_while(|(a, b)| a == b)
                    .count()
            });
        // Where no rule is of a type that the certificate has, the first one shows what would be asked for.
        let first = || Some((self.rules.first()?.to_string(), identity.called()));
        Denial {
            who: identity.called(),
            nearest: nearest.or_else(first),
        }
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use handfast_pki::Fingerprint;

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
        Policy::new(rules)
            .expect("valid")
            .deciding_rule(&identity())
            .map(ToString::to_string)
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
            policy
                .deciding_rule(&Identity {
                    dns: some(dns),
                    emails: some(email),
                    uris: some(uri),
                    ..nobody.clone()
                })
                .map(ToString::to_string)
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

    #[test]
    fn no_rule_is_no_policy() {
        assert_eq!(
            Policy::new(Vec::new()).expect_err("refused").code(),
            code::NO_RULE
        );
    }
}
