//! Who asks is a person, and where the profile says so a second one approves before anything is signed.

mod place;

use std::fs;

use handfast_ca::{
    Applicant, Authority, CertRequest, Error, Event, IdempotencyKey, Issued, JournalQuery, Person, Query,
    Requester, WhichHeld,
};
use handfast_pki::{KeyKind, PrivateKey, Profile, code, name::AltName};
use jiff::SignedDuration;

use crate::place::{Scratch, authority, now, request};

const CONFIG: &str = r#"
[profile.admin]
like = "client"
names = ["email:*@acme.example"]
approver = ["another"]

[profile.root-access]
like = "admin-is-no-base"
"#;

fn person(uid: u32, user: &str) -> Person {
    Person {
        uid,
        login_uid: None,
        user: user.to_owned(),
        host: "pki.acme.example".to_owned(),
        reason: Some(format!("ticket of {user}")),
    }
}

fn opened(scratch: &Scratch, config: &str) -> Authority {
    drop(authority(&scratch.at("ca")));
    fs::write(scratch.at("ca/ca.toml"), config).expect("written");
    Authority::open(&scratch.at("ca")).expect("opens")
}

fn with_approver(scratch: &Scratch, approver: &str) -> Authority {
    let config = format!(
        "[profile.admin]\nlike = \"client\"\nnames = [\"email:*@acme.example\"]\napprover = {approver}\n"
    );
    opened(scratch, &config)
}

fn admin(email: &str) -> CertRequest {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    CertRequest {
        profile: "admin".parse().expect("a name"),
        applicant: Applicant::holding(&key),
        names: vec![AltName::email(email).expect("a name")],
        common_name: Some(email.into()),
        lifetime: None,
        roles: Vec::new(),
    }
}

#[track_caller]
fn waits(answer: Result<Issued, Error>) -> String {
    let error = answer.expect_err("it waits");
    assert_eq!(error.code(), code::WAITS);
    match error {
        Error::Waits { id, .. } => id,
        other => panic!("{other}"),
    }
}

#[test]
fn a_request_waits_over_a_restart_and_another_person_approves_it() {
    let scratch = Scratch::new();
    let authority = with_approver(&scratch, "[\"another\"]");
    let before = authority.count().expect("a store");
    let (alice, bob) = (person(1000, "alice"), person(1001, "bob"));
    let asked = admin("me@acme.example");
    let id = waits(authority.issue_for(Requester::Person(alice.clone()), asked, now()));
    // Nothing was planned, nothing signed, and the journal has its line.
    assert_eq!(authority.count().expect("a store"), before);
    assert!(
        authority
            .unfinished(now() + SignedDuration::from_hours(1))
            .expect("a store")
            .is_empty()
    );
    drop(authority);

    let authority = Authority::open(&scratch.at("ca")).expect("opens");
    let held = authority.held(WhichHeld::Undecided).expect("a store");
    assert_eq!(held.len(), 1);
    assert_eq!((&held[0].id, &held[0].requester), (&id, &alice));
    let own = authority.approve(&id, &alice, now()).expect_err("her own");
    assert_eq!(own.code(), code::OWN_APPROVAL);
    let under_sudo = Person {
        uid: 0,
        login_uid: Some(1000),
        ..alice.clone()
    };
    let own = authority
        .approve(&id, &under_sudo, now())
        .expect_err("her own, as root");
    assert_eq!(own.code(), code::OWN_APPROVAL);

    let issued = authority.approve(&id, &bob, now()).expect("issued");
    assert_eq!(issued.certificate().identity().emails, ["me@acme.example"]);
    let again = authority
        .approve(&id, &person(1002, "carol"), now())
        .expect_err("once");
    assert_eq!(again.code(), code::NOT_WAITING);
    assert!(authority.held(WhichHeld::Undecided).expect("a store").is_empty());
    let all = authority.held(WhichHeld::All).expect("a store");
    assert_eq!(all[0].serial, Some(issued.certificate().serial()));
    let lines = authority
        .journal(&JournalQuery {
            serial: Some(issued.certificate().serial()),
            event: Some(Event::Issued),
            ..JournalQuery::default()
        })
        .expect("a store");
    assert_eq!(
        lines[0].requester.as_deref(),
        Some("alice@pki.acme.example(1000)")
    );
    assert!(
        lines[0].detail.contains("because \"ticket of alice\""),
        "{}",
        lines[0].detail
    );
    assert!(
        lines[0].detail.contains("approved by bob@pki.acme.example(1001)"),
        "{}",
        lines[0].detail
    );
}

