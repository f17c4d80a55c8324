//! Whether a part of a secret is in an output, in any of the ways in which bytes are printed.

use std::collections::HashSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use handfast_pki::text::hex;

/// So many characters in a row of a secret are a leak.
const CHARACTERS: usize = 12;
/// So many bytes in a row are: 12 digits of hexadecimal.
const BYTES: usize = 6;

/// Pieces that must not be seen, all of one length.
#[derive(Default)]
struct Pieces {
    all: HashSet<Vec<u8>>,
    /// The first two bytes of each, for outputs are long and leaks are rare.
    starts: HashSet<[u8; 2]>,
}

impl Pieces {
    fn extend(&mut self, pieces: impl Iterator<Item = Vec<u8>>) {
        for piece in pieces {
            self.starts.insert([piece[0], piece[1]]);
            self.all.insert(piece);
        }
    }
}

/// What must not be seen of some secret bytes.
#[derive(Default)]
pub(crate) struct Secret {
    base64: Pieces,
    hex: Pieces,
    bytes: Pieces,
}

impl Secret {
    /// Of private numbers, and of the base64 text that has them in it, which can be encoded once more.
    pub(crate) fn of(numbers: &[Vec<u8>]) -> Self {
        let mut secret = Self::default();
        for number in numbers {
            for text in encoded(number) {
                secret.base64.extend(windows(&text, CHARACTERS));
                for again in encoded(&text) {
                    secret.base64.extend(windows(&again, CHARACTERS));
                }
            }
            secret.hex.extend(windows(hex(number).as_bytes(), CHARACTERS));
            secret.bytes.extend(windows(number, BYTES));
        }
        secret
    }

    /// How `output` shows a part of the secret; nothing where it does not.
    pub(crate) fn shown_in(&self, output: &[u8]) -> Option<String> {
        let said = |how: &str, what: &[u8]| Some(format!("{how}: {}", String::from_utf8_lossy(what)));
        if let Some(found) = within(output, BYTES, &self.bytes) {
            return said("bytes", hex(found).as_bytes());
        }
        let text = String::from_utf8_lossy(output);
        // Text in 16 bits has zeros between its letters, and JSON and our own text write them out.
        let text = text
            .replace('\0', "")
            .replace("\\u0000", "")
            .replace("\\u{0}", "");
        if let Some(found) = self.in_text(text.as_bytes()) {
            return said("base64", &found);
        }
        let digits = text.replace("0x", "").replace("\\x", "").replace("\\n", " ");
        for run in runs(&digits, |c| c.is_ascii_hexdigit() || ": ,\"\r\n\t".contains(c)) {
            let run: Vec<u8> = run.bytes().filter(u8::is_ascii_hexdigit).collect();
            let run = run.to_ascii_lowercase();
            if let Some(found) = within(&run, CHARACTERS, &self.hex) {
                return said("hexadecimal", found);
            }
        }
        for run in runs(&text, |c| c.is_ascii_digit() || ", \r\n\t".contains(c)) {
            let numbers: Vec<u8> = run
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            if within(&numbers, BYTES, &self.bytes).is_some() || self.in_text(&numbers).is_some() {
                return said("numbers", run.as_bytes());
            }
        }
        None
    }

    fn in_text(&self, text: &[u8]) -> Option<Vec<u8>> {
        // A broken line is shown in one piece, or with its line ends written out.
        let joined: Vec<u8> = text
            .iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .copied()
            .collect();
        let found =
            within(text, CHARACTERS, &self.base64).or_else(|| within(&joined, CHARACTERS, &self.base64));
        found.map(<[u8]>::to_vec)
    }
}

/// `bytes` in base64 as it looks at each of the three places where they can begin, without what others share.
fn encoded(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..3).map(move |shift| {
        let shifted = [&vec![0; shift], bytes].concat();
        let text = BASE64_STANDARD.encode(shifted).into_bytes();
        let (from, to) = (if shift == 0 { 0 } else { 4 }, text.len() - 4);
        text.get(from..to).unwrap_or_default().to_vec()
    })
}

fn windows(bytes: &[u8], length: usize) -> impl Iterator<Item = Vec<u8>> {
    bytes.windows(length).map(<[u8]>::to_vec)
}

fn within<'a>(hay: &'a [u8], length: usize, wanted: &Pieces) -> Option<&'a [u8]> {
    let is_one =
        |window: &&[u8]| wanted.starts.contains(&[window[0], window[1]]) && wanted.all.contains(*window);
    hay.windows(length).find(is_one)
}

fn runs(text: &str, fits: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    text.split(move |c| !fits(c))
        .filter(|run| run.len() >= CHARACTERS)
}

#[test]
fn a_leak_is_found_in_every_way_in_which_bytes_are_printed() {
    let number: Vec<u8> = (0..32_u8).map(|byte| byte.wrapping_mul(97) ^ 0x5a).collect();
    let secret = Secret::of(std::slice::from_ref(&number));
    let list = |bytes: &[u8]| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let pairs = |between: &str, upper: bool| {
        let pairs = number.iter().map(|byte| {
            if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            }
        });
        pairs.collect::<Vec<_>>().join(between)
    };
    let mut planted = vec![
        hex(&number),
        hex(&number).to_uppercase(),
        pairs(":", false),
        pairs(":", true),
        pairs(" ", false),
        pairs(", 0x", false),
        pairs("\n", false),
        list(&number),
        list(&number).replace(", ", ","),
        list(&number).replace(' ', "\n  "),
        // No more than a window of it.
        hex(&number[7..13]),
        list(&number[7..13]),
    ];
    for before in ["", "a", "ab"] {
        let text = BASE64_STANDARD.encode([before.as_bytes(), &number, b"rest"].concat());
        planted.push(text.clone());
        planted.push(text[8..20].to_owned());
        planted.push(list(text.as_bytes()));
        planted.push(text.chars().flat_map(|c| [c, '\0']).collect());
        planted.push(text.chars().map(|c| format!("{c}\\u{{0}}")).collect());
        planted.push(BASE64_STANDARD.encode(format!("----- {text}")));
        planted.push(format!("{}\n  {}", &text[..20], &text[20..]));
    }
    for text in &planted {
        let output = format!("error: malformed \"{text}\" in line 3");
        assert!(secret.shown_in(output.as_bytes()).is_some(), "{output}");
    }
    assert!(
        secret
            .shown_in(&[b"zip\0", &number[..], b"end"].concat())
            .is_some()
    );
    // And it can say no.
    let other: Vec<u8> = number.iter().map(|byte| byte ^ 0xff).collect();
    for text in [
        hex(&other),
        list(&other),
        BASE64_STANDARD.encode(&other),
        "error: line 3".into(),
    ] {
        assert_eq!(secret.shown_in(text.as_bytes()), None, "{text}");
    }
}
