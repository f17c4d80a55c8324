//! Texts that are repeated and may have a private key in them: the line of a configuration, an argument, an error of
//! another program. What could be a key is cut out; the rest stays as it was.
//!
//! This is a net for texts that have to be repeated. Contents of key and certificate files never are: see
//! [`crate::shown`].

use std::{borrow::Cow, ops::Range};

use crate::pem::Label;

/// A run of letters and digits shorter than this gives away too little to be looked at.
const SHORTEST: usize = 20;
/// From here on a run is taken for a key on fewer signs: no word and hardly a path is as long.
const LONG: usize = 40;
/// As many hexadecimal digits as a fingerprint by SHA-256 has. A bare private number of 32 bytes cannot be told from one.
const LONGEST_HEX: usize = 64;
/// More numbers in a row than an address or a version has.
const MOST_NUMBERS: usize = 17;

/// `text` with a note in the place of everything that could be a private key. Line ends stay where they were.
pub fn concealed(text: &str) -> Cow<'_, str> {
    let mut parts = in_blocks(text);
    parts.extend(in_runs(text));
    parts.extend(in_digits(text));
    if parts.is_empty() {
        return Cow::Borrowed(text);
    }
    parts.sort_by_key(|part| part.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for part in parts {
        if part.end <= at {
            continue;
        }
        let start = part.start.max(at);
        let hidden = text.get(start..part.end).unwrap_or_default();
        out.push_str(text.get(at..start).unwrap_or_default());
        // What touches the part before is a part of it.
        if start > at || at == 0 {
            out.push_str("[not shown: could be a private key]");
        }
        out.extend(hidden.chars().filter(|c| matches!(c, '\n' | '\r')));
        at = part.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether a part of `text` could be a private key.
pub fn may_be_key(text: &str) -> bool {
    matches!(concealed(text), Cow::Owned(_))
}

/// What stands between BEGIN and END of every block that is not known to be public, however spoiled its dashes are.
fn in_blocks(text: &str) -> Vec<Range<usize>> {
    const BEGIN: &str = "BEGIN ";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(BEGIN)) {
        from += at + BEGIN.len();
        let rest = text.get(from..).unwrap_or_default();
        let end_of_label = rest
            .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || " .#".contains(c)))
            .unwrap_or(rest.len());
        let written = rest.get(..end_of_label).unwrap_or_default();
        let label = Label::of(written.as_bytes());
        let has_dashes = text
            .get(..from - BEGIN.len())
            .is_some_and(|before| before.ends_with("--"));
        if !label.may_be_secret() || !(has_dashes || written.contains("PRIVATE KEY")) {
            continue;
        }
        let known = if label == Label::UNKNOWN { 0 } else { end_of_label };
        let start = from + known + dashes(rest.get(known..).unwrap_or_default());
        let rest = text.get(start..).unwrap_or_default();
        // Up to the next block, so that a text of nothing but BEGIN lines is looked through once.
        let body = rest.split_once(BEGIN).map_or(rest, |(body, _)| body);
        let end = start
            + match body.find("--END ") {
                Some(end) => end + 2 - dashes_before(body, end + 2),
                None => end_of_body(body),
            };
        let is_long = |run: Range<usize>| run.len() >= 12;
        if text
            .get(start..end)
            .is_some_and(|body| runs(body, is_base64).any(is_long))
        {
            found.push(start..end);
            from = end;
        }
    }
    found
}

fn dashes(text: &str) -> usize {
    text.len() - text.trim_start_matches('-').len()
}

fn dashes_before(text: &str, end: usize) -> usize {
    let before = text.get(..end).unwrap_or_default();
    before.len() - before.trim_end_matches('-').len()
}

/// Where the body of a block without an END line ends: before the first line that is neither base64 nor a header.
fn end_of_body(body: &str) -> usize {
    const HEADERS: [&str; 3] = ["Proc-Type:", "DEK-Info:", "Comment:"];
    let is_body = |line: &str| {
        let line = line.trim();
        HEADERS.iter().any(|header| line.starts_with(header))
            || line.chars().all(|c| is_base64(c) || " \\:".contains(c)) && !line.trim().contains(' ')
    };
    let lines = body.split_inclusive(['\n', '\r']);
    lines.take_while(|line| is_body(line)).map(str::len).sum()
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=-_".contains(c)
}

