//! A revocation that is said again does what is not done yet, and leaves the rest as it is.

mod place;

use handfast_ca::{
    Applicant, Authority, CertRequest, Event, JournalQuery, Reason, Requester, RevokedNow, Which,
};
use handfast_pki::{Certificate, KeyKind, PrivateKey, Profile, code, crl::RevocationList, name::AltName};
use jiff::Timestamp;

use crate::place::{Scratch, authority, days, now};

fn asked(key: &PrivateKey, name: &str) -> CertRequest {
    CertRequest {
        profile: Profile::Client.into(),
        applicant: Applicant::holding(key),
        names: vec![AltName::uri(name).expect("a name")],
        common_name: None,
        lifetime: Some(days(10)),
        roles: Vec::new(),
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).expect("a key")
}

/// A certificate, its renewal with another key, and one more with the first key.
struct Three {
    key: PrivateKey,
    first: Certificate,
    renewal: Certificate,
    same_key: Certificate,
}

fn three(authority: &Authority) -> Three {
    let own = key();
    let issue = |name: &str| {
        let issued = authority.issue(asked(&own, name), now()).expect("issued");
        issued.certificate().clone()
    };
    let (first, same_key) = (issue("spiffe://acme/web"), issue("spiffe://acme/other"));
    let old = authority.renewable(&first, now()).expect("renewable");
    let renewed = authority.renew(Requester::Owner, &old, Applicant::holding(&key()), None, now());
    Three {
        first,
        renewal: renewed.expect("renewed").certificate().clone(),
        same_key,
        key: own,
    }
}

fn revoke(authority: &Authority, which: &Which, reason: Reason, with_renewals: bool) -> RevokedNow {
    let selection = authority
        .to_revoke(which, reason, with_renewals, now())
        .expect("found");
    authority
        .revoke_selected(&selection, reason, &Requester::Owner, now() + days(1))
        .expect("revoked")
}

fn reason_of(authority: &Authority, certificate: &Certificate) -> Option<(Reason, Timestamp)> {
    let row = authority
        .find_serial(&certificate.serial())
        .expect("a store")
        .expect("a row");
    row.revoked.map(|revoked| (revoked.reason, revoked.at))
}

fn serial(certificate: &Certificate) -> Which {
    Which::Serial(certificate.serial())
}

#[track_caller]
fn must_be_whole(authority: &Authority) {
    assert_eq!(authority.audit(10).expect("a store").faults, []);
}

#[test]
fn renewals_of_what_is_revoked_already_are_taken_and_a_third_time_nothing_is() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let three = three(&authority);
    revoke(&authority, &serial(&three.first), Reason::Superseded, false);
    assert_eq!(reason_of(&authority, &three.renewal), None);
    let done = revoke(&authority, &serial(&three.first), Reason::Superseded, true);
    assert_eq!((done.revoked, done.changed, done.already), (1, 0, 1));
    assert!(reason_of(&authority, &three.renewal).is_some());
    let again = revoke(&authority, &serial(&three.first), Reason::Superseded, true);
    assert_eq!((again.revoked, again.changed, again.already), (0, 0, 2));
    assert_eq!(reason_of(&authority, &three.same_key), None);
    must_be_whole(&authority);
}

