//! A text split into PEM blocks (RFC 7468, with the headers of RFC 1421): the one place that knows what a line is.
//!
//! Lines end with LF, CR or both; a block may be indented, may stand on one line, and may follow another without a line
//! end between. A BEGIN behind other text on its line opens nothing: that is a comment. What opens a block and cannot be
//! read is an error, so that no block is lost in silence.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::{Label, find};
use crate::{Error, Result, Shown};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Longer than every label.
const LONGEST_LABEL: usize = 64;

/// One block of a text.
pub struct Block<'a> {
    /// What stands behind BEGIN.
    pub label: Label,
    /// Where it begins, counted from 1.
    pub line: usize,
    /// What stands between BEGIN and END.
    body: &'a [u8],
}

/// Every block of `text`, in order.
pub(super) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>> {
    let mut blocks = Vec::new();
    let mut reader = Reader { text, at: 0, line: 1 };
    while let Some(begin) = reader.next_begin() {
        blocks.push(reader.block(begin)?);
    }
    Ok(blocks)
}

/// Where the reading of a text stands.
struct Reader<'a> {
    text: &'a [u8],
    /// The beginning of the text, or the end of a block.
    at: usize,
    /// The line of `at`.
    line: usize,
}

impl<'a> Reader<'a> {
    /// Where the next block begins.
    fn next_begin(&self) -> Option<usize> {
        let mut from = self.at;
        loop {
            let begin = from + find(self.text.get(from..)?, BEGIN)?;
            let before = self.text.get(self.at..begin)?;
            let blanks = before
                .iter()
                .rev()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count();
            match before
                .len()
                .checked_sub(blanks + 1)
                .and_then(|last| before.get(last))
            {
                Some(b'\n' | b'\r') => return Some(begin),
                None => return Some(begin),
                _ => from = begin + BEGIN.len(),
            }
        }
    }

    fn go_to(&mut self, at: usize) {
        self.line += line_ends(self.text.get(self.at..at).unwrap_or_default());
        self.at = at;
    }

    /// The block at `begin`; the reading goes on behind it.
    fn block(&mut self, begin: usize) -> Result<Block<'a>> {
        self.go_to(begin);
        let line = self.line;
        let rest = self.text.get(self.at + BEGIN.len()..).unwrap_or_default();
        let malformed = |text| Err(malformed(Shown::filled(text, &[&line])));
        let Some((written, after)) = label(rest) else {
            return malformed("the BEGIN line in line {} does not end with five dashes");
        };
        let Some((body, ending)) = find(after, END).and_then(|end| after.split_at_checked(end)) else {
            return malformed("the block that begins in line {} has no END line");
        };
        if find(body, BEGIN).is_some() {
            return malformed("the block that begins in line {} has no END line");
        }
        let Some((ends_as, behind)) = label(ending.get(END.len()..).unwrap_or_default()) else {
            return malformed(
                "the END line of the block that begins in line {} does not end with five dashes",
            );
        };
        let label = Label::of(written);
        if written != ends_as && (label == Label::UNKNOWN || label != Label::of(ends_as)) {
            let values: [&dyn crate::shown::Safe; 3] = [&line, &label, &Label::of(ends_as)];
            let text = "the block that begins in line {} as {} ends as {}";
            return Err(self::malformed(Shown::filled(text, &values)));
        }
        self.go_to(self.text.len() - behind.len());
        Ok(Block { label, line, body })
    }
}

/// The label at the beginning of `rest` and what follows its dashes.
fn label(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let near = rest.get(..rest.len().min(LONGEST_LABEL + DASHES.len()))?;
    let label = near.get(..find(near, DASHES)?)?;
    let is_on_one_line = !label.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    is_on_one_line.then_some((label, rest.get(label.len() + DASHES.len()..)?))
}

