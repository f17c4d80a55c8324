//! Texts that repeat what was given, without those parts of it that could be a private key.

use std::{borrow::Cow, collections::HashSet};

use crate::conceal::may_be_key;

/// As many characters in a row as give nothing away.
const WINDOW: usize = 12;
const NOTE: &str = "[not shown: could be a private key]";

/// What was given and could be a private key, in pieces.
#[derive(Default)]
pub struct Hidden(HashSet<Vec<u8>>);

impl Hidden {
    /// Of what was given, such as the arguments of a program.
    pub fn of(given: impl Iterator<Item = String>) -> Self {
        let mut windows = HashSet::new();
        for text in given.filter(|text| may_be_key(text)) {
            windows.extend(text.as_bytes().windows(WINDOW).map(<[u8]>::to_vec));
        }
        Self(windows)
    }

    /// Of a file that a parser of others quotes in its errors: all of it where the file could have a key in it, or
    /// where `is_known` says that it is not what it should be. A key in a wrong place is chance, and a net has holes.
    pub fn of_file(text: &str, is_known: bool) -> Self {
        let may_be = !is_known || may_be_key(text);
        let windows = text.as_bytes().windows(WINDOW).filter(|_| may_be);
        Self(windows.map(<[u8]>::to_vec).collect())
    }

    /// `text` with a note in the place of everything that it shares with them.
    pub fn left_out<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut is_secret = vec![false; text.len()];
        for (at, window) in text.as_bytes().windows(WINDOW).enumerate() {
            if self.0.contains(window) {
                is_secret[at..at + WINDOW].fill(true);
            }
        }
        if !is_secret.contains(&true) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut was_secret = false;
        for (at, character) in text.char_indices() {
            match (is_secret[at], was_secret) {
                (true, false) => out.push_str(NOTE),
                (true, true) => {}
                (false, _) => out.push(character),
            }
            was_secret = is_secret[at];
        }
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MHcCAQEEIBn3Ou1v5cVtB2mQzYx8Kq0sJd7hLw4eTgRfUpXaWoAoGCCqGSM49AwEHoUQDQgAE";

    #[test]
    fn no_part_of_a_key_that_was_given_is_said_again() {
        let hidden = Hidden::of([KEY.to_owned(), "server/tls.crt".to_owned()].into_iter());
        let said = format!("\"{KEY}\" cannot be read; see server/tls.crt and {}", &KEY[5..30]);
        let said = hidden.left_out(&said);
        assert!(
            !KEY.as_bytes()
                .windows(WINDOW)
                .any(|part| said.as_bytes().windows(WINDOW).any(|w| w == part))
        );
        assert_eq!(
            said,
            format!("\"{NOTE}\" cannot be read; see server/tls.crt and {NOTE}")
        );
    }

    #[test]
    fn without_such_an_argument_everything_is_said() {
        let hidden = Hidden::of(["server/tls.crt".to_owned()].into_iter());
        let text = format!("\"{KEY}\" ü server/tls.crt");
        assert_eq!(hidden.left_out(&text), text);
    }
}
