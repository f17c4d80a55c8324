//! `check` at other times: the lives of CAs and lists.

mod place;

use handfast_ca::{Authority, Error, Level, Requester, check};
use handfast_pki::{Profile, code};
use place::{Scratch, authority, days, now, request};

#[test]
fn half_three_quarters_and_nine_tenths_of_a_life_are_a_note_a_warning_and_a_problem() {
    let scratch = Scratch::new();
    let folder = scratch.at("ca");
    drop(authority(&folder));
    // The issuing CA lives for five years, the root for ten.
    for (after, level) in [
        (900, None),
        (920, Some(Level::Note)),
        (1400, Some(Level::Warning)),
        (1700, Some(Level::Problem)),
        (1900, Some(Level::Problem)),
    ] {
        let found = check(&folder, false, now() + days(after));
        let of_issuing = found
            .iter()
            .find(|finding| finding.code == code::CA_AGEING && finding.what.contains("issuing"));
        assert_eq!(
            of_issuing.map(|finding| finding.level),
            level,
            "{after} days: {found:#?}"
        );
    }
}

#[test]
fn what_an_expired_ca_needs_is_said_and_is_what_helps() {
    let scratch = Scratch::new();
    let folder = scratch.at("ca");
    drop(authority(&folder));
    let refused = |later| {
        let authority = Authority::open(&folder).expect("a CA");
        let error = authority
            .issue(request(Profile::Server, "a.example"), later)
            .expect_err("expired");
        assert!(matches!(error, Error::IssuerNotValid { .. }), "{error}");
        assert_eq!(error.code(), code::EXPIRED);
        error.hint().expect("a hint")
    };
    // The issuing CA has expired and the root has not.
    let later = now() + days(5 * 366);
    assert!(refused(later).contains("handfast ca rotate"));
    let expired = Authority::open(&folder).expect("a CA");
    expired.rotate_issuer(None, None, None, later).expect("rotated");
    let again = Authority::open(&folder).expect("a CA");
    again
        .issue(request(Profile::Server, "a.example"), later)
        .expect("issued");
    // Both have: the root cannot vouch for another any more, and nothing in this directory helps.
    let later = now() + days(10 * 366);
    let hint = refused(later);
    assert!(
        hint.contains("handfast init") && !hint.contains("rotate"),
        "{hint}"
    );
    let expired = Authority::open(&folder).expect("a CA");
    assert!(expired.rotate_issuer(None, None, None, later).is_err());
    assert!(expired.rotate_root(None, None, later).is_err());
}

#[test]
fn a_list_that_is_not_replaced_in_time_is_named_with_its_number() {
    let scratch = Scratch::new();
    let folder = scratch.at("ca");
    let authority = authority(&folder);
    authority
        .publish(days(10), &Requester::Owner, now())
        .expect("lists");
    for (after, level) in [
        (4, None),
        (6, Some(Level::Note)),
        (8, Some(Level::Warning)),
        (11, Some(Level::Problem)),
    ] {
        let found = check(&folder, false, now() + days(after));
        let list = found.iter().find(|finding| finding.code == code::LIST_AGEING);
        assert_eq!(
            list.map(|finding| finding.level),
            level,
            "{after} days: {found:#?}"
        );
        assert!(
            list.is_none_or(|finding| finding.what.contains("list 1 of issuing")),
            "{list:?}"
        );
    }
}
