//! Approve: whether requester and profile allow the request, which issuer signs, and from when until when.
//!
//! Nothing outlives its issuer: a lifetime that was asked for and is too long is refused, the usual one is
//! cut and that is said.

mod fit;

use handfast_pki::{
    Certificate, Error as PkiError, code,
    name::AltName,
    profile::{NameKind, ProfileName, ProfileRules},
    text::{hex, printable},
};
use jiff::Timestamp;

use crate::{
    authenticate::Authenticated,
    cas::CaRole,
    context::Context,
    error::{Error, ProfileRefusal, Result},
    issuer::Issuer,
    profiles::OfferedProfile,
    receive::Received,
    records::{Event, JournalEntry, Store},
    requester::{Requester, RequesterKind},
    waiting::WaitingRequest,
};

/// A request that may be fulfilled, with its profile, its issuer and its exact validity.
pub(crate) struct Approved<'a> {
    pub(crate) received: Received,
    pub(crate) requester: Requester,
    pub(crate) profile: &'a ProfileRules,
    pub(crate) issuer: &'a Issuer,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) cut_short: bool,
    _private: (),
}

impl Approved<'_> {
    /// The line of the journal about it.
    pub(crate) fn entry(&self, event: Event, serial: Option<&str>, at: Timestamp) -> JournalEntry {
        let what = format!("{} for {}", self.profile.name, self.received.called());
        let mut detail = self.requester.explained(&what);
        if let Some(by) = &self.received.approved_by {
            detail.push_str(&format!(", approved by {by}"));
        }
        JournalEntry {
            at,
            event,
            serial: serial.map(str::to_owned),
            requester: Some(self.requester.to_string()),
            code: None,
            detail,
        }
    }
}

/// Approves what the profile and the issuers allow at this time.
pub(crate) fn by_profile<'a>(authenticated: Authenticated, context: Context<'a>) -> Result<Approved<'a>> {
    let Authenticated {
        mut received,
        requester,
        ..
    } = authenticated;
    let offered = context.profiles.find(&received.profile);
    let offered = offered.ok_or_else(|| context.profiles.refusal(&received.profile))?;
    let profile = &offered.rules;
    let without = || ProfileRefusal::NoIssuer {
        profile: profile.name.clone(),
        is_ca: profile.is_ca(),
    };
    let issuer = issuer_of(&profile.name, context)?.ok_or_else(without)?;
    may_ask(&requester, offered, &received)?;
    fit::names(&received, profile)?;
    fit::key(&received, profile)?;
    received.subject = fit::subject(&received, profile)?;
    fit::common_name(&received, profile)?;
    fit::roles(&received, profile)?;
    names_are_the_issuers(&received, profile, issuer)?;
    // Its search for factors takes a second for a large RSA key.
    if !received.is_generated {
        received.public_key.must_be_worth_certifying()?;
    }
    issuers_allow(issuer.chain(), profile, context.now)?;
    issuer.ready()?;
    // Certificates know whole seconds.
    let now = Timestamp::from_second(context.now.as_second()).unwrap_or(context.now);
    let (not_after, cut_short) = end(&received, profile, issuer.chain(), now)?;
    let began = issuer.certificate().map(Certificate::not_before);
    let backdated = now.checked_sub(profile.lifetime.backdate).unwrap_or(now);
    let not_before = began.map_or(backdated, |began| began.max(backdated));
    if offered.approver.is_some() && received.approved_by.is_none() {
        return Err(hold(received, &requester, context)?);
    }
    Ok(Approved {
        received,
        requester,
        profile,
        issuer,
        not_before,
        not_after,
        cut_short,
        _private: (),
    })
}