/// Long runs of base64 that look like chance.
fn in_runs(text: &str) -> Vec<Range<usize>> {
    let is_key = |run: &Range<usize>| {
        let written = text.get(run.clone()).unwrap_or_default();
        let is_path =
            written.starts_with('/') || text.get(..run.start).is_some_and(|before| before.ends_with('.'));
        // A folder for temporary files has chance in its name, too; no path has as much of it.
        if is_path && written.len() < 60 {
            written.split('/').any(is_chance) || written.len() >= LONG && is_chance_throughout(written)
        } else {
            is_chance(written)
        }
    };
    runs(text, is_base64).filter(is_key).collect()
}

/// The longest parts of `text` of characters that `fits` takes.
fn runs(text: &str, fits: impl Fn(char) -> bool + Copy) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at + rest.find(fits)?;
        let length = text.get(start..)?.find(|c| !fits(c));
        at = length.map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

/// Whether `run` is rather chance than words: small and capital letters and digits in turn, as no name has them.
fn is_chance(run: &str) -> bool {
    if run.len() < SHORTEST {
        return false;
    }
    let shares = Shares::of(run);
    // Paths and names in several parts have more signs than chance has, and words in one have neither signs nor digits.
    // Chance is like them once in some thousand lines, so a long run gets a second look.
    let signs = if run.len() >= LONG { 8 } else { 13 };
    if shares.signs >= signs || !shares.has_more_than_letters {
        return run.len() >= LONG && is_chance_throughout(run);
    }
    if run.len() >= LONG {
        shares.small >= 12 && shares.capital >= 12 && shares.turns >= 20
    } else {
        shares.small >= 15 && shares.capital >= 15 && shares.turns >= 40
    }
}

/// Whether a long run is chance between its signs as well: words turn there once or twice, chance at two of three places.
fn is_chance_throughout(run: &str) -> bool {
    let shares = Shares::of(run);
    shares.signs <= 25 && shares.small >= 12 && shares.capital >= 12 && shares.turns_between_signs >= 36
}

/// What a run is made of, each in percent of it.
struct Shares {
    small: usize,
    capital: usize,
    signs: usize,
    /// Neighbours of different kinds, a sign being a kind.
    turns: usize,
    /// The same among neighbours of which none is a sign.
    turns_between_signs: usize,
    has_more_than_letters: bool,
}

impl Shares {
    fn of(run: &str) -> Self {
        let kinds: Vec<u8> = run.bytes().map(kind).collect();
        let percent = |part: usize, whole: usize| 100 * part / whole.max(1);
        let count = |wanted: u8| kinds.iter().filter(|kind| **kind == wanted).count();
        let (mut turns, mut inner, mut inner_turns) = (0, 0, 0);
        for pair in kinds.windows(2) {
            let turn = usize::from(pair[0] != pair[1]);
            turns += turn;
            if !pair.contains(&b'/') {
                inner += 1;
                inner_turns += turn;
            }
        }
        Self {
            small: percent(count(b'a'), run.len()),
            capital: percent(count(b'A'), run.len()),
            signs: percent(count(b'/'), run.len()),
            turns: percent(turns, run.len()),
            turns_between_signs: percent(inner_turns, inner),
            has_more_than_letters: count(b'0') + count(b'/') > 0,
        }
    }
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => b'a',
        b'A'..=b'Z' => b'A',
        b'0'..=b'9' => b'0',
        _ => b'/',
    }
}

