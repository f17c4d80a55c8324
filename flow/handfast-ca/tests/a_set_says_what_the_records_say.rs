//! Revocation sets and answers of OCSP out of the records: the same for every certificate that was issued.

mod place;

use handfast_ca::{
    Applicant, Authority, CertRequest, ExistingAuthority, Query, Reason, Requester, SignedSets, Which,
};
use handfast_pki::{
    Certificate, KeyKind, PrivateKey, Profile,
    name::AltName,
    ocsp::{CertId, Status},
    pem,
    revocation::set::{Answer, RevocationSets},
    text::unhex,
};

use crate::place::{Scratch, authority, days, now};

fn issue(authority: &Authority, name: &str) -> Certificate {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let request = CertRequest {
        profile: Profile::Client.into(),
        applicant: Applicant::holding(&key),
        names: vec![AltName::uri(&format!("spiffe://acme/{name}")).expect("a name")],
        common_name: None,
        lifetime: Some(days(10)),
        roles: Vec::new(),
    };
    authority
        .issue(request, now())
        .expect("issued")
        .certificate()
        .clone()
}

fn revoke(authority: &Authority, serial: String) {
    let reason = Reason::KeyCompromise;
    let selection = authority
        .to_revoke(&Which::Serial(serial), reason, false, now())
        .expect("a selection");
    authority
        .revoke_selected(&selection, reason, &Requester::Owner, now())
        .expect("revoked");
}

fn publish(authority: &Authority, at: jiff::Timestamp) -> SignedSets {
    authority
        .publish_sets(days(1), &Requester::Owner, at)
        .expect("sets")
}

fn read(sets: &SignedSets, at: jiff::Timestamp) -> RevocationSets {
    RevocationSets::read(&sets.to_der().expect("a file"), at).expect("read")
}

#[test]
fn a_set_and_the_records_agree_on_every_certificate() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let all: Vec<_> = (0..40)
        .map(|number| issue(&authority, &number.to_string()))
        .collect();
    for certificate in all.iter().step_by(3) {
        revoke(&authority, certificate.serial());
    }
    let sets = read(&publish(&authority, now()), now());
    let mut revoked = 0;
    for row in authority.find(&Query::default()).expect("rows").rows {
        let certificate = Certificate::from_der(row.der.as_deref().expect("issued")).expect("a certificate");
        let issuer = authority
            .chain()
            .iter()
            .find(|ca| certificate.is_signed_by(&ca.public_key()))
            .expect("one of the path");
        let set = sets.of(&issuer.public_key()).expect("a set of every CA");
        let expected = if row.revoked.is_some() {
            Answer::Revoked
        } else {
            Answer::Good
        };
        // A root says nothing about itself.
        if certificate != *issuer {
            assert_eq!(
                set.answer(certificate.serial_octets(), now()),
                expected,
                "{}",
                row.serial
            );
        }
        revoked += usize::from(row.revoked.is_some());
    }
    assert_eq!(revoked, 14);
    let issuing = sets
        .of(&authority.chain()[0].public_key())
        .expect("of the issuing CA");
    assert_eq!(issuing.revoked(), 14);
    assert!(!issuing.answer(&[0x2f; 20], now()).is_good(), "never given");
    assert!(!issuing.answer(&[0x4f; 20], now()).is_good(), "never given");
}

#[test]
fn a_certificate_is_good_from_the_next_set_on_and_gone_from_it_when_it_expires() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let before = read(&publish(&authority, now()), now());
    let late = issue(&authority, "late");
    let key = authority.chain()[0].public_key();
    let answer = |sets: &RevocationSets, at| sets.of(&key).expect("a set").answer(late.serial_octets(), at);
    assert!(!answer(&before, now()).is_good());
    let after = read(&publish(&authority, now()), now());
    assert_eq!(answer(&after, now()), Answer::Good);
    after.must_follow(&before).expect("the next one");
    assert!(before.must_follow(&after).is_err());
    let expired = now() + days(11);
    let last = read(&publish(&authority, expired), expired);
    assert!(!answer(&last, expired).is_good());
}

#[test]
fn the_set_of_a_root_whose_key_is_away_is_handed_out_while_it_is_true() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let ca = authority(&place);
    assert_eq!(publish(&ca, now()).sets().len(), 2);
    std::fs::rename(place.join("root.key"), scratch.at("root.key")).expect("taken away");
    let later = publish(&ca, now() + days(200));
    assert_eq!((later.sets().len(), later.missing().len()), (2, 0));
    assert_eq!(later.sets()[1].age(now() + days(200)).warning(), Some(50));
    let ages = ca.published(now() + days(340)).expect("ages");
    let root = ages
        .iter()
        .find(|one| one.what == "revocation set" && one.issuer.contains("Root"));
    assert_eq!(root.and_then(|root| root.age.warning()), Some(90));
    assert_eq!(
        publish(&ca, now() + days(400)).missing()[0].why,
        "its key is not here, and its last set has expired"
    );
    revoke(&ca, ca.chain()[0].serial());
    assert_eq!(
        publish(&ca, now() + days(1)).missing()[0].why,
        "its key is not here, and it has revoked a CA since its last set"
    );
}

#[test]
fn an_imported_ca_says_no_only_to_what_it_has_revoked() {
    let scratch = Scratch::new();
    let old = authority(&scratch.at("old"));
    let before = issue(&old, "before");
    let key = std::fs::read(scratch.at("old").join("issuing.key")).expect("a file");
    let existing = ExistingAuthority {
        chain: old.chain().to_vec(),
        key: pem::private_key(&key).expect("a key"),
        intermediate: None,
    };
    let new = Authority::import(&scratch.at("new"), existing, now()).expect("imported");
    let bad = issue(&new, "bad");
    revoke(&new, bad.serial());
    let sets = read(&publish(&new, now()), now());
    let set = sets.of(&new.chain()[0].public_key()).expect("a set");
    assert_eq!(set.answer(before.serial_octets(), now()), Answer::Good);
    assert_eq!(set.answer(bad.serial_octets(), now()), Answer::Revoked);
}

#[test]
fn answers_of_ocsp_say_the_same() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (good, bad) = (issue(&authority, "good"), issue(&authority, "bad"));
    revoke(&authority, bad.serial());
    let mut said = Vec::new();
    let count = authority
        .ocsp(days(1))
        .each(&Requester::Owner, now(), &mut |serial, answer| {
            said.push((serial.to_owned(), answer.statuses[0].1));
            Ok(())
        })
        .expect("answers");
    assert_eq!(count, 2);
    assert!(said.contains(&(good.serial(), Status::Good)));
    let is_revoked = |status: &Status| matches!(status, Status::Revoked { at, .. } if *at == now());
    assert!(
        said.iter()
            .any(|(serial, status)| *serial == bad.serial() && is_revoked(status))
    );
    let id = CertId::of(&authority.chain()[0], &unhex(&good.serial()).expect("octets"));
    assert!(id.is_of(&authority.chain()[0]) && !id.is_of(&authority.chain()[1]));
}
