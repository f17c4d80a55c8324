//! Indexes: the revoked indexes of a set in the form in which they are looked up.
//!
//! Roaring is right for the file, and its look-up searches twice: for the container among all, and in it. Each step of such a
//! search may wait for memory. Here the place of a container is calculated, and the place within it is guessed from the
//! number, which lies about where it would if all were spread evenly: one or two lines of memory instead of five.
//!
//! In: a bitmap that was read. Out: whether an index is in it. What comes later is few and kept in a bitmap of its own.

use roaring::RoaringTreemap;

/// The indexes of a chunk have the same bits above these.
const LOW_BITS: u32 = 16;

/// What has more in a chunk than this is smaller as one bit for each.
const MOST_LISTED: u64 = 4096;

/// A chunk as one bit for each index.
type Bits = [u64; 1024];

/// A table of more chunks, or of more indexes, would be larger than what it saves: it stays a bitmap.
const MOST_CHUNKS: u64 = 1 << 22;
const MOST_FLAT: u64 = 1 << 26;

/// Revoked indexes.
#[derive(Debug, Clone, Default)]
pub(super) struct Indexes {
    /// The number of the first chunk.
    first: u64,
    chunks: Vec<Chunk>,
    /// The low bits of all chunks that list them, each in order.
    listed: Vec<u16>,
    dense: Vec<Bits>,
    /// How many are in these.
    flat: u64,
    /// All others: what came later, or everything where a table would be too large.
    others: RoaringTreemap,
}

/// Where a chunk is.
#[derive(Debug, Clone, Copy)]
enum Chunk {
    /// From here, so many.
    Listed(u32, u16),
    /// The number of its bits.
    Dense(u32),
}

impl From<RoaringTreemap> for Indexes {
    fn from(bitmap: RoaringTreemap) -> Self {
        let (Some(least), Some(most)) = (bitmap.min(), bitmap.max()) else {
            return Self::default();
        };
        let first = least >> LOW_BITS;
        let count = (most >> LOW_BITS) - first + 1;
        if count > MOST_CHUNKS || bitmap.len() > MOST_FLAT {
            return Self {
                others: bitmap,
                ..Self::default()
            };
        }
        let mut flat = Self {
            first,
            flat: bitmap.len(),
            ..Self::default()
        };
        flat.chunks.reserve_exact(count as usize);
        // Less than this where chunks are dense, and never more.
        flat.listed.reserve_exact(bitmap.len() as usize);
        // How many of `listed` the open chunk has.
        let mut open = 0;
        let mut some = [0; 4096];
        for (high, low) in bitmap.bitmaps() {
            let high = u64::from(high) << 32;
            let mut low = low.iter();
            loop {
                let next = low.next_many(&mut some);
                if next.is_empty() {
                    break;
                }
                for &mut index in next {
                    let chunk = ((high | u64::from(index)) >> LOW_BITS) - first;
                    while flat.chunks.len() as u64 != chunk {
                        flat.close(&mut open);
                    }
                    flat.listed.push((index & 0xffff) as u16);
                    open += 1;
                }
            }
        }
        flat.close(&mut open);
        flat.listed.shrink_to_fit();
        flat
    }
}

impl Indexes {
    /// Ends a chunk that has the last `count` of those that are listed.
    fn close(&mut self, count: &mut usize) {
        let start = self.listed.len() - *count;
        let chunk = if *count as u64 > MOST_LISTED {
            let mut bits: Bits = [0; 1024];
            for index in self.listed.drain(start..) {
                bits[usize::from(index >> 6)] |= 1 << (index & 63);
            }
            self.dense.push(bits);
            Chunk::Dense((self.dense.len() - 1) as u32)
        } else {
            Chunk::Listed(start as u32, *count as u16)
        };
        self.chunks.push(chunk);
        *count = 0;
    }

    /// Whether `index` is revoked. Nothing is allocated.
    pub(super) fn contains(&self, index: u64) -> bool {
        let low = (index & 0xffff) as u16;
        let is_flat = self.chunk(index >> LOW_BITS).is_some_and(|chunk| match chunk {
            Chunk::Listed(start, count) => {
                let start = start as usize;
                let listed = self.listed.get(start..start + usize::from(count));
                listed.is_some_and(|listed| is_in(listed, low))
            }
            Chunk::Dense(place) => {
                let bits = self.dense.get(place as usize);
                bits.is_some_and(|bits| bits[usize::from(low >> 6)] >> (low & 63) & 1 == 1)
            }
        });
        is_flat || (!self.others.is_empty() && self.others.contains(index))
    }