#[test]
fn a_request_that_is_repeated_waits_once_and_gets_one_certificate() {
    let scratch = Scratch::new();
    let authority = with_approver(&scratch, "[\"another\"]");
    let (alice, bob) = (person(1000, "alice"), person(1001, "bob"));
    let key = IdempotencyKey::new("k9").expect("a key");
    let asked = admin("me@acme.example");
    let ask = |who: &Person, request: &CertRequest| {
        authority.issue_once(Requester::Person(who.clone()), &key, request.clone(), now())
    };
    let id = waits(ask(&alice, &asked));
    assert_eq!(waits(ask(&alice, &asked)), id);
    assert_eq!(authority.held(WhichHeld::All).expect("a store").len(), 1);
    // The key is hers, and stands for this request.
    let other = ask(&alice, &admin("other@acme.example")).expect_err("another request");
    assert!(matches!(other, Error::KeyReused { .. }), "{other}");
    let of_bob = waits(ask(&bob, &asked));
    assert_ne!(of_bob, id);

    let issued = authority.approve(&id, &bob, now()).expect("issued");
    let again = ask(&alice, &asked).expect("the same");
    assert_eq!(again.certificate(), issued.certificate());
    authority.deny(&of_bob, &alice, now()).expect("turned down");
    let denied = ask(&bob, &asked).expect_err("turned down");
    assert_eq!(denied.code(), code::NOT_WAITING);
    assert_eq!(authority.held(WhichHeld::All).expect("a store").len(), 2);
    assert!(authority.audit(100).expect("an audit").faults.is_empty());
}

#[test]
fn only_those_who_are_named_approve_and_what_is_turned_down_is_not_issued() {
    let scratch = Scratch::new();
    let authority = with_approver(&scratch, "[\"bob\", \"carol\"]");
    let alice = person(1000, "alice");
    let ask =
        || waits(authority.issue_for(Requester::Person(alice.clone()), admin("me@acme.example"), now()));
    let (first, second) = (ask(), ask());
    let mallory = authority
        .approve(&first, &person(1003, "mallory"), now())
        .expect_err("not named");
    assert_eq!(mallory.code(), code::OWN_APPROVAL);
    authority
        .deny(&first, &person(1001, "bob"), now())
        .expect("turned down");
    let late = authority
        .approve(&first, &person(1002, "carol"), now())
        .expect_err("decided");
    assert_eq!(late.code(), code::NOT_WAITING);
    authority
        .approve(&second, &person(1002, "carol"), now())
        .expect("issued");
    let unknown = authority
        .approve("nothing", &person(1002, "carol"), now())
        .expect_err("none");
    assert_eq!(unknown.code(), code::NOT_WAITING);
}

#[test]
fn what_the_profile_refuses_does_not_wait_and_an_unknown_person_cannot_ask() {
    let scratch = Scratch::new();
    let authority = with_approver(&scratch, "[\"another\"]");
    let refused = authority
        .issue_for(
            Requester::Person(person(1000, "alice")),
            admin("me@other.example"),
            now(),
        )
        .expect_err("outside");
    assert_eq!(refused.code(), code::OUTSIDE_PROFILE);
    let nameless = authority
        .issue(admin("me@acme.example"), now())
        .expect_err("who?");
    assert_eq!(nameless.code(), code::MAY_NOT_ASK);
    assert!(authority.held(WhichHeld::All).expect("a store").is_empty());
}

#[test]
fn a_profile_is_for_its_users_and_the_records_find_them() {
    let scratch = Scratch::new();
    let authority = opened(&scratch, "[profile.server]\nrequesters = [\"user:alice\"]\n");
    let ask = |who: Person| {
        authority.issue_for(
            Requester::Person(who),
            request(Profile::Server, "a.example"),
            now(),
        )
    };
    ask(person(1000, "alice")).expect("issued");
    let bob = ask(person(1001, "bob")).expect_err("not for bob");
    assert_eq!(bob.code(), code::MAY_NOT_ASK);
    for (name, count) in [
        ("alice@pki.acme.example(1000)", 1),
        ("bob@pki.acme.example(1001)", 0),
        ("alice", 0),
    ] {
        let query = Query {
            requester: Some(name.to_owned()),
            ..Query::default()
        };
        assert_eq!(
            authority.find(&query).expect("a store").rows.len(),
            count,
            "{name}"
        );
    }
}

#[test]
fn a_file_that_is_wrong_opens_no_ca_and_says_where() {
    let scratch = Scratch::new();
    drop(authority(&scratch.at("ca")));
    fs::write(scratch.at("ca/ca.toml"), CONFIG).expect("written");
    let Err(Error::Config { problems }) = Authority::open(&scratch.at("ca")) else {
        panic!("it is wrong");
    };
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].place.as_ref().map(|place| place.line), Some(8));
    fs::remove_file(scratch.at("ca/ca.toml")).expect("removed");
    assert!(Authority::open(&scratch.at("ca")).is_ok());
}

