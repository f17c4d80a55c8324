//! Revocation lists that are verified once, and what lists and sets do to a path: what is unknown is refused.

use std::sync::Arc;

use handfast_pki::{
    Certificate, PrivateKey, Profile, Purpose, Refusal, Trust,
    build::Issuer,
    code,
    crl::build::{self as crl, CrlReason, Draft},
    revocation::{
        Revocation, Stale,
        list::{CrlIndex, ListAnswer, ListError},
        set::{RevocationSets, build as set},
    },
    text::hex,
    verify,
};
use handfast_testkit::{Ca, Leaf, Pair, trust};
use jiff::{SignedDuration, Timestamp};

fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).expect("a time")
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// A list of `ca` that names `revoked`, spoilt by `spoil`.
fn list(ca: &Ca, revoked: &[&Certificate], spoil: impl FnOnce(&mut crl::Plan<'_>)) -> Vec<u8> {
    by(&ca.key, &ca.certificate, revoked, spoil)
}

fn by(
    key: &PrivateKey,
    ca: &Certificate,
    revoked: &[&Certificate],
    spoil: impl FnOnce(&mut crl::Plan<'_>),
) -> Vec<u8> {
    let issuer = Issuer::new(ca, key);
    let mut plan = crl::Plan {
        issuer: &issuer,
        number: 5,
        this_update: now() - hours(1),
        next_update: now() + hours(1),
        point: None,
    };
    spoil(&mut plan);
    let mut draft = Draft::new(&plan).expect("planned");
    for certificate in revoked {
        let at = now() - hours(1);
        draft
            .add(&hex(certificate.serial_octets()), at, CrlReason::KeyCompromise)
            .expect("an entry");
    }
    let tbs = draft.finish().expect("planned");
    let signature = key.sign(tbs.as_bytes()).expect("signed");
    tbs.assemble(&issuer.algorithm, &signature).expect("assembled")
}

fn read(lists: &[&[u8]], issuers: &[&Ca]) -> Result<CrlIndex, ListError> {
    let issuers: Vec<_> = issuers.iter().map(|ca| ca.certificate.clone()).collect();
    CrlIndex::read(lists.iter().copied(), &issuers, now())
}

/// A root, an issuing CA and a client's chain.
struct Place {
    root: Ca,
    issuing: Ca,
    pair: Pair,
}

impl Place {
    fn new() -> Self {
        let root = Ca::root("Root");
        let issuing = root.below("Issuing");
        let pair = issuing.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"));
        Self { root, issuing, pair }
    }

    fn judge(&self, revocation: Revocation) -> Result<(), Refusal> {
        let trust: Trust = trust(&[&self.root]).with_revocation(Arc::new(revocation));
        let chain: Vec<_> = self.pair.chain.iter().map(|one| one.der().clone()).collect();
        let verdict = verify::verify(&chain, &trust, Purpose::Client, now());
        let faults = verify::faults(&self.pair.chain, &trust, Purpose::Client, now());
        assert_eq!(
            verdict.is_ok(),
            faults.is_empty(),
            "proxy and doctor agree: {faults:?}"
        );
        verdict.map(drop)
    }

    fn with_lists(&self, lists: &[&[u8]]) -> Result<(), Refusal> {
        self.judge(Revocation {
            lists: read(lists, &[&self.root, &self.issuing]).expect("lists"),
            ..Revocation::default()
        })
    }
}

#[test]
fn a_path_is_good_with_a_list_of_every_ca_and_refused_without_one() {
    let place = Place::new();
    let (above, below) = (list(&place.root, &[], |_| {}), list(&place.issuing, &[], |_| {}));
    assert_eq!(place.with_lists(&[&above, &below]), Ok(()));
    for (given, role) in [
        (&below, handfast_pki::Role::Issuer),
        (&above, handfast_pki::Role::Leaf),
    ] {
        let refused = place.with_lists(&[given]).expect_err("one is missing");
        assert!(matches!(refused, Refusal::RevocationUnknown { .. }), "{refused}");
        assert_eq!(
            (refused.role(), refused.code(Purpose::Client)),
            (role, code::CRL_UNUSABLE)
        );
    }
}

#[test]
fn a_leaf_and_a_ca_that_a_list_names_are_refused_and_named() {
    let place = Place::new();
    let (above, below) = (list(&place.root, &[], |_| {}), list(&place.issuing, &[], |_| {}));
    let leaf = list(&place.issuing, &[&place.pair.certificate], |_| {});
    let ca = list(&place.root, &[&place.issuing.certificate], |_| {});
    let refused = place
        .with_lists(&[&above, &leaf])
        .expect_err("the leaf is revoked");
    assert_eq!(refused.code(Purpose::Client), code::REVOKED);
    assert!(refused.to_string().contains("spiffe://acme/web"), "{refused}");
    let refused = place.with_lists(&[&ca, &below]).expect_err("the CA is revoked");
    assert_eq!(refused.to_string(), "the CA \"CN=Issuing\" was revoked");
    // Any list that names it is enough.
    assert!(place.with_lists(&[&above, &below, &leaf]).is_err());
}

#[test]
fn a_list_that_expires_while_it_is_used_refuses_unless_that_is_decided_otherwise() {
    let place = Place::new();
    let lists = [list(&place.root, &[], |_| {}), list(&place.issuing, &[], |_| {})];
    let lists = read(&[&lists[0], &lists[1]], &[&place.root, &place.issuing]).expect("lists");
    let key = place.issuing.key.public_key();
    let leaf = &place.pair.certificate;
    assert_eq!(lists.answer(leaf, &key, now() + hours(1)), ListAnswer::Good);
    assert_eq!(lists.answer(leaf, &key, now() + hours(2)), ListAnswer::Stale);
    assert_eq!(
        lists.answer(leaf, &Ca::root("Issuing").key.public_key(), now()),
        ListAnswer::Missing
    );
    let chain: Vec<_> = place.pair.chain.iter().map(|one| one.der().clone()).collect();
    let judge = |stale| {
        let lists = lists.clone();
        let sets = RevocationSets::default();
        let revocation = Arc::new(Revocation { sets, lists, stale });
        let trust = trust(&[&place.root]).with_revocation(revocation);
        verify::verify(&chain, &trust, Purpose::Client, now() + hours(2)).map(drop)
    };
    assert!(matches!(
        judge(Stale::Refuse),
        Err(Refusal::RevocationUnknown { .. })
    ));
    assert_eq!(judge(Stale::DangerouslyKeep), Ok(()));
}

#[test]
fn a_chain_that_was_accepted_falls_with_the_next_list() {
    let place = Place::new();
    let lists = |revoked: &[&Certificate]| {
        let lists = [
            list(&place.root, &[], |_| {}),
            list(&place.issuing, revoked, |_| {}),
        ];
        let lists = read(&[&lists[0], &lists[1]], &[&place.root, &place.issuing]).expect("lists");
        Arc::new(Revocation {
            lists,
            ..Revocation::default()
        })
    };
    let before = trust(&[&place.root]).with_revocation(lists(&[]));
    let chain: Vec<_> = place.pair.chain.iter().map(|one| one.der().clone()).collect();
    let accepted = verify::verify(&chain, &before, Purpose::Client, now()).expect("accepted");
    assert!(accepted.still_holds(&before, now()).is_ok());
    let after = trust(&[&place.root]).with_revocation(lists(&[&place.pair.certificate]));
    let refused = accepted
        .still_holds(&after, now())
        .expect_err("revoked meanwhile");
    assert_eq!(refused.code(Purpose::Client), code::REVOKED);
}

#[test]
fn a_list_that_is_not_signed_by_its_ca_is_expired_or_from_the_future_is_refused() {
    let (ca, other) = (Ca::root("Acme"), Ca::root("Acme"));
    let good = list(&ca, &[], |_| {});
    assert!(read(&[&good], &[&ca]).is_ok());
    assert!(
        read(&[&good], &[&other, &ca]).is_ok(),
        "the one that fits is found"
    );
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert!(read(&[&bad], &[&ca]).is_err(), "bit in octet {place}");
        assert!(read(&[&good[..place]], &[&ca]).is_err(), "cut at {place}");
    }
    let refused = read(&[&good], &[&other]).expect_err("another key");
    assert!(matches!(refused, ListError::NotSigned { .. }), "{refused}");
    let refused = read(&[&good], &[&Ca::root("Other")]).expect_err("another name");
    assert!(matches!(refused, ListError::UnknownIssuer { .. }), "{refused}");
    let old = list(&ca, &[], |plan| {
        (plan.this_update, plan.next_update) = (now() - hours(2), now() - hours(1));
    });
    let refused = read(&[&good, &old], &[&ca]).expect_err("expired");
    assert!(matches!(refused, ListError::Expired { .. }), "{refused}");
    let early = list(&ca, &[], |plan| {
        plan.this_update = now() + SignedDuration::from_mins(30)
    });
    let refused = read(&[&early], &[&ca]).expect_err("from the future");
    assert!(matches!(refused, ListError::FromTheFuture { .. }), "{refused}");
}

#[test]
fn a_leaf_signs_no_lists() {
    let ca = Ca::root("Acme");
    let pair = ca.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"));
    let forged = by(&pair.key, &pair.certificate, &[], |_| {});
    let refused = CrlIndex::read([&forged[..]], &[pair.certificate], now()).expect_err("no CA");
    assert!(refused.to_string().contains("cRLSign"), "{refused}");
}

#[test]
fn a_set_comes_before_a_list_and_knows_what_was_never_issued() {
    let place = Place::new();
    let of = |ca: &Ca, issued: &[&Certificate], revoked: &[&Certificate]| {
        let algorithm = ca.key.signature_algorithm();
        let plan = set::Plan {
            issuer: &ca.certificate,
            signer: None,
            algorithm: &algorithm,
            number: 1,
            this_update: now(),
            next_update: now() + hours(1),
            first_index: 0,
            next_index: 0,
            is_complete: true,
        };
        let mut contents = set::Contents::default();
        issued
            .iter()
            .for_each(|one| contents.issue_other(one.serial_octets()));
        revoked
            .iter()
            .for_each(|one| contents.revoke_other(one.serial_octets()));
        let tbs = set::to_be_signed(&plan, contents).expect("planned");
        let signature = ca.key.sign(&tbs).expect("signed");
        set::assemble(&tbs, &algorithm, &signature).expect("assembled")
    };
    let judge = |sets: &[&[u8]]| {
        place.judge(Revocation {
            sets: RevocationSets::read(&set::file(sets).expect("a file"), now()).expect("sets"),
            // The list would find everything good.
            lists: read(&[&list(&place.issuing, &[], |_| {})], &[&place.issuing]).expect("a list"),
            stale: Stale::Refuse,
        })
    };
    let leaf = &place.pair.certificate;
    let above = of(&place.root, &[&place.issuing.certificate], &[]);
    assert_eq!(judge(&[&above, &of(&place.issuing, &[leaf], &[])]), Ok(()));
    assert_eq!(judge(&[&above]), Ok(()), "the list stands in for the set");
    let refused = judge(&[&above, &of(&place.issuing, &[], &[])]).expect_err("never issued");
    assert!(matches!(refused, Refusal::NotIssued { .. }), "{refused}");
    assert_eq!(refused.code(Purpose::Client), code::NOT_ISSUED);
    let refused = judge(&[&above, &of(&place.issuing, &[leaf], &[leaf])]).expect_err("revoked");
    assert_eq!(refused.code(Purpose::Client), code::REVOKED);
}