/// More hexadecimal digits than a fingerprint has, and lists of bytes as decimal numbers.
fn in_digits(text: &str) -> Vec<Range<usize>> {
    let digits = |run: &Range<usize>| {
        let parts = text.get(run.clone()).unwrap_or_default().split([':', ' ']);
        let lengths: Vec<usize> = parts.map(str::len).collect();
        // As pairs or as words of 16 bits; or in one piece.
        let in_pairs: usize = lengths.iter().filter(|length| matches!(length, 2 | 4)).sum();
        in_pairs.max(lengths.into_iter().max().unwrap_or(0)) > LONGEST_HEX
    };
    let hex = runs(text, |c| c.is_ascii_hexdigit() || c == ':' || c == ' ').filter(digits);
    let numbers = |run: &Range<usize>| {
        let run = text.get(run.clone()).unwrap_or_default();
        let is_byte = |number: &&str| number.parse::<u8>().is_ok();
        run.split([',', ' ']).filter(is_byte).count() >= MOST_NUMBERS
    };
    let decimal = runs(text, |c| c.is_ascii_digit() || c == ',' || c == ' ').filter(numbers);
    hex.chain(decimal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyKind, PrivateKey, text::hex};

    fn key() -> String {
        PrivateKey::generate(KeyKind::P256)
            .expect("a key")
            .to_pem()
            .to_string()
    }

    fn body(pem: &str) -> Vec<String> {
        pem.lines()
            .filter(|line| !line.starts_with('-'))
            .map(str::to_owned)
            .collect()
    }

    #[track_caller]
    fn must_hide(text: &str, secret: &[String]) {
        let shown = concealed(text);
        for line in secret {
            let windows = line.as_bytes().windows(12);
            for window in windows {
                let window = String::from_utf8_lossy(window);
                assert!(!shown.contains(&*window), "{window} in {shown}");
            }
        }
        let ends = |text: &str| text.matches(['\n', '\r']).count();
        assert_eq!(ends(&shown), ends(text));
    }

    #[test]
    fn a_key_is_hidden_however_its_block_is_spoiled() {
        let pem = key();
        let secret = body(&pem);
        for text in [
            pem.clone(),
            pem.replace('\n', "\\n"),
            pem.replace('\n', " "),
            pem.replace('\n', "\r"),
            pem.replace("PRIVATE", "PRIVAT"),
            pem.replace("-----", "---"),
            pem.replace("-----END PRIVATE KEY-----", ""),
            pem.replace("-----END PRIVATE KEY-----", "error: no end line"),
            format!("error: unexpected argument '{pem}' found\n\nUsage: handfast"),
        ] {
            must_hide(&text, &secret);
        }
        let shown = concealed(&pem).into_owned();
        assert!(
            shown.starts_with("-----BEGIN PRIVATE KEY-----[not shown"),
            "{shown}"
        );
        assert!(shown.trim_end().ends_with("-----END PRIVATE KEY-----"), "{shown}");
        let after = pem.replace("-----END PRIVATE KEY-----", "") + "tlsv1 alert unknown ca\n";
        assert!(concealed(&after).contains("alert unknown ca"));
    }

    #[test]
    fn a_key_without_its_lines_is_hidden_for_what_it_looks_like() {
        for _ in 0..200 {
            let key = PrivateKey::generate(KeyKind::P256).expect("a key");
            for line in body(&key.to_pem()) {
                must_hide(&format!("key = \"{line}\""), &[line]);
            }
            let digits = hex(key.pkcs8());
            assert!(may_be_key(&digits));
            let pairs: Vec<String> = key.pkcs8().iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(may_be_key(&pairs.join(":")) && may_be_key(&pairs.join(" ")));
            let numbers: Vec<String> = key.pkcs8().iter().map(u8::to_string).collect();
            assert!(may_be_key(&format!("[{}]", numbers.join(", "))));
        }
    }

    #[test]
    fn a_line_that_looks_like_a_path_or_a_word_is_hidden() {
        for line in [
            "u1zWmo7G+6sY+k+64ocDT1Ec9u8/OlOjHUxu++Q/xFQ/J/Vgh1UrIzrr",
            "/wq3Rk9/TbL2xVnYc/0pGz8sQd/JmE5uWfHa/1KoNrBv+7yXiCt/Zl4P",
            "qWeRtYuIoPaSdFgHjKlZxCvBnMqWeRtYuIoPaSdFgHjKlZxCvBnMqWeR",
        ] {
            must_hide(line, &[line.to_owned()]);
        }
    }

    #[test]
    fn what_people_need_to_read_stays() {
        for text in [
            "",
            "/etc/nginx/Sites-Enabled2/My.Site/tls.crt",
            "next: handfast verify /tmp/tmp.Xy12AbCdEf/server/tls.crt --ca /tmp/tmp.Xy12AbCdEf/server/ca.crt",
            "/home/User1/Projects/MyCompany2/Prod3/TLS/certs/Web1/tls.crt",
            "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/handfast",
            "spiffe://prod.example/ns/default/sa/web-7f9c",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15:A3:BF:4F:1B:2B:0B:82:2C:D1:5D:6C:15:B0:F0:0A:08",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 ECDHE-RSA-AES128-GCM-SHA256",
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed",
            "SSLVerifyClient2optionalNoCAxyz",
            "InvalidAlgorithmParameterExceptionHandlerFactory",
            "Users/Alice/Documents/MyProject/Certs/Client1/tls",
            "expected -----BEGIN CERTIFICATE-----, found -----BEGIN PRIVATE KEY-----",
            "could not find '-----BEGIN PRIVATE KEY-----' in tls.key",
            "error 20 at 0 depth lookup: unable to get local issuer certificate",
            "2026-11-28T23:25:59Z 127.0.0.1:8443 1, 2, 3, 4",
            "550e8400-e29b-41d4-a716-446655440000",
        ] {
            assert_eq!(concealed(text), text);
        }
    }

    #[test]
    fn a_certificate_is_public_and_its_block_is_not_hidden_as_one() {
        let text = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
        assert_eq!(concealed(text), text);
    }
}
