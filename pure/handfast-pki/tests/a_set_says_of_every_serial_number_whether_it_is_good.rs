//! Revocation sets: the answer about every serial number, whose signature counts, and which files are refused.

use handfast_pki::{
    Certificate, PrivateKey, code,
    revocation::set::{
        Answer, RevocationSets, SetError,
        build::{self, Contents, Plan},
    },
    serial::Serial,
};
use handfast_testkit::{Ca, Leaf};
use jiff::{SignedDuration, Timestamp};

fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).expect("a time")
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn serial(index: u64) -> Vec<u8> {
    Serial::indexed([7; 14], index)
        .expect("an index")
        .octets()
        .to_vec()
}

/// One set, spoilt by `spoil`.
fn set(ca: &Ca, contents: Contents, spoil: impl FnOnce(&mut Plan<'_>)) -> Vec<u8> {
    signed(&ca.key, &ca.certificate, None, contents, spoil)
}

fn signed(
    by: &PrivateKey,
    issuer: &Certificate,
    signer: Option<&Certificate>,
    contents: Contents,
    spoil: impl FnOnce(&mut Plan<'_>),
) -> Vec<u8> {
    let algorithm = by.signature_algorithm();
    let mut plan = Plan {
        issuer,
        signer,
        algorithm: &algorithm,
        number: 7,
        this_update: now() - hours(1),
        next_update: now() + hours(23),
        first_index: 100,
        next_index: 200,
        is_complete: true,
    };
    spoil(&mut plan);
    let tbs = build::to_be_signed(&plan, contents).expect("planned");
    let signature = by.sign(&tbs).expect("signed");
    build::assemble(&tbs, &algorithm, &signature).expect("assembled")
}

fn read(sets: &[&[u8]]) -> Result<RevocationSets, SetError> {
    RevocationSets::read(&build::file(sets).expect("a file"), now())
}

fn contents() -> Contents {
    let mut contents = Contents::default();
    contents.revoke_index(99);
    contents.revoke_index(150);
    contents.revoke_other(&[0x45; 20]);
    contents.issue_other(&[0x44; 20]);
    contents
}

#[test]
fn every_serial_number_has_its_answer_and_one_that_was_never_given_is_not_good() {
    let ca = Ca::root("Acme");
    let sets = read(&[&set(&ca, contents(), |_| {})]).expect("read");
    let set = sets.of(&ca.key.public_key()).expect("of this CA");
    for (octets, expected) in [
        (serial(100), Answer::Good),
        (serial(149), Answer::Good),
        (serial(150), Answer::Revoked),
        (serial(199), Answer::Good),
        (serial(200), Answer::Beyond),
        (serial(99), Answer::Past),
        (vec![0x44; 20], Answer::Good),
        (vec![0x45; 20], Answer::Revoked),
        (vec![0x46; 20], Answer::NotIssued),
        (vec![1], Answer::NotIssued),
        (vec![], Answer::NotIssued),
    ] {
        assert_eq!(set.answer(&octets, now()), expected, "{octets:?}");
        assert_eq!(set.last_word(&octets), expected);
    }
    assert_eq!((set.number(), set.revoked(), set.indexes()), (7, 2, 100..200));
    assert_eq!(set.revoked_indexes().collect::<Vec<_>>(), [150]);
    assert_eq!(set.issuer(), &ca.certificate);
    assert!(sets.of(&Ca::root("Acme").key.public_key()).is_none());
}

#[test]
fn a_ca_that_does_not_know_all_of_its_numbers_refuses_only_what_it_revoked() {
    let ca = Ca::root("Imported");
    let mut contents = contents();
    // It looks like one of ours, with an index that was never given.
    contents.revoke_other(&serial(1 << 40));
    let sets = read(&[&set(&ca, contents, |plan| plan.is_complete = false)]).expect("read");
    let set = sets.iter().next().expect("one");
    for (octets, expected) in [
        (vec![0x46; 20], Answer::Good),
        (serial(1 << 39), Answer::Good),
        (serial(1 << 40), Answer::Revoked),
        (serial(150), Answer::Revoked),
        (vec![0x45; 20], Answer::Revoked),
    ] {
        assert_eq!(set.answer(&octets, now()), expected, "{octets:?}");
    }
}

#[test]
fn a_stale_set_is_good_for_nothing_and_still_knows_what_was_revoked() {
    let ca = Ca::root("Acme");
    let stale = set(&ca, contents(), |plan| {
        (plan.this_update, plan.next_update) = (now() - hours(48), now() - hours(24));
    });
    let sets = read(&[&stale]).expect("read");
    let set = sets.iter().next().expect("one");
    assert_eq!(set.answer(&serial(100), now()), Answer::Stale);
    assert_eq!(set.answer(&serial(100), now() - hours(30)), Answer::Good);
    assert_eq!(set.last_word(&serial(100)), Answer::Good);
    assert_eq!(set.answer(&serial(150), now()), Answer::Revoked);
    assert_eq!(set.answer(&serial(200), now()), Answer::Beyond);
    assert_eq!(set.age(now()).warning(), Some(100));
    let next = set.next_update();
    assert_eq!(
        set.answer(&serial(100), next),
        Answer::Good,
        "until the last second"
    );
}

#[test]
fn a_set_that_its_issuer_has_not_signed_is_refused() {
    let (ca, other) = (Ca::root("Acme"), Ca::root("Acme"));
    let good = set(&ca, contents(), |_| {});
    let file = build::file(&[&good]).expect("a file");
    assert!(RevocationSets::read(&file, now()).is_ok());
    for place in 0..file.len() {
        let mut bad = file.clone();
        bad[place] ^= 1;
        assert!(RevocationSets::read(&bad, now()).is_err(), "bit in octet {place}");
        assert!(
            RevocationSets::read(&file[..place], now()).is_err(),
            "cut at {place}"
        );
    }
    for (by, issuer, signer) in [
        (&other.key, &ca.certificate, None),
        (&ca.key, &other.certificate, None),
        (&other.key, &ca.certificate, Some(&other.certificate)),
        // A certificate of the CA is no signer of sets.
        (&ca.key, &ca.certificate, Some(&ca.certificate)),
    ] {
        let refused = read(&[&signed(by, issuer, signer, contents(), |_| {})]).expect_err("refused");
        assert!(matches!(refused, SetError::NotSigned { .. }), "{refused}");
        assert_eq!(refused.code(), code::CRL_UNUSABLE);
    }
    let leaf = ca.issue(&Leaf::of(handfast_pki::Profile::Client, "spiffe://acme/web"));
    let by_leaf = signed(
        &leaf.key,
        &ca.certificate,
        Some(&leaf.certificate),
        contents(),
        |_| {},
    );
    let refused = read(&[&by_leaf]);
    let refused = refused.expect_err("a leaf is no signer").to_string();
    assert!(
        refused.contains("is not certified for revocation sets"),
        "{refused}"
    );
}

#[test]
fn a_file_from_the_future_with_two_of_one_issuer_or_with_none_is_refused() {
    let (one, two) = (Ca::root("One"), Ca::root("Two"));
    let of = |ca: &Ca| set(ca, contents(), |_| {});
    assert_eq!(
        read(&[&of(&one), &of(&two)]).expect("two issuers").iter().count(),
        2
    );
    let twice = read(&[&of(&one), &of(&two), &of(&one)]).expect_err("twice");
    assert!(matches!(twice, SetError::Twice { .. }), "{twice}");
    let early = |minutes| {
        set(&one, contents(), |plan| {
            plan.this_update = now() + SignedDuration::from_mins(minutes)
        })
    };
    assert!(read(&[&early(4)]).is_ok());
    let refused = read(&[&early(7)]).expect_err("from the future");
    assert!(matches!(refused, SetError::FromTheFuture { .. }), "{refused}");
    assert!(read(&[]).is_err());
}

#[test]
fn an_older_file_does_not_follow_a_newer_one() {
    let (one, two) = (Ca::root("One"), Ca::root("Two"));
    let file = |number: u64| {
        let of = |ca: &Ca| set(ca, contents(), |plan| plan.number = number);
        read(&[&of(&one), &of(&two)]).expect("read")
    };
    assert_eq!(file(7).must_follow(&file(7)), Ok(()));
    assert_eq!(file(8).must_follow(&file(7)), Ok(()));
    let older = file(6).must_follow(&file(7)).expect_err("older");
    assert!(
        matches!(
            older,
            SetError::Older {
                found: 6,
                expected: 7,
                ..
            }
        ),
        "{older}"
    );
    let alone = read(&[&set(&one, contents(), |plan| plan.number = 9)]).expect("read");
    let missing = alone.must_follow(&file(7)).expect_err("one is gone");
    assert!(matches!(missing, SetError::Missing { .. }), "{missing}");
    assert_eq!(
        file(7).must_follow(&alone).map_err(|error| error.code()),
        Err(code::CRL_UNUSABLE)
    );
}

#[test]
fn what_the_ca_says_later_adds_and_takes_nothing_back() {
    let ca = Ca::root("Acme");
    let mut sets = read(&[&set(&ca, contents(), |_| {})]).expect("read");
    let set = sets.iter_mut().next().expect("one");
    set.advance([160, 205], 210);
    for (index, expected) in [
        (150, Answer::Revoked),
        (160, Answer::Revoked),
        (204, Answer::Good),
        (205, Answer::Revoked),
        (210, Answer::Beyond),
    ] {
        assert_eq!(set.answer(&serial(index), now()), expected, "{index}");
    }
    set.advance([], 50);
    assert_eq!(set.indexes(), 100..210);
}

#[test]
fn an_index_that_was_not_given_cannot_be_revoked() {
    let ca = Ca::root("Acme");
    let algorithm = ca.key.signature_algorithm();
    let plan = Plan {
        issuer: &ca.certificate,
        signer: None,
        algorithm: &algorithm,
        number: 1,
        this_update: now(),
        next_update: now(),
        first_index: 0,
        next_index: 5,
        is_complete: true,
    };
    let mut contents = Contents::default();
    contents.revoke_index(4);
    assert!(build::to_be_signed(&plan, contents.clone()).is_ok());
    contents.revoke_index(5);
    assert!(build::to_be_signed(&plan, contents).is_err());
}
