//! Where something stands in what was read: words that know their bytes, and texts made of others that know theirs.

use std::{
    fmt,
    ops::{Deref, Range},
};

/// One of the texts that a configuration is made of, and bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The place of the text in [`Outline::parts`](crate::Outline::parts).
    pub part: usize,
    /// The bytes.
    pub range: Range<usize>,
}

impl Span {
    pub(super) fn new(part: usize, range: Range<usize>) -> Self {
        Self { part, range }
    }

    /// From the begin of this to the end of `last`.
    pub(super) fn to(&self, last: &Self) -> Self {
        Self::new(self.part, self.range.start..last.range.end.max(self.range.start))
    }
}

/// A word as it is meant, and where it is written, its quotes included.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Word {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where `range` of the text is written; nothing where the word is written otherwise than it is meant.
    pub(super) fn slice(&self, range: Range<usize>) -> Option<Span> {
        let beyond = self.span.range.len().checked_sub(self.text.len())?;
        // Neither quotes nor backslashes, or a pair of quotes around it.
        let before = match beyond {
            0 => 0,
            2 => 1,
            _ => return None,
        };
        let start = self.span.range.start + before;
        Some(Span::new(self.span.part, start + range.start..start + range.end))
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

/// The texts of `words` with single spaces.
pub(super) fn joined(words: &[Word]) -> String {
    words.iter().map(Word::as_str).collect::<Vec<_>>().join(" ")
}

/// A text made of another one, by joining lines or filling in values, that knows which bytes became what.
#[derive(Debug, Clone, Default)]
pub(super) struct Mapped {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    /// In the text that was made.
    at: Range<usize>,
    /// In the text that it was made of.
    from: Range<usize>,
    /// Whether both are the same.
    is_literal: bool,
}

impl Mapped {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds `text`, which stands at `from`.
    pub(super) fn push(&mut self, text: &str, from: usize) {
        self.add(text, from..from + text.len(), true);
    }

    /// Adds `text`, for which something else stands at `from`.
    pub(super) fn push_for(&mut self, text: &str, from: Range<usize>) {
        self.add(text, from, false);
    }

    fn add(&mut self, text: &str, from: Range<usize>, is_literal: bool) {
        if text.is_empty() {
            return;
        }
        let at = self.text.len()..self.text.len() + text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { at, from, is_literal });
    }

    /// The bytes that `range` of the text was made of.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        let last = self.pieces.last().map_or(0, |piece| piece.from.end);
        let start = self
            .piece_of(range.start)
            .map_or(last, |piece| match piece.is_literal {
                true => piece.from.start + (range.start - piece.at.start),
                false => piece.from.start,
            });
        if range.is_empty() {
            return start..start;
        }
        let end = self
            .piece_of(range.end - 1)
            .map_or(last, |piece| match piece.is_literal {
                true => piece.from.start + (range.end - piece.at.start),
                false => piece.from.end,
            });
        start..end.max(start)
    }

    fn piece_of(&self, at: usize) -> Option<&Piece> {
        let place = self.pieces.partition_point(|piece| piece.at.end <= at);
        self.pieces.get(place)
    }

    /// With `with` in the place of every `what`.
    pub(super) fn replaced(&self, what: &str, with: &str) -> Self {
        if !self.text.contains(what) {
            return self.clone();
        }
        let mut made = Self::default();
        let mut at = 0;
        for (found, _) in self.text.match_indices(what) {
            self.copy(at..found, &mut made);
            at = found + what.len();
            made.push_for(with, self.source(found..at));
        }
        self.copy(at..self.text.len(), &mut made);
        made
    }

    fn copy(&self, range: Range<usize>, made: &mut Self) {
        let first = self.pieces.partition_point(|piece| piece.at.end <= range.start);
        for piece in self.pieces.iter().skip(first) {
            let (start, end) = (piece.at.start.max(range.start), piece.at.end.min(range.end));
            if start >= end {
                break;
            }
            let text = self.text.get(start..end).unwrap_or_default();
            let begin = piece.from.start + (start - piece.at.start);
            let from = match piece.is_literal {
                true => begin..begin + text.len(),
                false => piece.from.clone(),
            };
            made.add(text, from, piece.is_literal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_text_that_was_made_lead_to_what_it_was_made_of() {
        let source = "a ${X} \\\n  b";
        let mut line = Mapped::default();
        line.push("a ${X} ", 0);
        line.push_for(" ", 7..11);
        line.push("b", 11);
        let made = line.replaced("${X}", "long one");
        assert_eq!(made.as_str(), "a long one  b");
        let from = |range: Range<usize>| &source[made.source(range)];
        assert_eq!(from(0..1), "a");
        assert_eq!(from(2..6), "${X}");
        assert_eq!(from(12..13), "b");
        assert_eq!(from(0..13), source);
        assert_eq!(made.source(13..13), 12..12);
    }

    #[test]
    fn a_part_of_a_word_is_found_where_it_is_written_as_it_is_meant() {
        let word = |text: &str, range| Word {
            text: text.to_owned(),
            span: Span::new(0, range),
        };
        assert_eq!(word("a:443", 5..10).slice(2..5), Some(Span::new(0, 7..10)));
        assert_eq!(word("a:443", 5..12).slice(2..5), Some(Span::new(0, 8..11)));
        assert_eq!(word("a\"b", 5..11).slice(0..1), None);
    }
}