impl Block<'_> {
    /// Whether its headers say that it is encrypted (RFC 1421 section 4.6.1.1); its label does not.
    pub fn is_encrypted(&self) -> bool {
        find(self.body, b"Proc-Type:").is_some() && find(self.body, b"ENCRYPTED").is_some()
    }

    /// What its base64 decodes to, in constant time: it may be a key.
    pub fn contents(&self) -> Result<Zeroizing<Vec<u8>>> {
        let body = without_headers(self.body);
        let mut packed = Zeroizing::new(Vec::with_capacity(body.len()));
        packed.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
        std::str::from_utf8(&packed)
            .ok()
            .and_then(|text| Base64::decode_vec(text).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| self.not_base64(body))
    }

    fn not_base64(&self, body: &[u8]) -> Error {
        let is_foreign = |byte: &u8| {
            !(byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte))
        };
        let Some(at) = body.iter().position(is_foreign) else {
            let text = "the base64 of the block that begins in line {} is cut or damaged";
            return malformed(Shown::filled(text, &[&self.line]));
        };
        if matches!(body.get(at..at + 2), Some(b"\\n" | b"\\r")) {
            return malformed(
                "its line ends are written as the two characters \\n, as in an environment variable".into(),
            );
        }
        // Headers are before the body, so lines are counted from the beginning of the block.
        let before = self.body.len() - body.len() + at;
        let line = self.line + line_ends(self.body.get(..before).unwrap_or_default());
        malformed(Shown::filled("line {} is not base64", &[&line]))
    }
}

/// `body` behind its headers: they begin with the first line and end with an empty one.
fn without_headers(body: &[u8]) -> &[u8] {
    let mut rest = body;
    let mut is_in_headers = false;
    while let Some((line, after)) = next_line(rest) {
        let is_empty = line.trim_ascii().is_empty();
        match is_in_headers {
            true if is_empty => return after,
            false if line.contains(&b':') => is_in_headers = true,
            false if !is_empty => return body,
            _ => {}
        }
        rest = after;
    }
    body
}

/// The first line of `text` and the rest; nothing at the end.
fn next_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
        return Some((text, &[]));
    };
    let (line, after) = text.split_at(end);
    let both = after.starts_with(b"\r\n");
    Some((line, after.get(1 + usize::from(both)..)?))
}

/// How many lines end in `text`.
fn line_ends(text: &[u8]) -> usize {
    let is_end = |(index, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => text.get(index + 1) != Some(&b'\n'),
        _ => false,
    };
    text.iter().enumerate().filter(|entry| is_end(*entry)).count()
}

