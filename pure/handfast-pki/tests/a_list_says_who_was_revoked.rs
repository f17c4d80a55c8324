//! A revocation list is believed of its issuer alone, for the certificates that it speaks for, as long as it is current.

use std::sync::Arc;

use handfast_pki::{
    Anchors, Held, Profile, Purpose, Refusal, RevocationSource, Revocations, SignedList, Trust, TrustedCa,
    VerifiedChain, code,
    crl::build::{self, CrlReason, Draft},
    revocation::Stale,
    verify::verify,
};
use handfast_testkit::{Ca, Leaf, Pair};
use jiff::{SignedDuration, Timestamp};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A list of `ca` that was made `at` and is good for two hours.
fn list(ca: &Ca, number: u64, at: Timestamp, revoked: &[&Pair]) -> SignedList {
    signed(ca, std::slice::from_ref(&ca.certificate), number, at, revoked)
}

/// The same, read where `issuers` are known.
fn signed(
    ca: &Ca,
    issuers: &[handfast_pki::Certificate],
    number: u64,
    at: Timestamp,
    revoked: &[&Pair],
) -> SignedList {
    SignedList::read(&der(ca, number, at, revoked), issuers, at, Stale::Refuse).expect("read")
}

fn der(ca: &Ca, number: u64, at: Timestamp, revoked: &[&Pair]) -> Vec<u8> {
    let issuer = handfast_pki::build::Issuer::new(&ca.certificate, &ca.key);
    let plan = build::Plan {
        issuer: &issuer,
        number,
        this_update: at,
        next_update: at + 2 * HOUR,
        point: None,
    };
    let mut draft = Draft::new(&plan).expect("a list");
    for pair in revoked {
        let serial = pair.certificate.serial();
        draft.add(&serial, at, CrlReason::Unspecified).expect("an entry");
    }
    let list = draft.finish().expect("a list");
    let signature = ca.key.sign(list.as_bytes()).expect("a signature");
    list.assemble(&issuer.algorithm, &signature).expect("a list")
}

fn trust(root: &Ca, lists: Vec<SignedList>, stale: Stale) -> Trust {
    let now = Timestamp::now();
    let anchors = Anchors::new(vec![root.certificate.clone()], now).expect("an anchor");
    let source = RevocationSource {
        name: "acme.crl".into(),
        held: Held::Lists(lists.into_iter().map(Arc::new).collect()),
    };
    let revocations = Revocations::new(vec![source], stale);
    let ca = TrustedCa::for_every_name("acme", anchors).with_revocations(revocations);
    Trust::new(vec![ca], 1).expect("trust")
}

fn judge(pair: &Pair, trust: &Trust, at: Timestamp) -> Result<VerifiedChain, Refusal> {
    let ders: Vec<_> = pair.chain.iter().map(|one| one.der().clone()).collect();
    verify(&ders, trust, Purpose::Client, at)
}

fn client(ca: &Ca) -> Pair {
    ca.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"))
}

#[test]
fn who_stands_in_the_list_of_its_issuer_is_revoked_and_others_are_good() {
    let root = Ca::root("Acme");
    let (gone, good) = (client(&root), client(&root));
    let now = Timestamp::now();
    let trust = trust(&root, vec![list(&root, 1, now - HOUR, &[&gone])], Stale::Refuse);
    let chain = judge(&good, &trust, now).expect("good");
    assert_eq!(
        chain.holds_until().as_second(),
        (now + HOUR).as_second(),
        "no longer than the list"
    );
    let refusal = judge(&gone, &trust, now).expect_err("revoked");
    assert_eq!(refusal.code(Purpose::Client), code::REVOKED);
}

#[test]
fn every_ca_of_the_chain_needs_a_list_and_a_revoked_one_takes_all_below_it_along() {
    let root = Ca::root("Acme");
    let issuing = root.below("Issuing");
    let (web, now) = (client(&issuing), Timestamp::now());
    // Nobody knows the issuing CA when the list is read: it waits for a chain that shows it.
    let own = || signed(&issuing, &[], 1, now, &[]);
    let judge = |lists| {
        judge(&web, &trust(&root, lists, Stale::Refuse), now).map_err(|refusal| refusal.code(Purpose::Client))
    };
    assert!(judge(vec![own(), list(&root, 1, now, &[])]).is_ok());
    for lists in [vec![own()], vec![list(&root, 1, now, &[])], Vec::new()] {
        assert_eq!(judge(lists).expect_err("one is missing"), code::CRL_UNUSABLE);
    }
    let of_issuing = Pair {
        certificate: issuing.certificate.clone(),
        key: client(&root).key,
        chain: Vec::new(),
    };
    let revoked = vec![own(), list(&root, 1, now, &[&of_issuing])];
    assert_eq!(judge(revoked).expect_err("its CA is revoked"), code::REVOKED);
}

