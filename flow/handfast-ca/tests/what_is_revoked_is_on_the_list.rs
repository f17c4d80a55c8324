//! Revoking: what a selection takes, what a list then says, and what can never be had again.

mod place;

use handfast_ca::{
    Applicant, Authority, Because, CertRequest, Error, JournalQuery, Reason, Requester, RevocationLists,
    Which,
};
use handfast_pki::{
    Certificate, KeyKind, NamePattern, PrivateKey, Profile, code, crl::RevocationList, name::AltName,
};

use crate::place::{Scratch, authority, days, new_authority, now};

fn issue(authority: &Authority, uri: &str) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let certificate = with_key(authority, uri, &key);
    (key, certificate)
}

fn with_key(authority: &Authority, uri: &str, key: &PrivateKey) -> Certificate {
    authority
        .issue(asked(uri, key), now())
        .expect("issued")
        .certificate()
        .clone()
}

fn asked(uri: &str, key: &PrivateKey) -> CertRequest {
    CertRequest {
        profile: Profile::Client.into(),
        applicant: Applicant::holding(key),
        names: vec![AltName::uri(uri).expect("a name")],
        common_name: None,
        lifetime: Some(days(10)),
        roles: Vec::new(),
    }
}

fn lists(authority: &Authority, at: jiff::Timestamp) -> (RevocationLists, Vec<RevocationList>) {
    let signed = authority.publish(days(7), &Requester::Owner, at).expect("lists");
    let read = signed
        .lists()
        .iter()
        .map(|signed| RevocationList::from_der(&signed.list.der).expect("a list"))
        .collect();
    (signed, read)
}

fn revoke(authority: &Authority, which: &Which, reason: Reason) -> Vec<(String, Because)> {
    let selection = authority
        .to_revoke(which, reason, false, now())
        .expect("a selection");
    authority
        .revoke_selected(&selection, reason, &Requester::Owner, now())
        .expect("revoked");
    let taken = selection.taken().iter();
    taken
        .map(|taken| (taken.row().serial.clone(), taken.because()))
        .collect()
}

#[test]
fn a_list_names_what_was_revoked_and_nothing_else_and_its_number_grows() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (_, bad) = issue(&authority, "spiffe://acme/bad");
    let (_, good) = issue(&authority, "spiffe://acme/good");
    let (_, before) = lists(&authority, now());
    assert_eq!(before.len(), 2, "of the issuing CA and of the root");
    assert!(
        before
            .iter()
            .all(|list| list.revoked.is_empty() && list.version == 2)
    );
    revoke(&authority, &Which::Serial(bad.serial()), Reason::Superseded);
    let (_, after) = lists(&authority, now());
    assert_eq!(after[0].revoked, [bad.serial()]);
    assert!(!after[0].revoked.contains(&good.serial()));
    let number = |list: &RevocationList| {
        u64::from_str_radix(list.number.as_deref().expect("a number"), 16).expect("hex")
    };
    assert_eq!(number(&after[0]), number(&before[0]) + 1);
    assert_eq!(after[0].next_update, Some(now() + days(7)));
    assert!(after[1].revoked.is_empty(), "the root has revoked no CA");
}

#[test]
fn an_entry_stays_until_a_list_after_its_expiry_has_named_it() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (_, bad) = issue(&authority, "spiffe://acme/bad");
    lists(&authority, now());
    revoke(&authority, &Which::Serial(bad.serial()), Reason::Unspecified);
    let on_list = |day: i64| !lists(&authority, now() + days(day)).1[0].revoked.is_empty();
    assert!(on_list(9));
    // It expired on day 10; the list of day 12 is the first beyond that.
    assert!(on_list(12));
    assert!(!on_list(13));
}

#[test]
fn an_identity_takes_the_valid_ones_that_match_and_no_ca() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (_, one) = issue(&authority, "spiffe://acme/partner/alpha");
    let (_, two) = issue(&authority, "spiffe://acme/partner/alpha");
    issue(&authority, "spiffe://acme/partner/beta");
    let pattern = |text: &str| Which::Identity(text.parse::<NamePattern>().expect("a pattern"));
    let mut taken = revoke(
        &authority,
        &pattern("uri:spiffe://acme/partner/alpha"),
        Reason::Unspecified,
    );
    let mut expected = [(one.serial(), Because::Named), (two.serial(), Because::Named)];
    taken.sort_by(|a, b| a.0.cmp(&b.0));
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(taken, expected);
    let rest = authority
        .to_revoke(&pattern("any"), Reason::Unspecified, false, now())
        .expect("a selection");
    let names: Vec<_> = rest
        .taken()
        .iter()
        .map(|taken| taken.row().names.clone())
        .collect();
    assert_eq!(
        names,
        [["uri:spiffe://acme/partner/beta"]],
        "neither the CA's own nor what is revoked"
    );
}

