//! Changes to a text by the bytes that they replace.
//!
//! In: a text, and edits in any order. Out: the text with every edit made and every other byte as it was. What can go
//! wrong: two edits that want the same bytes, or one that lies outside of the text.

use std::ops::Range;

/// Other text in the place of these bytes; at an empty range it is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go.
    pub range: Range<usize>,
    /// What stands there instead.
    pub text: String,
}

impl Edit {
    /// Puts `text` in the place of `range`.
    pub fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            range,
            text: text.into(),
        }
    }
}

/// Edits that cannot be made together, or not in this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Two edits want the same bytes.
    #[error("bytes {} to {} are replaced twice, in different ways", .second.start, .first.end)]
    Overlap {
        /// The edit that begins earlier.
        first: Range<usize>,
        /// The one that begins within it.
        second: Range<usize>,
    },
    /// The bytes are not in the text, or split a letter.
    #[error("bytes {} to {} are no part of a text of {length} bytes", .range.start, .range.end)]
    Outside {
        /// What was to be replaced.
        range: Range<usize>,
        /// How long the text is.
        length: usize,
    },
}

/// `text` with all of `edits` made. Equal edits are made once; texts that are put in at the same place follow one another as
/// they are given.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut last: Option<&Edit> = None;
    for edit in sorted {
        if last == Some(edit) {
            continue;
        }
        if let Some(before) = last
            && edit.range.start < at
        {
            return Err(EditError::Overlap {
                first: before.range.clone(),
                second: edit.range.clone(),
            });
        }
        let outside = || EditError::Outside {
            range: edit.range.clone(),
            length: text.len(),
        };
        text.get(edit.range.clone()).ok_or_else(outside)?;
        out.push_str(text.get(at..edit.range.start).ok_or_else(outside)?);
        out.push_str(&edit.text);
        at = edit.range.end;
        last = Some(edit);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_order_of_edits_does_not_matter_and_other_bytes_stay() {
        let text = "listen 443 ssl; # 443\n";
        let edits = [
            Edit::new(7..10, "127.0.0.1:7"),
            Edit::new(0..0, "# copy\n"),
            Edit::new(11..14, ""),
        ];
        let made = "# copy\nlisten 127.0.0.1:7 ; # 443\n";
        assert_eq!(apply(text, &edits).as_deref(), Ok(made));
        let [a, b, c] = edits;
        assert_eq!(apply(text, &[c, b, a]).as_deref(), Ok(made));
    }

    #[test]
    fn the_same_edit_twice_is_made_once() {
        let edit = Edit::new(0..1, "b");
        assert_eq!(apply("a", &[edit.clone(), edit]).as_deref(), Ok("b"));
    }

    #[test]
    fn edits_that_overlap_are_refused_and_neighbours_are_not() {
        assert_eq!(
            apply("abcd", &[Edit::new(1..3, "x"), Edit::new(2..4, "y")]),
            Err(EditError::Overlap {
                first: 1..3,
                second: 2..4
            })
        );
        assert_eq!(
            apply("abcd", &[Edit::new(1..3, "x"), Edit::new(1..3, "y")]),
            Err(EditError::Overlap {
                first: 1..3,
                second: 1..3
            })
        );
        let neighbours = [Edit::new(1..2, "x"), Edit::new(2..4, "y")];
        assert_eq!(apply("abcd", &neighbours).as_deref(), Ok("axy"));
    }

    #[test]
    fn an_edit_outside_of_the_text_or_within_a_letter_is_refused() {
        for range in [3..9, 1..2] {
            assert_eq!(
                apply("aé", &[Edit::new(range.clone(), "x")]),
                Err(EditError::Outside { range, length: 3 })
            );
        }
        assert_eq!(apply("aé", &[Edit::new(1..3, "x")]).as_deref(), Ok("ax"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_that_are_replaced_by_themselves_give_the_same_text(text in "\\PC{0,40}", cuts in proptest::collection::vec(0_usize..60, 0..8)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.sort_unstable();
            cuts.dedup();
            let edits: Vec<Edit> = cuts.windows(2).map(|cut| Edit::new(cut[0]..cut[1], &text[cut[0]..cut[1]])).collect();
            prop_assert_eq!(apply(&text, &edits), Ok(text.clone()));
            prop_assert_eq!(apply(&text, &[]), Ok(text));
        }
    }
}
