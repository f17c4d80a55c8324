//! Whether what was asked for is what the profile has: names, key, subject, roles. Each refusal knows the key of `ca.toml`.

use handfast_pki::{
    Error as PkiError, NamePattern,
    name::{AltName, Name, common_names, is_spiffe_id},
    profile::{NameKind, ProfileRules, attributes},
    qualified::{authority_of_provider, provider_in},
    text::printable,
};

use crate::{
    error::{Error, ProfileRefusal, Result},
    receive::Received,
};

pub(super) fn names(received: &Received, profile: &ProfileRules) -> Result<()> {
    let (names, rules) = (&received.names, &profile.names);
    if names.len() > rules.most {
        return Err(ProfileRefusal::TooManyNames {
            profile: profile.name.clone(),
            found: names.len(),
            most: rules.most,
        }
        .into());
    }
    if names.is_empty() && !rules.kinds.is_empty() {
        return Err(Error::NoNames {
            profile: profile.name.clone(),
            common_name: handfast_pki::name::common_name(&received.subject),
        });
    }
    for name in names {
        let kind = NameKind::of(name);
        if !rules.kinds.contains(&kind) {
            return Err(ProfileRefusal::NameKind {
                profile: profile.name.clone(),
                name: name.to_string(),
                kind,
            }
            .into());
        }
        if !(rules.patterns.is_empty() || rules.patterns.iter().any(|pattern| pattern.fits(name))) {
            return Err(ProfileRefusal::NamePattern {
                profile: profile.name.clone(),
                name: name.to_string(),
                patterns: rules.patterns.iter().map(ToString::to_string).collect(),
            }
            .into());
        }
        if rules.is_spiffe && !matches!(name, AltName::Uri(uri) if is_spiffe_id(uri)) {
            return Err(ProfileRefusal::NamePattern {
                profile: profile.name.clone(),
                name: name.to_string(),
                patterns: vec!["a SPIFFE ID such as uri:spiffe://acme/web".into()],
            }
            .into());
        }
    }
    one_spiffe_id(names)
}

/// Whether the profile certifies keys of this kind.
pub(super) fn key(received: &Received, profile: &ProfileRules) -> Result<()> {
    let key = &received.public_key;
    if profile.keys.is_empty() || profile.keys.iter().any(|rule| rule.allows(key)) {
        return Ok(());
    }
    // A key that nobody should have is worth saying before one of another kind.
    key.must_be_strong()?;
    Err(ProfileRefusal::Key {
        profile: profile.name.clone(),
        found: key.algorithm(),
        allowed: profile.keys.iter().map(ToString::to_string).collect(),
    }
    .into())
}

/// The subject, with what the profile adds to it.
pub(super) fn subject(received: &Received, profile: &ProfileRules) -> Result<Name> {
    let Some(rules) = &profile.subject else {
        return Ok(received.subject.clone());
    };
    let applied = attributes::apply(rules, &received.subject);
    applied.map_err(|detail| {
        ProfileRefusal::Subject {
            profile: profile.name.clone(),
            detail,
        }
        .into()
    })
}

/// The common name that programs could take for a name which the certificate does not have; PostgreSQL, Mosquitto and others
/// take it for the user. It has to be one of the certificate's own names, or be said by the profile: as `cn:NAME` among
/// `names`, or as `CN=NAME` in `subject`.
pub(super) fn foreign_common_name(received: &Received, profile: &ProfileRules) -> Option<String> {
    let is_own = |text: &str| {
        received.names.iter().any(|name| match name {
            AltName::Dns(dns) => dns.eq_ignore_ascii_case(text),
            AltName::Ip(ip) => ip.to_string() == text,
            AltName::Uri(own) | AltName::Email(own) => own == text,
        })
    };
    let is_said = |text: &str| {
        let fixed = format!("CN={text}");
        let is_fixed = profile
            .subject
            .iter()
            .flatten()
            .any(|rule| rule.to_string() == fixed);
        is_fixed
            || profile.names.patterns.iter().any(|pattern| match pattern {
                NamePattern::Any => true,
                NamePattern::CommonName(name) => name == text,
                _ => false,
            })
    };
    let mut found = common_names(&received.subject).into_iter();
    found.find(|text| !is_own(text) && !is_said(text))
}

/// A profile that limits its names limits the common name as well.
pub(super) fn common_name(received: &Received, profile: &ProfileRules) -> Result<()> {
    let patterns = &profile.names.patterns;
    match foreign_common_name(received, profile) {
        Some(name) if !patterns.is_empty() => Err(ProfileRefusal::CommonName {
            profile: profile.name.clone(),
            name: printable(&name),
            patterns: patterns.iter().map(ToString::to_string).collect(),
        }
        .into()),
        _ => Ok(()),
    }
}

/// Whether the roles of a payment service provider are there where they have to be, and nowhere else.
pub(super) fn roles(received: &Received, profile: &ProfileRules) -> Result<()> {
    let refused = |detail: String| {
        Err(ProfileRefusal::Roles {
            profile: profile.name.clone(),
            detail,
        }
        .into())
    };
    let psd2 = profile
        .qualified
        .as_ref()
        .and_then(|qualified| qualified.psd2.as_ref());
    let Some(psd2) = psd2 else {
        return match received.roles.first() {
            Some(role) => refused(format!("{role}, and it is not for payment service providers")),
            None => Ok(()),
        };
    };
    // Who supervises it stands twice in the certificate, and is one authority.
    let is_supervised = |text: &String| authority_of_provider(text).as_ref() == Some(&psd2.authority_id);
    if let Some(found) = provider_in(&received.subject).filter(|text| !is_supervised(text)) {
        return Err(ProfileRefusal::Provider {
            profile: profile.name.clone(),
            authority: psd2.authority_id.as_str().to_owned(),
            found: printable(&found),
        }
        .into());
    }
    if received.roles.is_empty() {
        return refused("none was asked for, expected --psd2-role PSP_AS, PSP_PI, PSP_AI or PSP_IC".into());
    }
    match received.roles.iter().find(|role| !psd2.roles.contains(role)) {
        Some(role) => {
            let allowed: Vec<String> = psd2.roles.iter().map(ToString::to_string).collect();
            refused(format!("{role}, expected {}", allowed.join(", ")))
        }
        None => Ok(()),
    }
}

/// With a SPIFFE ID there is exactly one URI (X509-SVID section 2).
fn one_spiffe_id(names: &[AltName]) -> Result<()> {
    let uris: Vec<&str> = names
        .iter()
        .filter_map(|name| {
            if let AltName::Uri(uri) = name {
                Some(&**uri)
            } else {
                None
            }
        })
        .collect();
    if uris.len() > 1 && uris.iter().any(|uri| uri.starts_with("spiffe:")) {
        return Err(PkiError::BadName {
            found: uris.join(" "),
            expected: "one URI, as a SPIFFE certificate has",
        }
        .into());
    }
    Ok(())
}