#[test]
fn a_compromised_key_takes_all_its_certificates_and_renewals_and_is_blocked() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (key, first) = issue(&authority, "spiffe://acme/web");
    let same = with_key(&authority, "spiffe://acme/other", &key);
    let fresh = PrivateKey::generate(KeyKind::P256).expect("a key");
    let old = authority.renewable(&first, now()).expect("renewable");
    let renewed = authority
        .renew(Requester::Owner, &old, Applicant::holding(&fresh), None, now())
        .expect("renewed")
        .certificate()
        .clone();
    issue(&authority, "spiffe://acme/untouched");
    let mild = authority
        .to_revoke(&Which::Serial(first.serial()), Reason::Superseded, false, now())
        .expect("a selection");
    assert_eq!(
        (mild.taken().len(), mild.renewals().len()),
        (1, 1),
        "the renewal is shown and stays"
    );
    let mut taken = revoke(
        &authority,
        &Which::Certificate(Box::new(first.clone())),
        Reason::KeyCompromise,
    );
    taken.sort();
    let mut expected = [
        (first.serial(), Because::Named),
        (same.serial(), Because::SameKey),
        (renewed.serial(), Because::Renewal),
    ];
    expected.sort();
    assert_eq!(taken, expected);
    let refused = authority
        .issue(asked("spiffe://acme/web", &key), now())
        .expect_err("blocked");
    assert_eq!(refused.code(), code::KEY_BLOCKED);
    let other = PrivateKey::generate(KeyKind::P256).expect("a key");
    assert!(authority.issue(asked("spiffe://acme/web", &other), now()).is_ok());
}

#[test]
fn a_certificate_of_ours_that_the_records_do_not_know_is_revoked_by_its_file_and_a_strangers_is_not() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let ours = authority(&place);
    let (_, lost) = issue(&ours, "spiffe://acme/lost");
    drop(ours);
    // Records that were restored from before the issuance.
    let database = rusqlite::Connection::open(place.join("authority.db")).expect("a database");
    database
        .execute_batch(
            "PRAGMA foreign_keys = off; DROP TRIGGER cert_stays; DELETE FROM cert WHERE der = (SELECT der FROM cert
             ORDER BY id DESC LIMIT 1); DELETE FROM cert_name WHERE cert NOT IN (SELECT id FROM cert);",
        )
        .expect("deleted");
    database
        .execute("DELETE FROM journal WHERE serial = ?1", [lost.serial()])
        .expect("deleted");
    drop(database);
    let ours = Authority::open(&place).expect("opens");
    assert!(
        ours.to_revoke(&Which::Serial(lost.serial()), Reason::Unspecified, false, now())
            .is_err()
    );
    let stranger = Authority::create(&scratch.at("other"), &new_authority(), now()).expect("an authority");
    let (_, foreign) = issue(&stranger, "spiffe://acme/lost");
    let refused = ours
        .to_revoke(
            &Which::Certificate(Box::new(foreign)),
            Reason::Unspecified,
            false,
            now(),
        )
        .expect_err("not ours");
    assert!(matches!(refused, Error::NotOurs { .. }), "{refused}");
    revoke(
        &ours,
        &Which::Certificate(Box::new(lost.clone())),
        Reason::KeyCompromise,
    );
    assert_eq!(lists(&ours, now()).1[0].revoked, [lost.serial()]);
    let row = ours.find_serial(&lost.serial()).expect("a store").expect("a row");
    assert_eq!(
        (row.profile.as_str(), row.names),
        ("unknown", vec!["uri:spiffe://acme/lost".to_owned()])
    );
}

