//! BER (X.690 section 8) written again with the lengths of DER: PKCS#12 and PKCS#7 may be BER, and programs in Java and
//! on Windows write it so.
//!
//! In: one value. Out: the same value with definite lengths, its strings in one piece. What is DER already comes out
//! byte for byte, so that nothing that is signed changes.

use zeroize::Zeroizing;

/// Deeper than every container is nested.
const DEEPEST: usize = 48;
const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
/// An OCTET STRING in pieces.
const IN_PIECES: u8 = 0x24;
/// The tag `[0]`, constructed and primitive.
const CONSTRUCTED_0: u8 = 0xa0;
const PRIMITIVE_0: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// The one value in `bytes` with definite lengths; nothing where that is no BER, or more than one value.
pub fn definite(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let rest = copied(bytes, 0, &mut out)?;
    rest.is_empty().then_some(out)
}

/// Writes the first value of `bytes` to `out`; what follows it.
fn copied<'a>(bytes: &'a [u8], depth: usize, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let head = Head::read(bytes).filter(|_| depth < DEEPEST)?;
    if !head.is_constructed() {
        let (content, rest) = head.behind.split_at_checked(head.length?)?;
        write(head.tag, content, out);
        return Some(rest);
    }
    let mut inner = Zeroizing::new(Vec::new());
    let rest = match head.length {
        Some(length) => {
            let (mut content, rest) = head.behind.split_at_checked(length)?;
            while !content.is_empty() {
                content = copied(content, depth + 1, &mut inner)?;
            }
            rest
        }
        None => {
            let mut content = head.behind;
            loop {
                if let Some(rest) = content.strip_prefix(&END_OF_CONTENTS) {
                    break rest;
                }
                content = copied(content, depth + 1, &mut inner)?;
            }
        }
    };
    match head.tag {
        [IN_PIECES] => write(&[OCTET_STRING], &joined(&inner)?, out),
        [SEQUENCE] => write(head.tag, &with_one_string(&inner), out),
        tag => write(tag, &inner, out),
    }
    Some(rest)
}

/// Tag and length of a value.
struct Head<'a> {
    tag: &'a [u8],
    /// None where it is indefinite.
    length: Option<usize>,
    behind: &'a [u8],
}

impl<'a> Head<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let first = *bytes.first()?;
        // A tag number of 31 and more goes on for as long as the highest bit is set.
        let more = match first & 0x1f {
            0x1f => 1 + bytes.get(1..)?.iter().position(|byte| byte & 0x80 == 0)?,
            _ => 0,
        };
        let (tag, rest) = bytes.split_at_checked(1 + more)?;
        let (&said, rest) = rest.split_first()?;
        if said == 0x80 {
            let head = Self {
                tag,
                length: None,
                behind: rest,
            };
            return head.is_constructed().then_some(head);
        }
        let (length, behind) = match said {
            0..0x80 => (usize::from(said), rest),
            _ => {
                let (digits, rest) = rest.split_at_checked(usize::from(said & 0x7f))?;
                let length = digits.iter().try_fold(0_usize, |sum, digit| {
                    sum.checked_mul(256)?.checked_add(usize::from(*digit))
                })?;
                (length, rest)
            }
        };
        Some(Self {
            tag,
            length: Some(length),
            behind,
        })
    }

    fn is_constructed(&self) -> bool {
        self.tag.first().is_some_and(|first| first & 0x20 != 0)
    }
}

fn write(tag: &[u8], content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(tag);
    let length = content.len();
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        out.push(short);
    } else {
        let digits = length.to_be_bytes();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let digits = digits.get(zeros..).unwrap_or_default();
        // A length has at most eight digits of 256.
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
        out.extend_from_slice(digits);
    }
    out.extend_from_slice(content);
}

/// The contents of the OCTET STRINGs in `content` behind each other; nothing where something else stands there.
fn joined(content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(content.len()));
    let mut rest = content;
    while !rest.is_empty() {
        let head = Head::read(rest).filter(|head| head.tag == [OCTET_STRING])?;
        let (piece, after) = head.behind.split_at_checked(head.length?)?;
        out.extend_from_slice(piece);
        rest = after;
    }
    Some(out)
}

