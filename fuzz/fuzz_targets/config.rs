//! The readers of other programs' configurations, of every kind, with files in memory.
//!
//! The first byte chooses the kind; the rest is files, the first the configuration itself, each ended by a zero.
#![no_main]

use std::{
    io,
    path::{Path, PathBuf},
};

use handfast_configs::{Files, Kind, Wanted, look, outline};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// The files that a configuration may name.
const NAMES: [&str; 5] = [
    "/etc/main.conf",
    "/etc/a",
    "/etc/b",
    "/etc/ca.pem",
    "/etc/key.pem",
];

struct InMemory<'a>(Vec<&'a [u8]>);

impl InMemory<'_> {
    fn find(&self, path: &Path) -> Option<&[u8]> {
        let place = NAMES.iter().position(|name| Path::new(name) == path)?;
        self.0.get(place).copied()
    }
}

impl Files for InMemory<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.find(path)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        if folder != Path::new("/etc") {
            return Err(io::ErrorKind::NotFound.into());
        }
        let present = NAMES.iter().take(self.0.len());
        Ok(present
            .map(|name| name.trim_start_matches("/etc/").to_owned())
            .collect())
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        if path == Path::new("/etc") {
            return Some(0o40755);
        }
        self.find(path).map(|_| 0o100644)
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&how, rest)) = input.split_first() else {
        return;
    };
    let files = InMemory(rest.split(|byte| *byte == 0).take(NAMES.len()).collect());
    let wanted = Wanted {
        kind: Kind::ALL.get(usize::from(how)).map(|(_, kind)| *kind),
        folder: (how & 0x80 != 0).then(|| PathBuf::from("/etc")),
        demands_revocation: how & 1 != 0,
    };
    if let Ok(outline) = outline(Path::new(NAMES[0]), &wanted, &files) {
        for spot in &outline.spots {
            assert!(outline.parts[spot.span.part].text.get(spot.span.range.clone()).is_some());
        }
    }
    if let Err(trouble) = look(Path::new(NAMES[0]), &wanted, &files, Timestamp::UNIX_EPOCH) {
        assert!(!trouble.to_string().is_empty());
    }
});
