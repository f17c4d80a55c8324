//! Lists of what a library can say: the codes, names and texts of its source, as tables (`lists/`). How a line is
//! compared with them stands in `search.rs`.

use handfast_finding::Refuser;

use super::meaning::Meaning;

/// What one program or library can say.
#[derive(Debug)]
pub(super) struct List {
    pub(super) program: &'static str,
    /// Who refused where neither the text nor the meaning tells.
    pub(super) otherwise: Refuser,
    /// One of these stands in the text where a number alone, or a text of everyday words, is of this list.
    pub(super) marks: &'static [&'static str],
    /// How the program writes the numbers.
    pub(super) numbers: &'static [Written],
    /// What stands before each name.
    pub(super) prefix: &'static str,
    /// From how many words on a text is not said by chance, so that it needs no mark.
    pub(super) plain: usize,
    pub(super) rows: &'static [Row],
}

/// How a number is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written {
    /// `-0x2700`.
    NegativeHex,
    /// `0x80090325`, `-2146893019`: 32 bits of which the first is set.
    Windows,
    /// `-188`, where a mark of the list stands in the text.
    Negative,
    /// `20`, right behind one of these (in lower case).
    After(&'static [&'static str]),
}

/// One code of a list; the number is 0 where it has none. Names and texts are separated by `|`.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) number: i64,
    pub(super) names: &'static str,
    pub(super) texts: &'static str,
    pub(super) meaning: Meaning,
}

/// Rows as a table: the number, the names, the texts and what they mean.
macro_rules! rows {
    ($($number:literal, $names:literal, $texts:literal => $meaning:expr;)*) => {
        &[$($crate::list::Row {
            number: $number,
            names: $names,
            texts: $texts,
            meaning: $meaning,
        }),*]
    };
}
pub(super) use rows;