    fn chunk(&self, number: u64) -> Option<Chunk> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.chunks.get(place).copied()
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.flat + self.others.len()
    }

    /// All of them, those that were there from the beginning first, each part in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        let base = |place: usize| (self.first + place as u64) << LOW_BITS;
        let flat = self.chunks.iter().enumerate().flat_map(move |(place, chunk)| {
            let low: Box<dyn Iterator<Item = u16>> = match *chunk {
                Chunk::Listed(start, count) => {
                    let listed = self.listed.iter().skip(start as usize);
                    Box::new(listed.take(usize::from(count)).copied())
                }
                Chunk::Dense(place) => {
                    let bits = self.dense.get(place as usize);
                    Box::new((0..=u16::MAX).filter(move |low| {
                        bits.is_some_and(|bits| bits[usize::from(low >> 6)] >> (low & 63) & 1 == 1)
                    }))
                }
            };
            low.map(move |low| base(place) | u64::from(low))
        });
        flat.chain(&self.others)
    }

    /// Adds what was revoked since.
    pub(super) fn extend(&mut self, indexes: impl IntoIterator<Item = u64>) {
        for index in indexes {
            if !self.contains(index) {
                self.others.insert(index);
            }
        }
    }
}

/// Whether `low` is in `listed`, which is in order. Its place is guessed, and searched from there in steps that grow: what is
/// spread evenly is found at once, and everything else as by halves.
fn is_in(listed: &[u16], low: u16) -> bool {
    let guess = (usize::from(low) * listed.len()) >> LOW_BITS;
    let Some(&found) = listed.get(guess) else {
        return false;
    };
    let (mut step, mut from, mut to) = (8, guess, guess);
    if found < low {
        while listed.get(to).is_some_and(|one| *one < low) {
            from = to;
            to += step;
            step *= 2;
        }
        to = listed.len().min(to + 1);
    } else {
        while listed.get(from).is_some_and(|one| *one > low) {
            to = from + 1;
            if from == 0 {
                break;
            }
            from = from.saturating_sub(step);
            step *= 2;
        }
        to = listed.len().min(to.max(from + 1));
    }
    listed
        .get(from..to)
        .is_some_and(|part| part.binary_search(&low).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64: the same numbers in every run.
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    #[track_caller]
    fn must_be_the_same(bitmap: &RoaringTreemap, state: &mut u64) {
        let indexes = Indexes::from(bitmap.clone());
        assert_eq!(indexes.len(), bitmap.len());
        assert!(indexes.iter().eq(bitmap), "the same in the same order");
        let most = bitmap.max().unwrap_or(0);
        for index in bitmap {
            assert!(indexes.contains(index), "{index}");
            for beside in [index.wrapping_sub(1), index + 1] {
                assert_eq!(indexes.contains(beside), bitmap.contains(beside), "{beside}");
            }
        }
        for _ in 0..20_000 {
            let index = random(state) % (most + 70_000);
            assert_eq!(indexes.contains(index), bitmap.contains(index), "{index}");
        }
        assert!(!indexes.contains(u64::MAX));
    }

    #[test]
    fn the_table_says_what_the_bitmap_says_however_the_indexes_lie() {
        let mut state = 7;
        let mut shapes: Vec<RoaringTreemap> = vec![
            RoaringTreemap::new(),
            [0].into_iter().collect(),
            [65_535, 65_536, 131_071].into_iter().collect(),
            // A dense chunk between empty ones, and one that just lists and one that just does not.
            (200_000..270_000).collect(),
            (0..4096).chain(70_000..74_097).collect(),
            // All at one end of a chunk, where the guess is far off.
            (65_000..65_500).chain(131_072..131_080).collect(),
            (1_000_000..1_000_300).chain([1_048_575]).collect(),
            // Too far apart for a table.
            [3, 1 << 46, (1 << 46) + 5].into_iter().collect(),
        ];
        for spread in [3_u64, 40, 100, 5_000, 400_000] {
            let far = (0..3_000).map(|number| number * spread + random(&mut state) % spread);
            shapes.push(far.collect());
        }
        for bitmap in &shapes {
            must_be_the_same(bitmap, &mut state);
        }
    }

    #[test]
    fn what_comes_later_is_there_once_and_what_was_there_stays() {
        let mut indexes = Indexes::from((0..50_000).step_by(7).collect::<RoaringTreemap>());
        let before = indexes.len();
        indexes.extend([7, 8, 1 << 40]);
        indexes.extend([8]);
        assert_eq!(indexes.len(), before + 2);
        for index in [0, 7, 8, 14, 1 << 40] {
            assert!(indexes.contains(index), "{index}");
        }
        assert!(!indexes.contains(9) && !indexes.contains((1 << 40) + 1));
        assert_eq!(indexes.iter().filter(|index| *index == 8).count(), 1);
    }
}
