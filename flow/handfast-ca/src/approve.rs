//! Approve: whether the profile allows the wish, and from when until when.
//!
//! Nothing outlives its issuer: a lifetime that was asked for and is too long is refused, the usual one is
//! cut and that is said.

use handfast_pki::{Certificate, Error as PkiError, Profile, name::AltName};
use jiff::{SignedDuration, Timestamp};

use crate::{Desk, Error, Result, authenticate::Authenticated, receive::Received};

/// How long a leaf is valid when nobody says otherwise: 90 days.
pub const LEAF_LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Ten years, three leap days in it at most.
const ROOT_LIFETIME: SignedDuration = SignedDuration::from_hours(3653 * 24);

/// Five years.
const INTERMEDIATE_LIFETIME: SignedDuration = SignedDuration::from_hours(1826 * 24);

/// For peers whose clock is a little slow.
const BACKDATE: SignedDuration = SignedDuration::from_mins(5);

/// Less could not be installed before it ends.
const SHORTEST_LIFETIME: SignedDuration = SignedDuration::from_mins(1);

/// A wish that may be fulfilled, with its exact validity.
pub(crate) struct Approved {
    pub(crate) received: Received,
    pub(crate) asker: &'static str,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) cut_short: bool,
    _private: (),
}

/// Approves what the profile and the issuers allow at this time.
pub(crate) fn by_profile(authenticated: Authenticated, desk: Desk<'_>) -> Result<Approved> {
    let Authenticated { received, asker, .. } = authenticated;
    // Its search for factors takes a second for a large RSA key.
    if !received.is_generated {
        received.public_key.must_be_worth_certifying()?;
    }
    one_spiffe_id(&received.names)?;
    issuers_allow(desk.ca.above(), received.profile, desk.now)?;
    // Certificates know whole seconds.
    let now = Timestamp::from_second(desk.now.as_second()).unwrap_or(desk.now);
    let (not_after, cut_short) = ending(&received, desk.ca.above(), now)?;
    let began = desk.ca.certificate().map(Certificate::not_before);
    let backdated = now.checked_sub(BACKDATE).unwrap_or(now);
    let not_before = began.map_or(backdated, |began| began.max(backdated));
    Ok(Approved {
        received,
        asker,
        not_before,
        not_after,
        cut_short,
        _private: (),
    })
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

fn issuers_allow(above: &[Certificate], profile: Profile, now: Timestamp) -> Result<()> {
    for (below, issuer) in above.iter().enumerate() {
        if now < issuer.not_before() || now > issuer.not_after() {
            return Err(Error::IssuerNotValid {
                issuer: issuer.called(),
                not_before: issuer.not_before(),
                not_after: issuer.not_after(),
                now,
            });
        }
        let cas_below = below + usize::from(profile.is_ca());
        if let Some(allowed) = issuer.path_length()
            && usize::from(allowed) < cas_below
        {
            return Err(Error::PathLength {
                issuer: issuer.called(),
                allowed,
            });
        }
    }
    Ok(())
}

fn ending(received: &Received, above: &[Certificate], now: Timestamp) -> Result<(Timestamp, bool)> {
    let usual = match received.profile {
        Profile::Root => ROOT_LIFETIME,
        Profile::Intermediate => INTERMEDIATE_LIFETIME,
        Profile::Server | Profile::Client | Profile::Peer => LEAF_LIFETIME,
    };
    if let Some(asked) = received.lifetime
        && asked < SHORTEST_LIFETIME
    {
        return Err(PkiError::BadName {
            found: format!("{asked:#}"),
            expected: "a lifetime of at least one minute",
        }
        .into());
    }
    let wished = now
        .checked_add(received.lifetime.unwrap_or(usual))
        .unwrap_or(Timestamp::MAX);
    match above.iter().min_by_key(|issuer| issuer.not_after()) {
        Some(first) if wished > first.not_after() => match received.lifetime {
            Some(_) => Err(Error::BeyondIssuer {
                wished,
                issuer: first.called(),
                not_after: first.not_after(),
            }),
            None => Ok((first.not_after(), true)),
        },
        _ => Ok((wished, false)),
    }
}