pub(super) fn malformed(detail: Shown) -> Error {
    Error::Malformed { what: "PEM", detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nQUJD\nREVG\n-----END CERTIFICATE-----\n";
    const TWO: &str = "-----BEGIN PRIVATE KEY-----\nR0hJ\n-----END PRIVATE KEY-----\n";

    fn read(text: &str) -> Vec<(Label, usize, Vec<u8>)> {
        let blocks = blocks(text.as_bytes()).expect("readable");
        let decoded = blocks.iter().map(|block| {
            let contents = block.contents().expect("base64").to_vec();
            (block.label, block.line, contents)
        });
        decoded.collect()
    }

    fn complaint(text: &str) -> String {
        let read = blocks(text.as_bytes())
            .and_then(|blocks| blocks.iter().map(Block::contents).collect::<Result<Vec<_>>>());
        read.expect_err("refused").to_string()
    }

    #[test]
    fn one_text_is_read_alike_whatever_its_lines_look_like() {
        let text = format!("# first\n{ONE}\n# second\n{TWO}");
        let (first, second) = (
            (Label::CERTIFICATE, b"ABCDEF".to_vec()),
            (Label::PKCS8, b"GHI".to_vec()),
        );
        for (form, text) in [
            ("LF", text.clone()),
            ("CRLF", text.replace('\n', "\r\n")),
            ("CR", text.replace('\n', "\r")),
            ("mixed", text.replacen('\n', "\r", 4).replacen('\n', "\r\n", 3)),
            (
                "indented",
                text.replace("-----B", " \t-----B").replace("-----E", "  -----E"),
            ),
            ("trailing blanks", text.replace('\n', " \t\n")),
            (
                "one line a block",
                format!("{}\n{}", ONE.replace('\n', " "), TWO.replace('\n', " ")),
            ),
            ("one line", format!("{ONE}{TWO}").replace('\n', " ")),
            ("no line ends", format!("{ONE}{TWO}").replace('\n', "")),
            ("no end at the end", text.trim_end().to_owned()),
        ] {
            let found: Vec<_> = read(&text)
                .into_iter()
                .map(|(label, _, contents)| (label, contents))
                .collect();
            assert_eq!(found, [first.clone(), second.clone()], "{form}");
        }
        let lines = |text: &str| {
            read(text)
                .into_iter()
                .map(|(_, line, _)| line)
                .collect::<Vec<_>>()
        };
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(lines(&text.replace('\n', end)), [2, 8], "{end:?}");
        }
    }

    #[test]
    fn headers_are_no_part_of_the_contents() {
        let headers = "Comment: of a tool\n and more of it\nSubject: x\n\n";
        for end in ["\n", "\r\n", "\r"] {
            let text = ONE
                .replacen("QUJD", &format!("{headers}QUJD"), 1)
                .replace('\n', end);
            assert_eq!(read(&text)[0].2, b"ABCDEF", "{end:?}");
            let locked = ONE.replacen(
                "QUJD",
                "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nQUJD",
                1,
            );
            let locked = locked.replace('\n', end);
            assert!(
                blocks(locked.as_bytes()).expect("read")[0].is_encrypted(),
                "{end:?}"
            );
        }
        assert!(!blocks(ONE.as_bytes()).expect("read")[0].is_encrypted());
    }

    #[test]
    fn a_block_that_is_commented_out_is_none() {
        let out: String = ONE.lines().map(|line| format!("# {line}\n")).collect();
        assert!(read(&out).is_empty());
        assert_eq!(read(&format!("{out}{TWO}")).len(), 1);
        assert_eq!(read(&format!("{TWO}{out}{TWO}")).len(), 2);
        assert!(read(&format!("key = {ONE}")).is_empty());
    }

    #[test]
    fn what_opens_a_block_and_cannot_be_read_is_refused_with_its_line() {
        let cut = ONE.replace("-----END CERTIFICATE-----", "");
        for (text, told) in [
            (
                format!("\n{cut}"),
                "the block that begins in line 2 has no END line",
            ),
            (
                format!("{cut}{ONE}"),
                "the block that begins in line 1 has no END line",
            ),
            (
                ONE.replacen("TE-----", "TE----", 1),
                "the BEGIN line in line 1 does not end with five dashes",
            ),
            (
                ONE.replace("END CERTIFICATE-----", "END CERTIFICATE---"),
                "the END line of the block that begins in line 1 does not end with five dashes",
            ),
            (
                ONE.replace("END CERTIFICATE", "END PRIVATE KEY"),
                "the block that begins in line 1 as \"CERTIFICATE\" ends as \"PRIVATE KEY\"",
            ),
            (
                ONE.replace("END CERTIFICATE", "END QUJDREVGR0hJSktM"),
                "the block that begins in line 1 as \"CERTIFICATE\" ends as an unknown label",
            ),
            (ONE.replace("REVG", "RE%G"), "line 3 is not base64"),
            (
                ONE.replace("REVG", "REVGR"),
                "the base64 of the block that begins in line 1 is cut or damaged",
            ),
            (
                ONE.replace('\n', "\\n"),
                "its line ends are written as the two characters \\n, as in an environment variable",
            ),
        ] {
            assert_eq!(complaint(&text), format!("malformed PEM: {told}"));
        }
    }
}