#[test]
fn a_clock_that_went_back_stops_issuing_until_it_is_right_or_said_to_be() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let ahead = now() + SignedDuration::from_hours(24 * 300);
    authority
        .issue(request(Profile::Server, "a.example"), ahead)
        .expect("issued");
    let slightly = ahead - SignedDuration::from_mins(4);
    authority
        .issue(request(Profile::Server, "b.example"), slightly)
        .expect("within the tolerance");
    let refused = authority
        .issue(request(Profile::Server, "c.example"), now())
        .expect_err("it went back");
    assert_eq!(refused.code(), code::CLOCK);
    // Asking again does not help: refusals are no certificates.
    let refused = authority
        .issue(request(Profile::Server, "c.example"), now())
        .expect_err("still");
    assert_eq!(refused.code(), code::CLOCK);
    let owner = Requester::Person(person(1000, "alice"));
    assert!(authority.clock(now()).expect("a store").is_behind);
    assert!(
        authority
            .accept_clock(&owner, now())
            .expect("accepted")
            .is_accepted
    );
    authority
        .issue(request(Profile::Server, "c.example"), now())
        .expect("issued again");
}

#[test]
fn an_expired_certificate_is_renewed_as_long_as_its_profile_says_with_its_whole_subject() {
    let scratch = Scratch::new();
    let authority = opened(
        &scratch,
        "[profile.client]\nlifetime = \"24h\"\nrenew-after-expiry = \"7d\"\nsubject = [\"O=Acme\", \"CN?\"]\n[profile.server]\nrenewable = false\n",
    );
    let old = authority
        .issue(request(Profile::Client, "a.example"), now())
        .expect("issued");
    let days = |count: i64| now() + SignedDuration::from_hours(24 * count);
    let late = authority
        .renewable(old.certificate(), days(9))
        .expect_err("too late");
    assert_eq!(late.code(), code::NOT_RENEWABLE);
    assert!(late.to_string().contains("renew-after-expiry"), "{late}");
    let renewable = authority.renewable(old.certificate(), days(7)).expect("in time");
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let new = authority
        .renew(
            Requester::Owner,
            &renewable,
            Applicant::holding(&key),
            None,
            days(7),
        )
        .expect("renewed");
    assert!(
        new.certificate()
            .subject()
            .is_written_as(old.certificate().subject())
    );
    assert_eq!(handfast_pki::name::shown(new.certificate().subject()), "O=Acme");
    let server = authority
        .issue(request(Profile::Server, "a.example"), days(7))
        .expect("issued");
    let never = authority
        .renewable(server.certificate(), days(7))
        .expect_err("never");
    assert_eq!(never.code(), code::NOT_RENEWABLE);
}

#[test]
fn a_request_that_is_changed_or_missing_is_found_by_the_audit() {
    for (sql, says) in [
        (
            "DELETE FROM waiting_request WHERE is_approved IS NULL",
            "it is missing",
        ),
        ("DELETE FROM waiting_request WHERE is_approved", "it is missing"),
        (
            "UPDATE waiting_request SET names = 'email:boss@acme.example' WHERE is_approved IS NULL",
            "not what its leaf says",
        ),
        (
            "UPDATE waiting_request SET decided_by = 'root@x(0)' WHERE is_approved",
            "not what its leaf says",
        ),
        (
            "UPDATE waiting_request SET is_approved = 1, decided_by = 'x', decided_at = 1 WHERE is_approved IS NULL",
            "not what its leaf says",
        ),
        ("UPDATE waiting_request SET serial = NULL WHERE is_approved", ""),
        (
            "UPDATE waiting_request SET serial = (SELECT serial FROM certificate WHERE profile = 'root') WHERE is_approved",
            "not the one that it asked for",
        ),
        (
            "INSERT INTO waiting_request SELECT 'aaaaaaaaaaaa', at, uid, login_uid, user, host, reason, profile, subject, names, lifetime, roles, spki, has_proven_key, ignored, renewed_from, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM waiting_request LIMIT 1",
            "no leaf of the log",
        ),
    ] {
        let scratch = Scratch::new();
        let authority = with_approver(&scratch, "[\"another\"]");
        let alice = person(1000, "alice");
        let ask =
            |name: &str| waits(authority.issue_for(Requester::Person(alice.clone()), admin(name), now()));
        let id = ask("me@acme.example");
        ask("you@acme.example");
        authority
            .approve(&id, &person(1001, "bob"), now())
            .expect("issued");
        assert_eq!(authority.audit(10).expect("a store").faults, []);
        drop(authority);
        let database = rusqlite::Connection::open(scratch.at("ca/authority.db")).expect("a database");
        database
            .execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        drop(database);
        let authority = Authority::open(&scratch.at("ca")).expect("opens");
        let faults = authority.audit(10).expect("a store").faults;
        if says.is_empty() {
            // A certificate that was issued has lines of its own.
            assert_eq!(faults, [], "{sql}");
            continue;
        }
        let is_it =
            |fault: &handfast_ca::Fault| fault.part == "waiting_request" && fault.detail.contains(says);
        assert!(faults.iter().any(is_it), "{sql}: {faults:?}");
    }
}
