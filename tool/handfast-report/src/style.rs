//! The styles of the terminal. Colour never carries anything alone, and whoever prints a text leaves it out where the
//! terminal shows none.

use anstyle::{AnsiColor, Style};

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const STRONG: Style = Style::new().bold();

/// What our pictures are drawn with, and what stands for it where there is nothing but ASCII.
const DRAWN: [(char, &str); 13] = [
    ('│', "|"),
    ('─', "-"),
    ('└', "`"),
    ('▶', ">"),
    ('◀', "<"),
    ('✗', "x"),
    ('✓', "+"),
    ('●', "*"),
    ('↑', "^"),
    ('→', "->"),
    ('·', "-"),
    ('…', "..."),
    ('×', "x"),
];

/// `text` for a terminal that shows ASCII alone. What else is no ASCII is not ours, and stays.
pub fn ascii(text: &str) -> String {
    let drawn = |character: char| DRAWN.iter().find(|(known, _)| *known == character);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match drawn(character) {
            Some((_, instead)) => out.push_str(instead),
            None => out.push(character),
        }
    }
    out
}

/// `text` without our styles.
pub(crate) fn plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A style ends with `m`; texts of others come here with their control characters spelled out.
        out.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_taken_out_and_nothing_else() {
        assert_eq!(
            plain(&format!("{BAD}a{BAD:#} m [b] {STRONG}c{STRONG:#}")),
            "a m [b] c"
        );
        assert_eq!(plain("no style at all"), "no style at all");
    }

    #[test]
    fn pictures_are_drawn_in_ascii_and_names_are_left_alone() {
        assert_eq!(ascii("│ ◀──── Alert │ ✗ höf"), "| <---- Alert | x höf");
    }
}
