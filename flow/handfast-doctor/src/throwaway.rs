//! Certificates that nobody has a reason to believe: a client's with a name that the server trusts and a key that it
//! does not, and a server's for looking at clients.

use handfast_pki::{
    Certificate, Error, KeyKind, PrivateKey, Profile, Result,
    build::{Issuer, Plan, assemble, to_be_signed},
    name::{self, AltName},
    serial::Serial,
};
use handfast_tls::Credentials;
use jiff::{SignedDuration, Timestamp};

/// A client certificate of a new key, said to be issued by `issuer` (the DER of a name), else by itself. It has
/// no authority key identifier, so that a server finds the issuer by name and then has to check the signature.
pub(crate) fn client(issuer: Option<&[u8]>, now: Timestamp) -> Result<Credentials> {
    let names = vec![AltName::dns("throw-away.handfast.invalid")?];
    make(Profile::Client, names, issuer.and_then(name::of_der), now)
}

/// A server certificate for this machine, signed by itself.
pub fn of_this_machine(now: Timestamp) -> Result<Credentials> {
    let names = vec![
        AltName::Dns("localhost".into()),
        AltName::Ip(std::net::Ipv4Addr::LOCALHOST.into()),
    ];
    make(Profile::Server, names, None, now)
}

fn make(
    profile: Profile,
    names: Vec<AltName>,
    issuer: Option<name::Name>,
    now: Timestamp,
) -> Result<Credentials> {
    let key = PrivateKey::generate(KeyKind::P256)?;
    let subject = name::distinguished("handfast doctor throw-away", None)?;
    let issuer = Issuer {
        subject: issuer.unwrap_or_else(|| subject.clone()),
        key_id: Vec::new(),
        algorithm: key.signature_algorithm(),
    };
    let mut serial = [0; 20];
    for (octet, random) in serial.iter_mut().zip(key.public_key().key_id()) {
        *octet = random;
    }
    let plan = Plan {
        profile: profile.rules(),
        serial: Serial::from_random(serial),
        subject,
        roles: Vec::new(),
        names,
        // Long on both sides, so that no clock can be the reason for a refusal.
        not_before: now - SignedDuration::from_hours(24 * 365),
        not_after: now + SignedDuration::from_hours(24 * 365),
        public_key: key.public_key(),
    };
    let tbs = to_be_signed(&plan, &issuer)?;
    let certificate: Certificate = assemble(&tbs, &issuer.algorithm, &key.sign(&tbs)?)?;
    Credentials::new(vec![certificate], &key).map_err(|_| Error::Malformed {
        what: "throw-away certificate",
        detail: "it is no pair with its key".into(),
    })
}
