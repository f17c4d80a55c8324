//! Arguments that could be a private key, pasted where a path or a name belongs. What the program says is kept free of
//! any part of them, whichever sentence repeats them.

use std::{borrow::Cow, collections::HashSet, sync::OnceLock};

use handfast_pki::conceal::may_be_key;

/// As many characters in a row as give nothing away.
const WINDOW: usize = 12;
const NOTE: &str = "[not shown: could be a private key]";

/// `text` with a note in the place of everything that it shares with an argument that could be a private key.
pub fn hidden(text: &str) -> Cow<'_, str> {
    static WINDOWS: OnceLock<HashSet<Vec<u8>>> = OnceLock::new();
    let windows = WINDOWS.get_or_init(|| windows(arguments()));
    without(text, windows)
}

/// Also those that are no UTF-8, for a key can stand in them too.
fn arguments() -> impl Iterator<Item = String> {
    let given = std::env::args_os().skip(1);
    given.map(|argument| argument.to_string_lossy().into_owned())
}

fn windows(arguments: impl Iterator<Item = String>) -> HashSet<Vec<u8>> {
    let secret = arguments.filter(|argument| may_be_key(argument));
    secret
        .flat_map(|argument| {
            argument
                .as_bytes()
                .windows(WINDOW)
                .map(<[u8]>::to_vec)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn without<'a>(text: &'a str, windows: &HashSet<Vec<u8>>) -> Cow<'a, str> {
    if windows.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut is_secret = vec![false; text.len()];
    for (at, window) in text.as_bytes().windows(WINDOW).enumerate() {
        if windows.contains(window) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MHcCAQEEIBn3Ou1v5cVtB2mQzYx8Kq0sJd7hLw4eTgRfUpXaWoAoGCCqGSM49AwEHoUQDQgAE";

    #[test]
    fn no_part_of_a_key_that_was_given_is_said_again() {
        let windows = windows([KEY.to_owned(), "server/tls.crt".to_owned()].into_iter());
        let said = without(
            &format!("\"{KEY}\" cannot be read; see server/tls.crt and {}", &KEY[5..30]),
            &windows,
        )
        .into_owned();
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
        let windows = windows(["server/tls.crt".to_owned()].into_iter());
        let text = format!("\"{KEY}\" ü server/tls.crt");
        assert_eq!(without(&text, &windows), text);
    }
}
