//! Many serial numbers in little room: 21 bytes for each of the usual size, in order, so that one is found without a step
//! for every other.

use crate::asn1::{self, Flaw, Values};

/// The longest serial number of RFC 5280 section 4.1.2.2.
const USUAL: usize = 20;

/// Filled up with zeros behind, then the length.
type Key = [u8; USUAL + 1];

/// Serial numbers as they stand in certificates (two's complement), each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Serials {
    usual: Vec<Key>,
    /// What is longer than the rule allows, and met all the same.
    long: Vec<Box<[u8]>>,
}

impl Serials {
    /// Those that `each` gives, in any order. The room of `count` is taken at once.
    pub(crate) fn collect<'a>(
        count: usize,
        each: impl Iterator<Item = Result<&'a [u8], Flaw>>,
    ) -> Result<Self, Flaw> {
        let mut serials = Self {
            usual: Vec::with_capacity(count),
            long: Vec::new(),
        };
        for octets in each {
            let octets = octets?;
            match key(octets) {
                Some(key) => serials.usual.push(key),
                None => serials.long.push(octets.into()),
            }
        }
        serials.usual.sort_unstable();
        serials.usual.dedup();
        serials.long.sort_unstable();
        serials.long.dedup();
        Ok(serials)
    }

    /// Those of a SEQUENCE OF INTEGER.
    pub(crate) fn read(list: Values<'_>) -> Result<Self, Flaw> {
        let integers = list.map(|value| {
            let value = value?;
            if value.tag == asn1::INTEGER && !value.content.is_empty() {
                Ok(value.content)
            } else {
                Err(Flaw("serial numbers"))
            }
        });
        Self::collect(list.count(), integers)
    }

    /// Whether `octets` is one of them. Nothing is allocated.
    pub(crate) fn contains(&self, octets: &[u8]) -> bool {
        // The usual case of sets: everything has an index.
        if self.usual.is_empty() && self.long.is_empty() {
            return false;
        }
        match key(octets) {
            Some(key) => self.usual.binary_search(&key).is_ok(),
            None => self.long.binary_search_by(|one| (**one).cmp(octets)).is_ok(),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.usual.len() + self.long.len()
    }
}

fn key(octets: &[u8]) -> Option<Key> {
    let mut key = [0; USUAL + 1];
    key.get_mut(..octets.len())
        .filter(|room| room.len() <= USUAL)?
        .copy_from_slice(octets);
    key[USUAL] = u8::try_from(octets.len()).ok()?;
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_serial_number_is_found_and_none_that_looks_like_one() {
        let all: Vec<Vec<u8>> = vec![
            vec![0],
            vec![1],
            vec![1, 0],
            vec![0x7f; 20],
            vec![0x7f; 21],
            vec![0x7f; 300],
            vec![0xff],
        ];
        let serials = Serials::collect(all.len(), all.iter().rev().chain(&all).map(|one| Ok(&one[..])));
        let serials = serials.expect("collected");
        assert_eq!(serials.len(), all.len());
        for one in &all {
            assert!(serials.contains(one), "{one:?}");
        }
        for other in [&[][..], &[2], &[1, 0, 0], &[0x7f; 19], &[0x7f; 22], &[0x7f; 299]] {
            assert!(!serials.contains(other), "{other:?}");
        }
    }
}
