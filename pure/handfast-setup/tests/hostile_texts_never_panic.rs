//! Configurations of strangers, moved to loopback: whatever they hold, places are found that are there, and nothing
//! else changes.

use std::ops::Range;

use handfast_setup::theirs::{
    directives, firsts, hosts, inside, listens, moved, port, replaced, sites, socket, without, words,
};
use proptest::prelude::*;

fn names() -> Vec<String> {
    ["listen", "include", "log.", "a"].map(str::to_owned).to_vec()
}

/// Texts out of the signs that mean something, with words between them.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[{}#;\"'`()\\\\$=:,<> \n\r\t/.]",
        Just("listen ".to_owned()),
        Just("include ".to_owned()),
        Just("unix:/a.sock".to_owned()),
        Just("*.a.example".to_owned()),
        Just("0.0.0.0:443".to_owned()),
        Just("http {\n".to_owned()),
        "[a-zé€\u{10348}]{1,3}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn is_there(text: &str, range: &Range<usize>) -> bool {
    text.get(range.clone()).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn every_place_is_one_of_the_text(text in texts()) {
        for word in words(&text) {
            prop_assert_eq!(text.get(word.range.clone()), Some(word.text.as_str()));
            if let Some(path) = socket(&word) {
                prop_assert_eq!(text.get(path.range.clone()), Some(path.text.as_str()));
            }
        }
        for address in listens(&text, &names()) {
            prop_assert_eq!(text.get(address.range.clone()), Some(address.text.as_str()));
            let elsewhere = moved(&address.text, 7);
            prop_assert_eq!(port(&elsewhere), Some(7), "{}", elsewhere);
        }
        for first in firsts(&text, &names()) {
            prop_assert_eq!(text.get(first.range.clone()), Some(first.text.as_str()));
        }
        for until in [None, Some(';')] {
            for (written, host) in hosts(&text, &names(), until) {
                prop_assert!(text.contains(&written));
                prop_assert!(!host.is_empty() && host.is_ascii() && !host.contains(['*', ' ', '/']), "{}", host);
            }
            let found = directives(&text, &names(), until);
            prop_assert!(found.iter().all(|directive| is_there(&text, &directive.range)));
            let apart = found.windows(2).all(|two| two[0].range.end <= two[1].range.start);
            prop_assert!(apart, "they do not overlap: {:?}", found);
        }
        let found = sites(&text);
        prop_assert!(found.global.is_none_or(|at| text.is_char_boundary(at)));
        for site in found.sites {
            prop_assert!(is_there(&text, &site.addresses) && text.is_char_boundary(site.inside));
        }
        prop_assert!(inside(&text, "http").is_none_or(|within| text.contains(within)));
    }

    #[test]
    fn what_is_not_named_stays(text in texts()) {
        prop_assert_eq!(&replaced(&text, Vec::new()), &text);
        prop_assert_eq!(&without(&text, &[], Some(';')), &text);
        prop_assert!(without(&text, &names(), Some(';')).len() <= text.len());
    }
}
