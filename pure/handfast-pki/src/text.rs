//! Text of strangers made safe to print: one line, no control characters, a limit.

use std::fmt;

/// The longest piece of foreign text that any message of ours repeats, in characters.
pub const LONGEST: usize = 256;

/// `text` on one line, control characters and bidirectional overrides escaped, cut at [`LONGEST`].
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        match c {
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Characters that change how their neighbours are shown (Trojan Source, CVE-2021-42574).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `bytes` as text, where they are UTF-16 as Windows writes it: with a byte order mark, or with a zero beside every
/// character of their beginning.
pub fn utf16(bytes: &[u8]) -> Option<String> {
    let decode = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        Some(characters.collect())
    };
    let start = bytes.get(..bytes.len().min(32)).unwrap_or_default();
    let is_beside_zeros = |text: usize| {
        let mut pairs = start.chunks_exact(2);
        start.len() >= 8 && pairs.all(|pair| pair[1 - text] == 0 && matches!(pair[text], b'\t'..=b'~'))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => decode(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => decode(rest, u16::from_be_bytes),
        _ if is_beside_zeros(0) => decode(bytes, u16::from_le_bytes),
        _ if is_beside_zeros(1) => decode(bytes, u16::from_be_bytes),
        _ => None,
    }
}

/// So many of what is called `one`: `1 certificate`, `2 certificates`.
pub fn counted<N: fmt::Display + PartialEq + From<u8>>(count: N, one: &str) -> String {
    let end = if count == N::from(1) { "" } else { "s" };
    format!("{count} {one}{end}")
}

/// The verb about so many.
pub fn were<N: PartialEq + From<u8>>(count: &N) -> &'static str {
    if *count == N::from(1) { "was" } else { "were" }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// The bytes that `digits` write, in either case; nothing where they are no pairs of hexadecimal digits.
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some(value(*high)? << 4 | value(*low)?))
        .collect()
}

/// `names` as `"a", "b" and 3 more`, at most four of them spelled out.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 4;
    if names.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|n| format!("\"{}\"", printable(n.as_ref())))
        .collect();
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_one_line_and_is_capped() {
        assert_eq!(printable("a\nb\u{1b}[31mc"), "a\\u{a}b\\u{1b}[31mc");
        assert_eq!(printable("\u{202e}cba"), "\\u{202e}cba");
        assert_eq!(printable(&"x".repeat(10_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn text_in_utf16_is_known_with_and_without_its_mark() {
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}-----BEGIN\r\nx");
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for bytes in [little, big] {
                assert_eq!(utf16(&bytes).as_deref(), Some("-----BEGIN\r\nx"), "{mark:?}");
            }
        }
        for bytes in [
            &b"-----BEGIN"[..],
            b"\x30\x82\x01\x00\x30\x00\x01\x00\x02\x00",
            b"a\0",
            b"",
        ] {
            assert_eq!(utf16(bytes), None);
        }
    }

    #[test]
    fn long_lists_are_counted() {
        assert_eq!(listed(&["a", "b"]), "\"a\", \"b\"");
        assert_eq!(
            listed(&["a", "b", "c", "d", "e"]),
            "\"a\", \"b\", \"c\", \"d\" and 1 more"
        );
        assert_eq!(listed::<&str>(&[]), "none");
    }
}
