//! What files hold, as one digest; a file is read only where its metadata do not vouch for what was read before.
//!
//! A file is the same as long as device, inode, length and times are. These are of the file behind every symlink, so that a
//! symlink that was turned to another file counts. Two writes can leave the same time, where a file system counts in seconds:
//! a file that has looked the same for less than [`COARSE`] is read nevertheless.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{Context, SHA256};

use handfast_finding::Problem;

use crate::files::read_regular;

/// The coarsest time of a file system: that of FAT.
const COARSE: Duration = Duration::from_secs(2);

/// A digest of contents.
pub(super) type Digest = [u8; 32];

/// What is known of files.
#[derive(Default)]
pub(super) struct Contents {
    known: HashMap<PathBuf, Known>,
    /// How many files were read.
    #[cfg(test)]
    reads: usize,
}

#[derive(PartialEq, Eq)]
struct Metadata {
    file: (u64, u64),
    length: u64,
    changed: (i64, i64),
    modified: (i64, i64),
}

struct Known {
    metadata: Metadata,
    /// When these metadata were seen first, and when the file was read last.
    since: Instant,
    read: Instant,
    digest: Digest,
}

impl Metadata {
    fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        Some(Self {
            file: (found.dev(), found.ino()),
            length: found.len(),
            changed: (found.ctime(), found.ctime_nsec()),
            modified: (found.mtime(), found.mtime_nsec()),
        })
    }
}

impl Contents {
    /// One digest over all `files` as they are `now`; a file that cannot be read counts by its error.
    pub(super) fn look(&mut self, files: &[PathBuf], now: Instant) -> Digest {
        self.known.retain(|path, _| files.contains(path));
        let mut context = Context::new(&SHA256);
        for file in files {
            context.update(&self.of(file, now));
        }
        finish(context)
    }

    fn of(&mut self, file: &Path, now: Instant) -> Digest {
        // Before it is read: what changes while we read is another file the next time.
        let Some(metadata) = Metadata::of(file) else {
            self.known.remove(file);
            return digest(&read_regular(file));
        };
        let known = self.known.get(file).filter(|known| known.metadata == metadata);
        if let Some(known) = known
            && known.read.duration_since(known.since) >= COARSE
        {
            return known.digest;
        }
        let since = known.map_or(now, |known| known.since);
        #[cfg(test)]
        {
            self.reads += 1;
        }
        let found = read_regular(file);
        let digest = digest(&found);
        // What could not be read may be readable the next time, although nothing has changed: descriptors had run out.
        if found.is_err() {
            self.known.remove(file);
            return digest;
        }
        let known = Known {
            metadata,
            since,
            read: now,
            digest,
        };
        self.known.insert(file.to_owned(), known);
        digest
    }
}

fn digest(found: &Result<Vec<u8>, Problem>) -> Digest {
    let mut context = Context::new(&SHA256);
    match found {
        Ok(bytes) => {
            context.update(b"contents");
            context.update(bytes);
        }
        Err(error) => {
            context.update(b"error");
            context.update(error.to_string().as_bytes());
        }
    }
    finish(context)
}

fn finish(context: Context) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder of its own for one test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = format!("handfast-watch-{}-{name}", std::process::id());
            let folder = std::env::temp_dir().join(folder);
            fs::create_dir_all(&folder).expect("a folder");
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn at(begun: Instant, milliseconds: u64) -> Instant {
        begun + Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_file_that_rests_is_read_no_more_until_it_changes() {
        let folder = Folder::new("rest");
        let file = folder.0.join("crl");
        fs::write(&file, "one").expect("written");
        let (files, begun) = ([file.clone()], Instant::now());
        let mut contents = Contents::default();
        let first = contents.look(&files, begun);
        for step in 1..=100 {
            assert_eq!(contents.look(&files, at(begun, step * 250)), first);
        }
        assert_eq!(
            contents.reads, 9,
            "for two seconds, and then its metadata vouch for it"
        );
        fs::write(&file, "two").expect("written");
        let second = contents.look(&files, at(begun, 30_000));
        assert_ne!(second, first);
        assert_eq!(contents.reads, 10);
    }

    #[test]
    fn a_second_write_within_the_same_tick_of_the_file_system_is_seen() {
        let folder = Folder::new("tick");
        let file = folder.0.join("crl");
        fs::write(&file, "one").expect("written");
        let (files, begun) = ([file.clone()], Instant::now());
        let mut contents = Contents::default();
        let first = contents.look(&files, begun);
        fs::write(&file, "two").expect("written");
        // As a file system with coarse times leaves it: everything but the contents is as before.
        let metadata = Metadata::of(&file).expect("it is there");
        contents.known.get_mut(&file).expect("known").metadata = metadata;
        assert_ne!(contents.look(&files, at(begun, 250)), first);
    }

    #[test]
    fn a_symlink_above_the_file_that_is_turned_to_another_counts() {
        let folder = Folder::new("link");
        let path = |name: &str| folder.0.join(name);
        for (version, text) in [("..one", "one"), ("..two", "two")] {
            fs::create_dir(path(version)).expect("a folder");
            fs::write(path(version).join("tls.crt"), text).expect("written");
        }
        symlink("..one", path("..data")).expect("a link");
        symlink("..data/tls.crt", path("tls.crt")).expect("a link");
        let (files, begun) = ([path("tls.crt")], Instant::now());
        let mut contents = Contents::default();
        let first = contents.look(&files, begun);
        assert_eq!(contents.look(&files, at(begun, 5000)), first);
        symlink("..two", path("..data_tmp")).expect("a link");
        fs::rename(path("..data_tmp"), path("..data")).expect("turned");
        assert_ne!(contents.look(&files, at(begun, 6000)), first);
        fs::remove_file(path("..data")).expect("removed");
        let gone = contents.look(&files, at(begun, 7000));
        assert_eq!(contents.look(&files, at(begun, 8000)), gone);
        assert_ne!(gone, first);
    }
}
