//! Arguments that could be a private key, pasted where a path or a name belongs. What the program says is kept free of
//! any part of them, whichever sentence repeats them.

use std::{borrow::Cow, sync::OnceLock};

use handfast_pki::hidden::Hidden;

/// `text` with a note in the place of everything that it shares with an argument that could be a private key.
pub fn hidden(text: &str) -> Cow<'_, str> {
    static GIVEN: OnceLock<Hidden> = OnceLock::new();
    GIVEN.get_or_init(|| Hidden::of(arguments())).left_out(text)
}

/// Also those that are no UTF-8, for a key can stand in them too.
fn arguments() -> impl Iterator<Item = String> {
    let given = std::env::args_os().skip(1);
    given.map(|argument| argument.to_string_lossy().into_owned())
}