#[test]
fn a_list_by_another_key_says_nothing() {
    let root = Ca::root("Acme");
    let impostor = Ca::root("Acme");
    let (web, now) = (client(&root), Timestamp::now());
    let with = |list| judge(&web, &trust(&root, vec![list], Stale::Refuse), now);
    let refusal = with(list(&impostor, 1, now, &[])).expect_err("nobody knows");
    assert_eq!(refusal.code(Purpose::Client), code::CRL_UNUSABLE);
    assert!(with(list(&root, 1, now, &[])).is_ok());
}

#[test]
fn a_candidate_replaces_nothing_until_its_ca_is_shown_and_a_forged_one_never_does() {
    let root = Ca::root("Acme");
    let (issuing, impostor) = (root.below("Issuing"), root.below("Issuing"));
    let (web, now) = (client(&issuing), Timestamp::now());
    let good = signed(&issuing, std::slice::from_ref(&issuing.certificate), 1, now, &[]);
    let forged = || signed(&impostor, &[], 0x7fff, now, &[]);
    assert!(!good.is_older_than(&forged()), "a number that anybody can write");
    let later = signed(&issuing, &[], 2, now, &[]);
    assert!(
        !later.is_verified() && !good.is_older_than(&later),
        "not before its CA is shown"
    );
    later.show(&issuing.certificate, now);
    assert!(later.is_verified() && good.is_older_than(&later));
    let with = |lists| judge(&web, &trust(&root, lists, Stale::Refuse), now);
    let of_root = || list(&root, 1, now, &[]);
    assert!(
        with(vec![of_root(), forged(), good]).is_ok(),
        "the one that verifies counts"
    );
    let refusal = with(vec![of_root(), forged()]).expect_err("nobody has signed it");
    assert_eq!(refusal.code(Purpose::Client), code::CRL_UNUSABLE);
    let why = refusal.to_string();
    assert!(
        why.contains("\"acme.crl\" cannot be used") && why.contains("signature"),
        "{why}"
    );
}

#[test]
fn a_candidate_of_a_kind_that_is_not_used_is_refused_before_its_ca_is_shown() {
    let (ca, now) = (Ca::root("Issuing"), Timestamp::now());
    let read = |der: &[u8]| SignedList::read(der, &[], now, Stale::Refuse).map_err(|error| error.to_string());
    let full = der(&ca, 1, now, &[]);
    assert!(read(&full).is_ok_and(|list| !list.is_verified()));
    // CRL number (2.5.29.20) becomes the delta CRL indicator (2.5.29.27).
    let number = full.windows(3).position(|part| part == [0x55, 0x1d, 20]);
    let number = number.expect("a list has a number");
    let mut delta = full.clone();
    delta[number + 2] = 27;
    let why = read(&delta).expect_err("a delta list");
    assert!(why.contains("delta list"), "{why}");
    let ahead = der(&ca, 1, now + HOUR, &[]);
    let why = read(&ahead).expect_err("from the future");
    assert!(why.contains("is from"), "{why}");
}

#[test]
fn an_overdue_list_rejects_or_is_kept_as_the_operator_wants_and_still_names_who_is_revoked() {
    let root = Ca::root("Acme");
    let (gone, good) = (client(&root), client(&root));
    let now = Timestamp::now();
    for (stale, for_good) in [
        (Stale::Refuse, Err(code::CRL_UNUSABLE)),
        (Stale::DangerouslyKeep, Ok(())),
    ] {
        let lists = vec![list(&root, 1, now - 3 * HOUR, &[&gone])];
        let trust = trust(&root, lists, stale);
        let judged = |pair| {
            judge(pair, &trust, now)
                .map(drop)
                .map_err(|refusal| refusal.code(Purpose::Client))
        };
        assert_eq!(judged(&good), for_good);
        assert_eq!(judged(&gone), Err(code::REVOKED));
    }
}

#[test]
fn an_older_list_is_known_by_its_number() {
    let root = Ca::root("Acme");
    let now = Timestamp::now();
    let (old, new) = (list(&root, 255, now, &[]), list(&root, 256, now - HOUR, &[]));
    assert!(old.is_older_than(&new) && !new.is_older_than(&old));
    let other = list(&Ca::root("Beta"), 1, now - HOUR, &[]);
    assert!(!other.is_older_than(&new), "of another CA");
}

#[test]
fn a_chain_that_was_verified_is_judged_again_by_the_lists_of_now() {
    let root = Ca::root("Acme");
    let (web, now) = (client(&root), Timestamp::now());
    let before = trust(&root, vec![list(&root, 1, now, &[])], Stale::Refuse);
    let chain = judge(&web, &before, now).expect("good");
    let after = trust(&root, vec![list(&root, 2, now, &[&web])], Stale::Refuse);
    assert!(chain.still_holds(&before, now).is_ok());
    let refusal = chain.still_holds(&after, now).expect_err("revoked since");
    assert_eq!(refusal.code(Purpose::Client), code::REVOKED);
}
