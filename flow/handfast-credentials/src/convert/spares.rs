//! Certificates that may complete a chain.

use std::{fs, path::Path};

use handfast_formats::gather::{Opening, gather};
use handfast_pki::{Certificate, chain::Spare};
use zeroize::Zeroizing;

/// At most so many files of the folder are looked into, and none that is larger than a chain can be.
const MOST_NEIGHBOURS: usize = 200;
const LARGEST_NEIGHBOUR: u64 = 1 << 20;

/// Those of `path`, which say where they are from.
pub(super) fn spares_from(path: &Path, certificates: Vec<Certificate>) -> Vec<Spare> {
    let from = path.display().to_string();
    certificates
        .into_iter()
        .map(|certificate| Spare {
            certificate,
            from: from.clone(),
        })
        .collect()
}

/// The certificates in the files beside `file`. What cannot be read or opened is none of ours.
pub(super) fn neighbours(file: &Path) -> Vec<Spare> {
    const ENDINGS: [&str; 6] = ["crt", "cer", "pem", "der", "p7b", "p7c"];
    let folder = crate::staging::parent(file);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_meant = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let meant = ending.is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()));
        let small = fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= LARGEST_NEIGHBOUR);
        meant && small && path != file
    };
    let mut paths: Vec<_> = entries
        .flatten()
        .take(MOST_NEIGHBOURS)
        .map(|entry| entry.path())
        .filter(|path| is_meant(path))
        .collect();
    // The order of a folder is chance.
    paths.sort();
    let certificates = |path: &Path| {
        let bytes = Zeroizing::new(fs::read(path).ok()?);
        Some(gather(&bytes, Opening::default()).ok()?.certificates)
    };
    paths
        .iter()
        .flat_map(|path| spares_from(path, certificates(path).unwrap_or_default()))
        .collect()
}
