//! The last look at the exact bytes of a list before a CA's key signs them. Any problem stops the signature.
//!
//! They are read as a stranger would read them, and nothing is taken from the plan that they were made of.

use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER, ID_CE_CRL_REASONS, ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use jiff::Timestamp;

use crate::{
    asn1::{self, Flaw, Value, Values, constructed},
    extensions::Extension,
    time::timestamp,
};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const ENUMERATED: u8 = 0x0a;

/// The first rule that the to-be-signed bytes of a list break, in words (RFC 5280 section 5, of version 2).
///
/// # Errors
///
/// That rule.
pub fn check(tbs: &[u8]) -> Result<(), &'static str> {
    read(tbs).unwrap_or_else(|flaw| Err(flaw.0))
}

fn read(tbs: &[u8]) -> Result<Result<(), &'static str>, Flaw> {
    let mut list = Value::only(tbs, asn1::SEQUENCE, "a list must be one SEQUENCE")?.values();
    if list.expect(asn1::INTEGER, "a list must have a version")?.content != [1] {
        return Ok(Err("the version must be 2"));
    }
    list.expect(asn1::SEQUENCE, "a list must name its algorithm")?;
    let issuer = list.expect(asn1::SEQUENCE, "a list must name its issuer")?;
    let mut time = || timestamp(list.next().unwrap_or(Err(Flaw("a list must have both times")))?);
    let (this_update, next_update) = (time()?, time()?);
    let entries = list.optional(asn1::SEQUENCE);
    let extensions = list.expect(constructed(0), "a list must have extensions")?;
    list.end("nothing may follow the extensions of a list")?;
    if issuer.content.is_empty() {
        return Ok(Err("the issuer must have a name"));
    }
    if next_update <= this_update {
        return Ok(Err("the next update must be later than this one"));
    }
    if entries.is_some_and(|entries| entries.content.is_empty()) {
        return Ok(Err("an empty list must leave its entries out"));
    }
    for entry in entries.map_or(Values(&[]), Value::values) {
        if let Err(problem) = entry_is_good(entry?, this_update)? {
            return Ok(Err(problem));
        }
    }
    extensions_are_good(extensions)
}

