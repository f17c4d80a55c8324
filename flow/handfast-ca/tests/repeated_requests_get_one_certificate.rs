//! A request that is sent again gets the certificate that it got, and nothing else is given out under its key.

mod place;

use std::{collections::HashSet, thread};

use handfast_ca::{Authority, CertRequest, IdempotencyKey, Issued, Reason, Requester, Result};
use handfast_pki::{Profile, code};

use crate::place::{Scratch, authority, days, now, request};

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text).expect("a key")
}

fn once(authority: &Authority, name: &str, request: &CertRequest) -> Result<Issued> {
    authority.issue_once(Requester::Owner, &key(name), request.clone(), now())
}

#[test]
fn the_same_key_and_request_get_the_same_certificate_and_nothing_is_signed() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let first_handle = authority(&place);
    let asked = request(Profile::Client, "a.example");
    let first = once(&first_handle, "one", &asked).expect("issued");
    let count = first_handle.count().expect("a count");
    drop(first_handle);
    let authority = Authority::open(&place).expect("opens");
    let again = once(&authority, "one", &asked).expect("given out again");
    assert_eq!(again.certificate(), first.certificate());
    assert_eq!(again.chain(), first.chain());
    assert_eq!(authority.count().expect("a count"), count);
    // Without the key, and with another one, it is another certificate.
    let other = once(&authority, "two", &asked).expect("issued");
    let plain = authority.issue(asked, now()).expect("issued");
    let serials = [&first, &other, &plain].map(|issued| issued.certificate().serial());
    assert_eq!(serials.iter().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn a_key_belongs_to_its_requester_and_to_its_request() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let asked = request(Profile::Client, "a.example");
    let first = once(&authority, "one", &asked).expect("issued");
    let operator = Requester::Operator(first.certificate().identity());
    let theirs = authority
        .issue_once(operator, &key("one"), asked.clone(), now())
        .expect("issued");
    assert_ne!(theirs.certificate(), first.certificate());
    for other in [
        request(Profile::Client, "a.example"),
        CertRequest {
            profile: Profile::Server.into(),
            ..asked.clone()
        },
        CertRequest {
            lifetime: Some(days(1)),
            ..asked.clone()
        },
        CertRequest {
            common_name: Some("a".into()),
            ..asked.clone()
        },
        CertRequest {
            names: request(Profile::Client, "b.example").names,
            ..asked.clone()
        },
    ] {
        let error = once(&authority, "one", &other).expect_err("another request");
        assert_eq!(error.code(), code::EXISTS, "{error}");
    }
    assert!(once(&authority, "one", &asked).is_ok());
}

#[test]
fn a_certificate_that_is_not_valid_any_more_is_not_given_out_again() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let asked = request(Profile::Client, "a.example");
    let first = once(&authority, "one", &asked).expect("issued");
    let late = authority
        .issue_once(Requester::Owner, &key("one"), asked.clone(), now() + days(91))
        .expect_err("expired");
    assert_eq!(late.code(), code::NOT_RENEWABLE, "{late}");
    let serial = first.certificate().serial();
    authority
        .revoke(&[serial], Reason::Superseded, &Requester::Owner, now())
        .expect("revoked");
    let error = once(&authority, "one", &asked).expect_err("revoked");
    assert_eq!(error.code(), code::NOT_RENEWABLE, "{error}");
}

#[test]
fn of_many_at_once_with_one_key_all_get_one_certificate() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    drop(authority(&place));
    let asked = request(Profile::Client, "a.example");
    let serials: HashSet<String> = thread::scope(|scope| {
        let running: Vec<_> = (0..8)
            .map(|_| {
                let authority = Authority::open(&place).expect("opens");
                let asked = &asked;
                scope.spawn(move || {
                    once(&authority, "one", asked)
                        .expect("issued")
                        .certificate()
                        .serial()
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert_eq!(serials.len(), 1);
}

#[test]
fn a_key_is_1_to_128_visible_characters() {
    for good in ["a", &"x".repeat(128), "7f/web-1:2026"] {
        assert!(IdempotencyKey::new(good).is_ok(), "{good}");
    }
    for bad in ["", "a b", "a\n", "\u{e4}", &"x".repeat(129)] {
        assert!(IdempotencyKey::new(bad).is_err(), "{bad}");
    }
}
