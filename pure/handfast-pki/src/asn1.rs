//! DER, value by value: for structures of others, which are read as far as they are well-formed.
//!
//! The library's types refuse what is valid and unusual (an object identifier of 128 bits, a UniversalString, a time
//! before 1970), and with it the certificate around it. In: bytes. Out: values with their tags, or which part it is that
//! cannot be read; nothing of the contents is repeated.

use der::{Decode, Encode, Length, Reader, SliceReader};

use crate::Shown;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The tag of `[number]`, primitive.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag of `[number]`, constructed.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// The part that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flaw(pub(crate) &'static str);

impl From<Flaw> for Shown {
    fn from(flaw: Flaw) -> Self {
        Self::filled("its {} cannot be read", &[&flaw.0])
    }
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) tag: u8,
    /// Without tag and length.
    pub(crate) content: &'a [u8],
    /// With tag and length.
    pub(crate) whole: &'a [u8],
}

impl<'a> Value<'a> {
    /// The one value of `tag` that `bytes` are; `what` is what people call it.
    pub(crate) fn only(bytes: &'a [u8], tag: u8, what: &'static str) -> Result<Self, Flaw> {
        let mut values = Values(bytes);
        let value = values.expect(tag, what)?;
        values.end(what)?;
        Ok(value)
    }

    /// What is within a constructed value.
    pub(crate) fn values(self) -> Values<'a> {
        Values(self.content)
    }

    /// The octets of a BIT STRING of whole octets.
    pub(crate) fn bits(self) -> Option<&'a [u8]> {
        match (self.tag, self.content) {
            (BIT_STRING, [0, octets @ ..]) => Some(octets),
            _ => None,
        }
    }
}

/// Values one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a>(pub(crate) &'a [u8]);

impl<'a> Values<'a> {
    /// The next value, which has to be of `tag`.
    pub(crate) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Value<'a>, Flaw> {
        self.optional(tag).ok_or(Flaw(what))
    }

    /// The next value where it is of `tag`; else nothing is taken.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Value<'a>> {
        let mut ahead = *self;
        let value = ahead.next()?.ok().filter(|value| value.tag == tag)?;
        *self = ahead;
        Some(value)
    }

    /// Refuses what is left over.
    pub(crate) fn end(self, what: &'static str) -> Result<(), Flaw> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Flaw(what))
        }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<Value<'a>, Flaw>;

    /// Nothing is read after what cannot be.
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((value, rest)) = split(self.0) else {
            self.0 = &[];
            return Some(Err(Flaw("encoding")));
        };
        self.0 = rest;
        Some(Ok(value))
    }
}

/// The first value, and what follows. The library reads the length: definite, and as short as it can be (X.690
/// section 10.1).
fn split(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let tag = *bytes.first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    // Tags are not the library's: it knows only some of them.
    let mut reader = SliceReader::new(bytes.get(1..)?).ok()?;
    let length = usize::try_from(Length::decode(&mut reader).ok()?).ok()?;
    let start = 1 + usize::try_from(reader.position()).ok()?;
    let end = start.checked_add(length)?;
    let value = Value {
        tag,
        content: bytes.get(start..end)?,
        whole: bytes.get(..end)?,
    };
    Some((value, bytes.get(end..)?))
}

/// `content` as one value of `tag`; empty, which nothing reads, where it is longer than DER of the library can be.
pub(crate) fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let Ok(length) = Length::try_from(content.len()).and_then(|length| length.to_der()) else {
        return Vec::new();
    };
    [&[tag], &length[..], content].concat()
}

/// Tag and length of a value of so many octets. An error where it is longer than DER of the library can be.
pub(crate) fn header(tag: u8, length: usize) -> der::Result<Vec<u8>> {
    let mut header = vec![tag];
    Length::try_from(length)?.encode_to_vec(&mut header)?;
    Ok(header)
}

/// `parts`, one behind the other, as one value of `tag`: for what is large, and must not be shortened to nothing.
pub(crate) fn wrapped(tag: u8, parts: &[&[u8]]) -> der::Result<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut out = header(tag, length)?;
    out.reserve_exact(length);
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_one_after_another_and_as_they_were_written() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            let whole = wrap(OCTET_STRING, &vec![7; length]);
            let value = Value::only(&whole, OCTET_STRING, "value").expect("read");
            assert_eq!((value.content.len(), value.whole), (length, &whole[..]));
        }
        let mut values = Values(&[INTEGER, 1, 5, BOOLEAN, 1, 0xff]);
        assert!(values.optional(BOOLEAN).is_none());
        assert_eq!(values.expect(INTEGER, "number").expect("there").content, [5]);
        assert!(values.end("number").is_err());
    }

    #[test]
    fn what_is_no_der_is_refused() {
        for bytes in [
            &[SEQUENCE][..],
            &[SEQUENCE, 0x80, 0, 0],
            &[SEQUENCE, 0x81, 5, 0, 0, 0, 0, 0],
            &[SEQUENCE, 0x82, 0, 0x80],
            &[SEQUENCE, 2, 0],
            &[0x1f, 0x81, 1, 0],
            &[SEQUENCE, 0x85, 1, 0, 0, 0, 0],
        ] {
            assert_eq!(
                Value::only(bytes, SEQUENCE, "x").err(),
                Some(Flaw("x")),
                "{bytes:?}"
            );
        }
    }
}
