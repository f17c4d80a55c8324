//! Configurations of strangers, moved to loopback: whatever they hold, places are found that are there, and nothing
//! else changes.

use std::ops::Range;

use handfast_setup::theirs::{
    asked_for, directives, listens, moved, port, replaced, socket, values, without, words,
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
        for value in names().iter().flat_map(|name| values(&text, name)) {
            prop_assert_eq!(text.get(value.range.clone()), Some(value.text.as_str()));
        }
        for word in words(&text) {
            let host = asked_for(&word.text);
            let is_name = |host: &str| !host.is_empty() && host.is_ascii() && !host.contains(['*', ' ', '/']);
            prop_assert!(host.as_deref().is_none_or(is_name), "{:?}", host);
        }
        let found = directives(&text, &names());
        prop_assert!(found.iter().all(|directive| is_there(&text, &directive.range)));
        let apart = found.windows(2).all(|two| two[0].range.end <= two[1].range.start);
        prop_assert!(apart, "they do not overlap: {:?}", found);
    }

    #[test]
    fn what_is_not_named_stays(text in texts()) {
        prop_assert_eq!(&replaced(&text, Vec::new()), &text);
        prop_assert_eq!(&without(&text, &[]), &text);
        prop_assert!(without(&text, &names()).len() <= text.len());
    }
}
