//! Tiles (C2SP tlog-tiles): the hashes of a log as files of 256, and its leaves in bundles of 256.

use super::{Hash, Subtree};

/// 256 hashes of one height, or fewer at the end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// 0 holds the hashes of leaves, 1 those of 256 leaves each, and so on.
    pub level: u32,
    /// Its place among those of its level, from 0.
    pub index: u64,
    /// How many hashes, 1 to 256.
    pub width: u64,
}

impl Tile {
    /// All tiles of a log of `size` leaves, the partial ones at its end among them.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        (0..8_u32)
            .map(move |level| (level, size >> (8 * level)))
            .take_while(|(_, hashes)| *hashes > 0)
            .flat_map(|(level, hashes)| {
                (0..hashes.div_ceil(256)).map(move |index| Self {
                    level,
                    index,
                    width: (hashes - index * 256).min(256),
                })
            })
    }

    /// Where it is served below the prefix of the log: `tile/0/x001/234.p/17`.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, place(self.index, self.width))
    }

    /// The path of the leaves behind a tile of level 0.
    pub fn bundle_path(&self) -> String {
        format!("tile/entries/{}", place(self.index, self.width))
    }

    /// The hashes in it, in order.
    pub fn hashes(&self) -> impl Iterator<Item = Subtree> {
        let (level, first) = (8 * self.level, self.index * 256);
        (first..first + self.width).map(move |index| Subtree { level, index })
    }

    /// The bytes of the file.
    ///
    /// # Errors
    ///
    /// What `read` gives.
    pub fn bytes<E>(&self, mut read: impl FnMut(Subtree) -> Result<Hash, E>) -> Result<Vec<u8>, E> {
        let mut bytes = Vec::with_capacity(256 * 32);
        for subtree in self.hashes() {
            bytes.extend(read(subtree)?.0);
        }
        Ok(bytes)
    }
}

/// The bytes of a bundle: every leaf behind its length in two bytes; `None` of a leaf that is too long for them.
pub fn bundle<'b>(leaves: impl IntoIterator<Item = &'b [u8]>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for leaf in leaves {
        bytes.extend(u16::try_from(leaf.len()).ok()?.to_be_bytes());
        bytes.extend(leaf);
    }
    Some(bytes)
}

fn place(index: u64, width: u64) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    if width < 256 {
        text = format!("{text}.p/{width}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_70000_leaves_has_the_tiles_of_the_specification() {
        let tiles: Vec<Tile> = Tile::all(70_000).collect();
        let count = |level, width| {
            let fits = |tile: &&Tile| tile.level == level && tile.width == width;
            tiles.iter().filter(fits).count()
        };
        assert_eq!([count(0, 256), count(0, 112)], [273, 1]);
        assert_eq!([count(1, 256), count(1, 17)], [1, 1]);
        assert_eq!(count(2, 1), 1);
        assert_eq!(tiles.len(), 273 + 1 + 2 + 1);
        assert_eq!(
            Tile::all(256).last().map(|tile| tile.path()),
            Some("tile/1/000.p/1".into())
        );
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |index, width| {
            Tile {
                level: 0,
                index,
                width,
            }
            .path()
        };
        assert_eq!(tile(1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(tile(5, 3), "tile/0/005.p/3");
    }

    #[test]
    fn leaves_are_bundled_with_their_length_and_a_longer_one_is_refused() {
        assert_eq!(bundle([&b"ab"[..], b""]), Some(vec![0, 2, b'a', b'b', 0, 0]));
        assert_eq!(bundle([&[0; 70_000][..]]), None);
    }
}