/// Who signs certificates of `profile`: the first that does and is not revoked. Where all are, the first says so.
fn issuer_of<'a>(profile: &ProfileName, context: Context<'a>) -> Result<Option<&'a Issuer>> {
    let mut refusal = None;
    for issuer in context.issuers.iter().filter(|issuer| issuer.signs(profile)) {
        match must_not_be_revoked(issuer, context.store) {
            Ok(()) => return Ok(Some(issuer)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    refusal.map_or(Ok(None), Err)
}

/// Neither the issuer nor a CA between it and its root is revoked in the records, as they are now. A root cannot be taken
/// back by itself: whoever trusts it has to be told.
fn must_not_be_revoked(issuer: &Issuer, store: &dyn Store) -> Result<()> {
    for ca in issuer.chain().iter().filter(|ca| !ca.is_self_issued()) {
        if let Some(revoked) = store.revocation_of(ca)? {
            return Err(Error::IssuerRevoked {
                issuer: ca.called(),
                at: revoked.at,
                reason: revoked.reason,
            });
        }
    }
    Ok(())
}

/// Whether this requester may revoke: certificates are taken back by those who run the CA.
pub(crate) fn revocation(requester: &Requester) -> Result<()> {
    match requester {
        Requester::Owner | Requester::Person(_) | Requester::Operator(_) => Ok(()),
        Requester::Token(_) | Requester::Acme(_) | Requester::Est(_) => Err(Error::MayNotRevoke {
            requester: requester.to_string(),
        }),
    }
}

/// Whether this requester may have revocation lists signed: as with revocations, those who run the CA.
pub(crate) fn publication(requester: &Requester) -> Result<()> {
    revocation(requester)
}

/// The owner may ask for every profile that is offered to it; the others for leaves alone, and those that come from
/// the network with a proof of their key and names that they can have shown.
fn may_ask(requester: &Requester, offered: &OfferedProfile, received: &Received) -> Result<()> {
    let refused = |detail: String| {
        Err(Error::MayNotAsk {
            requester: requester.to_string(),
            profile: offered.rules.name.clone(),
            detail,
        })
    };
    if !offered.requesters.contains(&requester.kind()) {
        return refused("the profile is not for this kind of requester".into());
    }
    if requester.kind() != RequesterKind::Owner && offered.rules.is_ca() {
        return refused("only the owner makes CAs".into());
    }
    if !offered.users.is_empty() {
        let is_listed =
            matches!(requester, Requester::Person(person) if offered.users.contains(&person.user));
        if !is_listed {
            return refused(format!(
                "it is for these users (requesters in [profile.{}] of ca.toml): {}",
                offered.rules.name,
                offered.users.join(", ")
            ));
        }
    }
    let names = &received.names;
    let foreign = match requester {
        Requester::Owner | Requester::Person(_) | Requester::Operator(_) => return Ok(()),
        Requester::Token(_) => None,
        // What ACME has challenges for (RFC 8555 section 9.7.7, RFC 8738).
        Requester::Acme(_) => names
            .iter()
            .find(|name| !matches!(NameKind::of(name), NameKind::Dns | NameKind::Ip)),
        // A renewal asks for names of the old certificate (RFC 7030 section 4.2.2).
        Requester::Est(identity) => {
            let own = identity.names();
            names.iter().find(|name| !own.contains(&name.to_string()))
        }
    };
    if let Some(name) = foreign {
        return refused(format!("\"{name}\" is not a name that it can ask for"));
    }
    if !received.has_proven_key {
        return refused("there is no proof that the applicant holds the key".into());
    }
    match handfast_pki::name::common_name(&received.subject) {
        Some(common_name) if !is_covered(&common_name, requester, names) => refused(format!(
            "the common name \"{common_name}\" is not among its names"
        )),
        _ => Ok(()),
    }
}

/// Old software compares with common names: one that was not verified as a name must not be certified beside one.
fn is_covered(common_name: &str, requester: &Requester, names: &[AltName]) -> bool {
    let own = match requester {
        Requester::Est(identity) => identity.common_name.as_deref(),
        Requester::Owner
        | Requester::Person(_)
        | Requester::Operator(_)
        | Requester::Token(_)
        | Requester::Acme(_) => None,
    };
    let is_host = |name: &AltName| match name {
        AltName::Dns(dns) => dns.eq_ignore_ascii_case(common_name),
        AltName::Ip(ip) => ip.to_string() == common_name,
        AltName::Uri(_) | AltName::Email(_) => false,
    };
    own == Some(common_name) || names.iter().any(is_host)
}

/// Keeps a request for a second person; the error says under which number.
fn hold(received: Received, requester: &Requester, context: Context<'_>) -> Result<Error> {
    let Requester::Person(person) = requester else {
        return Err(Error::MayNotAsk {
            requester: requester.to_string(),
            profile: received.profile,
            detail: "a second person has to approve it, and who the first one is has to be known".into(),
        });
    };
    let mut octets = [0; 6];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| PkiError::Crypto {
        what: "drawing a number",
    })?;
    let held = WaitingRequest {
        id: hex(&octets),
        at: context.now,
        requester: person.clone(),
        profile: received.profile,
        subject: received.subject,
        names: received.names,
        lifetime: received.lifetime,
        roles: received.roles,
        public_key: received.public_key,
        has_proven_key: received.has_proven_key,
        ignored: received.ignored,
        renewed_from: received.renewed_from,
        repeatable: received.repeatable,
        decision: None,
        serial: None,
    };
    let mut detail = format!("{} for {} as {}", held.profile, held.called(), held.id);
    if let Some(reason) = &person.reason {
        detail.push_str(&format!(", because \"{}\"", printable(reason)));
    }
    let entry = JournalEntry {
        at: context.now,
        event: Event::Waiting,
        serial: None,
        requester: Some(person.to_string()),
        code: Some(code::WAITS.to_string()),
        detail,
    };
    context.store.waiting().hold(&held, &entry)?;
    Ok(Error::Waits {
        id: held.id,
        profile: held.profile,
    })
}

/// Name constraints (RFC 5280 section 4.2.1.10) of every CA above, and the bounds of the issuer, which may be narrower. A
/// common name of a leaf that looks like a host is judged as one, because verifiers do so. Of a CA that is bound to names,
/// no other common name than one of the certificate's own names is certified, unless the profile says it.
fn names_are_the_issuers(received: &Received, profile: &ProfileRules, issuer: &Issuer) -> Result<()> {
    let common_names = handfast_pki::name::common_names(&received.subject);
    let hosts: Vec<AltName> = common_names
        .iter()
        .filter(|text| !profile.is_ca() && text.contains('.'))
        .filter_map(|text| AltName::dns(text).ok())
        .collect();
    for name in received.names.iter().chain(&hosts) {
        if let Some((issuer, allowed)) = issuer.outside(name) {
            return Err(Error::OutsideNames {
                name: name.to_string(),
                issuer,
                allowed,
            });
        }
    }
    if profile.is_ca() {
        return Ok(());
    }
    match (issuer.limits(), fit::foreign_common_name(received, profile)) {
        (Some((issuer, allowed)), Some(name)) => Err(Error::OutsideCommonName {
            name: printable(&name),
            profile: profile.name.clone(),
            issuer,
            allowed,
        }),
        _ => Ok(()),
    }
}

fn issuers_allow(chain: &[Certificate], profile: &ProfileRules, now: Timestamp) -> Result<()> {
    let has_expired = |root: Option<&Certificate>| root.is_some_and(|root| now > root.not_after());
    for (below, issuer) in chain.iter().enumerate() {
        if now < issuer.not_before() || now > issuer.not_after() {
            return Err(Error::IssuerNotValid {
                issuer: issuer.called(),
                not_before: issuer.not_before(),
                not_after: issuer.not_after(),
                now,
                role: Some(if issuer.is_self_issued() || has_expired(chain.last()) {
                    CaRole::Root
                } else {
                    CaRole::Issuing
                }),
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

fn end(
    received: &Received,
    profile: &ProfileRules,
    chain: &[Certificate],
    now: Timestamp,
) -> Result<(Timestamp, bool)> {
    let lifetime = profile.lifetime;
    if let Some(asked) = received.lifetime {
        let fits = asked >= lifetime.shortest && lifetime.longest.is_none_or(|longest| asked <= longest);
        if !fits {
            return Err(ProfileRefusal::Lifetime {
                profile: profile.name.clone(),
                asked,
                shortest: lifetime.shortest,
                longest: lifetime.longest,
            }
            .into());
        }
    }
    let expires = now
        .checked_add(received.lifetime.unwrap_or(lifetime.usual))
        .unwrap_or(Timestamp::MAX);
    match chain.iter().min_by_key(|issuer| issuer.not_after()) {
        Some(first) if expires > first.not_after() => match received.lifetime {
            Some(_) => Err(Error::BeyondIssuer {
                asked: expires,
                issuer: first.called(),
                not_after: first.not_after(),
            }),
            None => Ok((first.not_after(), true)),
        },
        _ => Ok((expires, false)),
    }
}
