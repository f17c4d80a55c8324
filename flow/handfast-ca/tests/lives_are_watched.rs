//! `check` at other times: the lives of CAs and lists.

mod place;

use handfast_ca::{Level, Requester, check};
use handfast_pki::code;
use place::{Scratch, authority, days, now};

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