#[test]
fn what_is_revoked_or_expired_is_not_renewed_and_a_renewal_keeps_names_and_profile() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (key, good) = issue(&authority, "spiffe://acme/good");
    let old = authority.renewable(&good, now() + days(5)).expect("renewable");
    let renewed = authority
        .renew(Requester::Owner, &old, Applicant::holding(&key), None, now())
        .expect("renewed");
    assert_eq!(renewed.certificate().identity().uris, ["spiffe://acme/good"]);
    assert_eq!(
        renewed.certificate().extended_key_usage(),
        good.extended_key_usage()
    );
    let row = authority
        .find_serial(&renewed.certificate().serial())
        .expect("a store")
        .expect("a row");
    assert_eq!(row.renewed_from, Some(good.serial()));
    let refused = |certificate: &Certificate, day: i64| {
        let error = authority
            .renewable(certificate, now() + days(day))
            .expect_err("refused");
        assert_eq!(error.code(), code::NOT_RENEWABLE);
        error.to_string()
    };
    assert!(refused(&good, 11).contains("it expired at"));
    let stranger = Authority::create(&scratch.at("other"), &new_authority(), now()).expect("an authority");
    assert!(refused(&issue(&stranger, "spiffe://acme/good").1, 0).contains("not in the records"));
    revoke(&authority, &Which::Serial(good.serial()), Reason::KeyCompromise);
    assert!(refused(&good, 0).contains("(keyCompromise)"));
}

#[test]
fn the_list_of_a_root_whose_key_is_away_is_handed_out_while_it_is_true() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let ca = authority(&place);
    std::fs::rename(place.join("root.key"), scratch.at("root.key")).expect("taken away");
    let (signed, read) = lists(&ca, now() + days(30));
    assert_eq!((signed.missing().len(), read.len()), (0, 2));
    let (signed, _) = lists(&ca, now() + days(400));
    assert_eq!(
        signed.missing()[0].why,
        "its key is not here, and its last list has expired"
    );
    let issuing = ca.chain()[0].serial();
    revoke(&ca, &Which::Serial(issuing.clone()), Reason::CaCompromise);
    let (signed, _) = lists(&ca, now() + days(1));
    assert_eq!(
        signed.missing()[0].why,
        "its key is not here, and it has revoked a CA since its last list: ca crl --root-at DIR makes a new one"
    );
    std::fs::rename(scratch.at("root.key"), place.join("root.key")).expect("brought back");
    let (signed, read) = lists(&ca, now() + days(1));
    assert!(signed.missing().is_empty());
    assert_eq!(read[1].revoked, [issuing]);
}

#[test]
fn every_revocation_and_every_list_has_its_line_in_the_journal() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (_, bad) = issue(&authority, "spiffe://acme/bad");
    revoke(&authority, &Which::Serial(bad.serial()), Reason::Superseded);
    lists(&authority, now());
    let lines = authority.journal(&JournalQuery::default()).expect("lines");
    let texts: Vec<_> = lines
        .iter()
        .map(|line| (line.event.name(), line.detail.as_str()))
        .collect();
    assert!(
        texts.contains(&("revoked", "superseded of uri:spiffe://acme/bad")),
        "{texts:?}"
    );
    assert!(
        texts
            .iter()
            .any(|(event, detail)| *event == "listed" && detail.contains("with 1 entries")),
        "{texts:?}"
    );
    let of_serial = JournalQuery {
        serial: Some(bad.serial()),
        ..JournalQuery::default()
    };
    let events: Vec<_> = authority
        .journal(&of_serial)
        .expect("lines")
        .iter()
        .map(|line| line.event.name())
        .collect();
    assert_eq!(events, ["revoked", "issued", "planned"]);
}

#[test]
fn what_a_clock_that_was_ahead_has_revoked_is_listed_with_the_time_of_the_list() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let (_, early) = issue(&authority, "spiffe://acme/early");
    let (_, late) = issue(&authority, "spiffe://acme/late");
    revoke(&authority, &Which::Serial(early.serial()), Reason::Superseded);
    let (signed, _) = lists(&authority, now());
    assert_eq!((signed.lists()[0].entries, signed.lists()[0].ahead), (1, 0));
    authority
        .revoke(
            &[late.serial()],
            Reason::KeyCompromise,
            &Requester::Owner,
            now() + days(2),
        )
        .expect("revoked");
    let (signed, _) = lists(&authority, now());
    let list = &signed.lists()[0];
    assert_eq!((list.entries, list.ahead), (2, 1));
    let entries = handfast_pki::crl::entries_of(&list.list.der).expect("entries");
    let found = entries.iter().find(|entry| entry.serial == late.serial());
    let found = found.expect("it is listed");
    assert_eq!((found.at, found.reason), (list.list.this_update, Some(1)));
    // Once its time has come, it is that.
    let (signed, _) = lists(&authority, now() + days(3));
    let entries = handfast_pki::crl::entries_of(&signed.lists()[0].list.der).expect("entries");
    let found = entries.iter().find(|entry| entry.serial == late.serial());
    assert_eq!(
        found.map(|entry| entry.at.as_second()),
        Some((now() + days(2)).as_second())
    );
    assert_eq!(signed.lists()[0].ahead, 0);
}
