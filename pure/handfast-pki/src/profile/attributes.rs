//! Which attributes the subject has, beside the names.

use std::{fmt, str::FromStr};

use crate::{
    Error, Result,
    name::Name,
    subject::{self, Part, PartKind},
};

/// What a profile says of one attribute: `O=Acme` stands there always, `O` has to be said, `O?` may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeRule {
    kind: PartKind,
    presence: Presence,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Presence {
    Fixed(String),
    Needed,
    Allowed,
}

impl FromStr for AttributeRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.contains('=') {
            let Part { kind, text } = text.parse()?;
            return Ok(Self {
                kind,
                presence: Presence::Fixed(text),
            });
        }
        let (kind, presence) = match text.strip_suffix('?') {
            Some(kind) => (kind, Presence::Allowed),
            None => (text, Presence::Needed),
        };
        Ok(Self {
            kind: kind.parse()?,
            presence,
        })
    }
}

impl fmt::Display for AttributeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.presence {
            Presence::Fixed(text) => write!(f, "{}={text}", self.kind),
            Presence::Needed => write!(f, "{}", self.kind),
            Presence::Allowed => write!(f, "{}?", self.kind),
        }
    }
}

/// The subject that `rules` make of the one that was `asked` for.
///
/// # Errors
///
/// What speaks against it, in words: an attribute that no rule has, another text than the one that is fixed, or a missing
/// one.
pub fn apply(rules: &[AttributeRule], asked: &Name) -> Result<Name, String> {
    let mut parts = subject::parts(asked).ok_or("an attribute of the subject that is not known here")?;
    for part in &parts {
        let rule = rules.iter().find(|rule| rule.kind == part.kind);
        match rule.map(|rule| &rule.presence) {
            None => return Err(format!("the attribute {} in the subject", part.kind)),
            Some(Presence::Fixed(text)) if *text != part.text => {
                return Err(format!("{part}, where the subject has {}={text}", part.kind));
            }
            Some(_) => {}
        }
    }
    for rule in rules {
        if parts.iter().any(|part| part.kind == rule.kind) {
            continue;
        }
        match &rule.presence {
            Presence::Fixed(text) => parts.push(Part {
                kind: rule.kind,
                text: text.clone(),
            }),
            Presence::Needed => return Err(format!("no {} in the subject", rule.kind)),
            Presence::Allowed => {}
        }
    }
    subject::of(parts).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::shown;

    #[test]
    fn what_is_fixed_stands_there_what_is_needed_has_to_be_said_and_the_rest_is_refused() {
        let rules: Vec<AttributeRule> = ["C=DE", "O", "OU?"]
            .map(|rule| rule.parse().expect(rule))
            .to_vec();
        let asked = |parts: &[&str]| {
            let parts = parts.iter().map(|part| part.parse().expect("a part"));
            apply(&rules, &subject::of(parts.collect()).expect("a name")).map(|name| shown(&name))
        };
        assert_eq!(asked(&["O=Acme"]), Ok("O=Acme,C=DE".into()));
        assert_eq!(asked(&["O=Acme", "C=DE", "OU=x"]), Ok("OU=x,O=Acme,C=DE".into()));
        assert_eq!(
            asked(&["O=Acme", "C=FR"]),
            Err("C=FR, where the subject has C=DE".into())
        );
        assert_eq!(asked(&[]), Err("no O in the subject".into()));
        assert_eq!(
            asked(&["O=Acme", "L=Kiel"]),
            Err("the attribute L in the subject".into())
        );
        assert!("X=1".parse::<AttributeRule>().is_err());
        assert!("C=Germany".parse::<AttributeRule>().is_err());
    }
}
