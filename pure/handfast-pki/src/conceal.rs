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
/// Bytes in a line of a dump of a key that ends with a colon: `openssl pkey -text` has 15, certtool 16. An address of a
/// network card has fewer, a fingerprint more.
const DUMPED_IN_A_LINE: std::ops::RangeInclusive<usize> = 10..=18;

/// `text` with a note in the place of everything that could be a private key. Line ends stay where they were.
pub fn concealed(text: &str) -> Cow<'_, str> {
    let mut parts = in_blocks(text);
    parts.extend(in_runs(text));
    parts.extend(in_digits(text));
    parts.extend(in_dumps(text));
    parts.extend(in_pieces(text));
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
    // Names of errors are letters alone, or have "_", "-" or "=" between their words; base64 in PEM has others inside.
    let may_be_name = !shares.has_more_than_letters || run.contains(['_', '-', '=']);
    let turns = if may_be_name { 36 } else { 30 };
    shares.signs <= 25 && shares.small >= 12 && shares.capital >= 12 && shares.turns_between_signs >= turns
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

/// Bytes in pairs with colons between, over several lines, as `openssl pkey -text` prints a private number.
fn in_dumps(text: &str) -> Vec<Range<usize>> {
    let is_pair = |pair: &str| pair.len() == 2;
    let pairs = |written: &str| {
        written
            .split([':', ' ', '\t'])
            .filter(|pair| is_pair(pair))
            .count()
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    for run in runs(text, |c| c.is_ascii_hexdigit() || ": \t".contains(c)) {
        let written = text.get(run.clone()).unwrap_or_default();
        let count = pairs(written);
        // On one line, where the line ends were lost, a line of the dump goes on behind its colon and blanks.
        let goes_on = || {
            let mut lines = written.split(": ").filter(|line| pairs(line) > 0);
            count >= 16 && lines.by_ref().take(2).count() == 2
        };
        let is_line = written.trim_end().ends_with(':') && DUMPED_IN_A_LINE.contains(&count);
        // The last line has no colon behind it.
        let is_last = || {
            let between = found.last().and_then(|last| text.get(last.end..run.start));
            count > 0
                && between
                    .is_some_and(|between| between.chars().all(|c| c.is_whitespace() || "\\rn".contains(c)))
        };
        if is_line || goes_on() || is_last() {
            found.push(run);
        }
    }
    found
}

/// Base64 with blanks in it: pieces that are no words, which are chance when they are put together. Where pieces are all
/// of one length, some may look like words.
fn in_pieces(text: &str) -> Vec<Range<usize>> {
    /// Fewer characters give too little away.
    const LEAST: usize = 24;
    /// No list of names without a word in it is as long.
    const LONGEST: usize = 150;
    let mut found = Vec::new();
    let mut range = 0..0;
    let mut joined = String::new();
    let mut lengths = [0; 2];
    let mut close = |joined: &mut String, range: &Range<usize>| {
        let shares = Shares::of(joined);
        // Names of programs and algorithms turn at two of five places. A key does so once in some thousand, and is longer.
        let turns = if joined.len() >= LONGEST { 34 } else { 45 };
        if joined.len() >= LEAST && shares.small >= 12 && shares.capital >= 12 && shares.turns >= turns {
            found.push(range.clone());
        }
        joined.clear();
    };
    for piece in runs(text, |c| !c.is_whitespace()) {
        let written = text.get(piece.clone()).unwrap_or_default();
        let may_be = written.chars().all(is_base64) && !written.contains("--");
        if !may_be || is_word(written) && lengths != [written.len(); 2] {
            close(&mut joined, &range);
        } else {
            if joined.is_empty() {
                range.start = piece.start;
            }
            range.end = piece.end;
            joined.push_str(written);
        }
        lengths = [lengths[1], written.len()];
    }
    close(&mut joined, &range);
    found
}

/// Letters of one case, with a capital at the beginning or without, or digits alone.
fn is_word(piece: &str) -> bool {
    const SHORTEST_WORD: usize = 5;
    let rest = piece.get(1..).unwrap_or_default();
    piece.len() >= SHORTEST_WORD
        && (piece.bytes().all(|byte| byte.is_ascii_uppercase())
            || piece.bytes().all(|byte| byte.is_ascii_digit())
            || piece.starts_with(|c: char| c.is_ascii_alphabetic())
                && rest.bytes().all(|byte| byte.is_ascii_lowercase()))
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

    /// As `openssl pkey -text` prints the private number of `key`.
    fn dump(key: &PrivateKey) -> Vec<String> {
        let pairs: Vec<String> = key.pkcs8()[36..68]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut lines: Vec<String> = pairs
            .chunks(15)
            .map(|line| format!("    {}:", line.join(":")))
            .collect();
        if let Some(last) = lines.last_mut() {
            last.pop();
        }
        lines
    }

    #[test]
    fn the_text_of_a_key_that_openssl_prints_is_hidden() {
        for _ in 0..50 {
            let key = PrivateKey::generate(KeyKind::P256).expect("a key");
            let lines = dump(&key);
            let secret: Vec<String> = lines.iter().map(|line| line.trim().to_owned()).collect();
            for between in ["\n", "\r\n", " ", "\\n"] {
                let text = format!(
                    "Private-Key: (256 bit){between}priv:{between}{}{between}pub:",
                    lines.join(between)
                );
                must_hide(&text, &secret);
                assert!(concealed(&text).contains("Private-Key: (256 bit)"));
            }
            must_hide(&lines[0], &secret[..1]);
        }
    }

    #[test]
    fn base64_with_blanks_in_it_is_hidden() {
        for _ in 0..50 {
            let key = PrivateKey::generate(KeyKind::P256).expect("a key");
            let packed = body(&key.to_pem()).concat();
            for (size, between) in [(1, " "), (4, " "), (5, "\t"), (8, "  "), (16, " \n")] {
                let pieces: Vec<&str> = packed
                    .as_bytes()
                    .chunks(size)
                    .map(|piece| std::str::from_utf8(piece).expect("text"))
                    .collect();
                let text = format!("error: \"tls.key\": {}", pieces.join(between));
                let shown = concealed(&text).into_owned();
                let left: String = shown.split_whitespace().collect();
                let windows = packed.as_bytes().windows(20);
                for window in windows {
                    assert!(
                        !left.contains(std::str::from_utf8(window).expect("text")),
                        "{size}: {shown}"
                    );
                }
                assert!(shown.starts_with("error: \"tls.key\": "), "{shown}");
            }
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
            "ether 00:16:3e:5e:6c:00: link up",
            "00:11:22:33:44:55:66:77: EUI-64",
            "2001:0db8:0000:0000:0000:ff00:0042:8329: unreachable",
            "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D: not trusted",
            "OpenSSL LibreSSL BoringSSL GnuTLS mbedTLS wolfSSL macOS iPhone NodeJS20 ECDHE-RSA-AES128 X25519MLKEM768",
            "TLSv1.3 Server SSL_CTX_use_PrivateKey_file:ca md too weak PEM_read_bio PKCS12_parse EVP_PKEY",
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