/// The contents of a SEQUENCE. An EncryptedContentInfo (RFC 5652 section 6.1) holds its string as `[0] IMPLICIT`: type,
/// algorithm, string. Nothing else that begins with an object identifier and a SEQUENCE has a `[0]` behind them.
fn with_one_string(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let one_string = || {
        let (kind, rest) = first(content)?;
        let (algorithm, rest) = first(rest)?;
        let (string, rest) = first(rest)?;
        let begins = |value: &[u8], tag: u8| value.first() == Some(&tag);
        let is_meant = begins(kind, OBJECT_IDENTIFIER)
            && begins(algorithm, SEQUENCE)
            && begins(string, CONSTRUCTED_0)
            && rest.is_empty();
        let pieces = joined(Head::read(string).filter(|_| is_meant)?.behind)?;
        let mut out = Zeroizing::new([kind, algorithm].concat());
        write(&[PRIMITIVE_0], &pieces, &mut out);
        Some(out)
    };
    one_string().unwrap_or_else(|| Zeroizing::new(content.to_vec()))
}

/// The first value, of a definite length, and what follows it.
fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let head = Head::read(bytes)?;
    let before = bytes.len() - head.behind.len();
    bytes.split_at_checked(before.checked_add(head.length?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Option<Vec<u8>> {
        definite(bytes).map(|out| out.to_vec())
    }

    #[test]
    fn der_stays_byte_for_byte() {
        let key = crate::PrivateKey::generate(crate::KeyKind::P256).expect("a key");
        assert_eq!(told(key.pkcs8()).as_deref(), Some(key.pkcs8()));
        let long = [&[0x04, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        assert_eq!(told(&long), Some(long.clone()));
    }

    #[test]
    fn lengths_that_are_not_written_are_found_however_deep_they_are() {
        // SEQUENCE { SEQUENCE { INTEGER 3 }, OCTET STRING in pieces }
        let ber = [
            0x30, 0x80, 0x30, 0x80, 0x02, 0x01, 0x03, 0, 0, 0x24, 0x80, 0x04, 0x01, 0xaa, 0x24, 0x03, 0x04,
            0x01, 0xbb, 0, 0, 0, 0,
        ];
        let der = [0x30, 0x09, 0x30, 0x03, 0x02, 0x01, 0x03, 0x04, 0x02, 0xaa, 0xbb];
        assert_eq!(told(&ber).as_deref(), Some(&der[..]));
        // A length with more digits than it needs.
        assert_eq!(told(&[0x04, 0x82, 0, 1, 7]).as_deref(), Some(&[0x04, 1, 7][..]));
    }

    #[test]
    fn an_encrypted_content_is_one_string_and_an_explicit_one_stays() {
        let implicit = [
            0x30, 0x80, 0x06, 1, 1, 0x30, 0, 0xa0, 0x80, 0x04, 1, 0xaa, 0x04, 1, 0xbb, 0, 0, 0, 0,
        ];
        let der = [0x30, 9, 0x06, 1, 1, 0x30, 0, 0x80, 2, 0xaa, 0xbb];
        assert_eq!(told(&implicit).as_deref(), Some(&der[..]));
        let explicit = [0x30, 0x80, 0x06, 1, 1, 0xa0, 0x80, 0x04, 1, 0xaa, 0, 0, 0, 0];
        let der = [0x30, 8, 0x06, 1, 1, 0xa0, 3, 0x04, 1, 0xaa];
        assert_eq!(told(&explicit).as_deref(), Some(&der[..]));
    }

    #[test]
    fn what_is_cut_or_too_deep_is_none() {
        let whole = [0x30, 0x80, 0x02, 0x01, 0x03, 0, 0];
        assert!(told(&whole).is_some());
        for length in 0..whole.len() {
            assert_eq!(told(&whole[..length]), None, "{length}");
        }
        assert_eq!(told(&[0x30, 0x80].repeat(10_000)), None);
        assert_eq!(told(&[0x30, 0, 0x30, 0]), None);
        assert_eq!(told(&[0x04, 0x80, 0, 0]), None);
    }
}