fn entry_is_good(entry: Value<'_>, this_update: Timestamp) -> Result<Result<(), &'static str>, Flaw> {
    let mut parts = entry.values();
    let serial = parts
        .expect(asn1::INTEGER, "an entry must have a serial number")?
        .content;
    let at = parts.next().unwrap_or(Err(Flaw("an entry must have a date")))?;
    if at.tag != UTC_TIME && at.tag != GENERALIZED_TIME {
        return Ok(Err("an entry must have a date"));
    }
    if timestamp(at)? > this_update {
        return Ok(Err("nothing may be revoked later than the list is made"));
    }
    if !matches!(serial, [0x00..=0x7f, ..]) || serial.len() > 20 {
        return Ok(Err("serial numbers must be positive and of 20 octets at most"));
    }
    if let Some(extensions) = parts.optional(asn1::SEQUENCE) {
        for extension in extensions.values() {
            let extension = Extension::read(extension?)?;
            let reason = Value::only(&extension.value, ENUMERATED, "a reason must be a number")?;
            // Unspecified is left out; 7 is not used; removal is for delta lists (section 5.3.1).
            let is_usual = matches!(reason.content, [1..=6 | 9..=10]);
            if extension.critical || extension.id != ID_CE_CRL_REASONS || !is_usual {
                return Ok(Err("an entry may have a reason and nothing else"));
            }
        }
    }
    parts.end("nothing may follow the extensions of an entry")?;
    Ok(Ok(()))
}

fn extensions_are_good(explicit: Value<'_>) -> Result<Result<(), &'static str>, Flaw> {
    let list = Value::only(explicit.content, asn1::SEQUENCE, "extensions must be a SEQUENCE")?;
    let mut found = Vec::new();
    for extension in list.values() {
        found.push(Extension::read(extension?)?);
    }
    let has = |id: const_oid::ObjectIdentifier, critical: bool| {
        let mut same = found.iter().filter(|one| one.id == id);
        same.next().is_some_and(|one| one.critical == critical) && same.next().is_none()
    };
    let number = found.iter().find(|one| one.id == ID_CE_CRL_NUMBER);
    let number = number.and_then(|number| Value::only(&number.value, asn1::INTEGER, "number").ok());
    let is_partial = found.iter().any(|one| one.id == ID_CE_ISSUING_DISTRIBUTION_POINT);
    Ok(if !has(ID_CE_AUTHORITY_KEY_IDENTIFIER, false) {
        Err("a list must have an authority key identifier")
    } else if !has(ID_CE_CRL_NUMBER, false) || !number.is_some_and(|number| is_positive(number.content)) {
        Err("a list must have a positive number")
    } else if is_partial && !has(ID_CE_ISSUING_DISTRIBUTION_POINT, true) {
        Err("the issuing distribution point must be critical")
    } else if found.len() != 2 + usize::from(is_partial) {
        Err("a list may have no further extension")
    } else {
        Ok(())
    })
}

fn is_positive(octets: &[u8]) -> bool {
    matches!(octets, [0x00..=0x7f, ..]) && octets.len() <= 20 && octets.iter().any(|octet| *octet != 0)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::{
        KeyKind, PrivateKey,
        build::Issuer,
        crl::build::{CrlReason, Draft, Plan},
        name,
    };

    use super::*;

    fn tbs(spoil: impl FnOnce(&mut Plan<'_>), revoked: &[(&str, i64, CrlReason)]) -> Vec<u8> {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().expect("a time");
        let key = PrivateKey::generate(KeyKind::P256).expect("a key");
        let issuer = Issuer::itself(name::distinguished("Acme", None).expect("a name"), &key);
        let mut plan = Plan {
            issuer: &issuer,
            number: 1,
            this_update: now,
            next_update: now + SignedDuration::from_hours(1),
            point: None,
        };
        spoil(&mut plan);
        let mut draft = Draft::new(&plan).expect("planned");
        for (serial, hour, reason) in revoked {
            let at = now + SignedDuration::from_hours(*hour);
            draft.add(serial, at, *reason).expect("an entry");
        }
        draft.finish().expect("finished").as_bytes().to_vec()
    }

    #[test]
    fn a_list_as_it_is_made_breaks_no_rule() {
        let (long, reason) = ("7f".repeat(20), CrlReason::KeyCompromise);
        for revoked in [&[][..], &[("01", -1, CrlReason::Unspecified), (&long, 0, reason)]] {
            assert_eq!(check(&tbs(|_| {}, revoked)), Ok(()));
            let point = |plan: &mut Plan<'_>| plan.point = Some("http://crl.example/0.crl");
            assert_eq!(check(&tbs(point, revoked)), Ok(()));
        }
    }

    #[test]
    fn a_list_that_breaks_a_rule_is_not_signed() {
        let reason = CrlReason::KeyCompromise;
        let long = "7f".repeat(21);
        for (serial, hour, reason, expected) in [
            (
                "01",
                1,
                reason,
                "nothing may be revoked later than the list is made",
            ),
            (
                "ff",
                0,
                reason,
                "serial numbers must be positive and of 20 octets at most",
            ),
            (
                &long,
                0,
                reason,
                "serial numbers must be positive and of 20 octets at most",
            ),
            (
                "01",
                0,
                CrlReason::RemoveFromCRL,
                "an entry may have a reason and nothing else",
            ),
        ] {
            assert_eq!(check(&tbs(|_| {}, &[(serial, hour, reason)])), Err(expected));
        }
        let number = tbs(|plan| plan.number = 0, &[]);
        assert_eq!(check(&number), Err("a list must have a positive number"));
        let times = tbs(|plan| plan.next_update = plan.this_update, &[]);
        assert_eq!(check(&times), Err("the next update must be later than this one"));
        let whole = tbs(|_| {}, &[("01", 0, reason)]);
        for length in 0..whole.len() {
            assert!(check(&whole[..length]).is_err(), "cut at {length}");
        }
    }
}