#[test]
fn a_compromise_that_is_known_later_takes_everything_and_keeps_time_and_number() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let three = three(&authority);
    let selection = authority
        .to_revoke(&serial(&three.first), Reason::Unspecified, false, now())
        .expect("found");
    authority
        .revoke_selected(&selection, Reason::Unspecified, &Requester::Owner, now())
        .expect("revoked");
    let done = revoke(&authority, &serial(&three.first), Reason::KeyCompromise, false);
    assert_eq!((done.revoked, done.changed, done.already), (2, 1, 0));
    assert_eq!(
        reason_of(&authority, &three.first),
        Some((Reason::KeyCompromise, now())),
        "the time is that of the revocation"
    );
    assert!(reason_of(&authority, &three.renewal).is_some());
    assert!(reason_of(&authority, &three.same_key).is_some());
    let refused = authority
        .issue(asked(&three.key, "spiffe://acme/again"), now())
        .expect_err("blocked");
    assert_eq!(refused.code(), code::KEY_BLOCKED);
    let lines = authority
        .journal(&JournalQuery {
            event: Some(Event::ReasonChanged),
            ..JournalQuery::default()
        })
        .expect("lines");
    assert_eq!(lines.len(), 1);
    assert_eq!(
        lines[0].detail,
        "keyCompromise of uri:spiffe://acme/web, revoked already for unspecified"
    );
    let lists = authority
        .publish(days(7), &Requester::Owner, now() + days(1))
        .expect("lists");
    let list = RevocationList::from_der(&lists.lists()[0].list.der).expect("a list");
    assert_eq!(list.revoked.len(), 3);
    // What is a compromise stays one.
    revoke(&authority, &serial(&three.first), Reason::Superseded, false);
    assert_eq!(
        reason_of(&authority, &three.first).map(|(reason, _)| reason),
        Some(Reason::KeyCompromise)
    );
    must_be_whole(&authority);
}

#[test]
fn a_key_is_blocked_though_all_its_certificates_are_revoked_already() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let three = three(&authority);
    for certificate in [&three.first, &three.same_key, &three.renewal] {
        revoke(&authority, &serial(certificate), Reason::CaCompromise, false);
    }
    let by_key = Which::Key(three.key.public_key().fingerprint());
    let done = revoke(&authority, &by_key, Reason::KeyCompromise, false);
    // Both of the key are said, and one line blocks it; the renewal has a key of its own.
    assert_eq!((done.revoked, done.changed, done.already), (0, 2, 1));
    let refused = authority
        .issue(asked(&three.key, "spiffe://acme/again"), now())
        .expect_err("blocked");
    assert_eq!(refused.code(), code::KEY_BLOCKED);
    assert_eq!(
        reason_of(&authority, &three.first).map(|(reason, _)| reason),
        Some(Reason::CaCompromise)
    );
    must_be_whole(&authority);
}

#[test]
fn renewals_behind_an_expired_one_are_found() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let own = key();
    let issued = authority
        .issue(asked(&own, "spiffe://acme/web"), now())
        .expect("issued");
    let mut certificates = vec![issued.certificate().clone()];
    for day in [9, 18, 27] {
        let at = now() + days(day);
        let old = certificates.last().expect("one").clone();
        let old = authority.renewable(&old, at).expect("renewable");
        let renewed = authority.renew(
            Requester::Owner,
            &old,
            Applicant::holding(&own),
            Some(days(10)),
            at,
        );
        certificates.push(renewed.expect("renewed").certificate().clone());
    }
    let at = now() + days(30);
    let selection = authority
        .to_revoke(&serial(&certificates[0]), Reason::Superseded, true, at)
        .expect("found");
    let taken: Vec<&str> = selection
        .taken()
        .iter()
        .map(|taken| taken.row().serial.as_str())
        .collect();
    assert!(taken.contains(&certificates[3].serial().as_str()), "{taken:?}");
    // Those between have expired and need nothing.
    assert!(!taken.contains(&certificates[1].serial().as_str()), "{taken:?}");
}

#[test]
fn of_two_that_revoke_at_once_both_succeed_and_one_has_done_it() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let three = three(&authority);
    let select = || {
        authority
            .to_revoke(&serial(&three.first), Reason::Superseded, false, now())
            .expect("found")
    };
    let (one, other) = (select(), select());
    let done: Vec<RevokedNow> = [one, other]
        .iter()
        .map(|selection| {
            authority
                .revoke_selected(selection, Reason::Superseded, &Requester::Owner, now())
                .expect("no error")
        })
        .collect();
    assert_eq!((done[0].revoked, done[1].revoked, done[1].already), (1, 0, 1));
    must_be_whole(&authority);
}
