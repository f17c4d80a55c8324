//! Writes the files that were made for a program.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_setup::Made;

use crate::files::{Claim, Piece, Readers};

/// Writes `made` into the folder `out`, all or nothing; what holds a key is for its owner alone. Returns the same as
/// [`Claim::write`].
pub fn put(made: &[Made], out: &Path, force: bool) -> Result<Vec<PathBuf>, Problem> {
    let paths: Vec<PathBuf> = made.iter().map(|file| out.join(&file.name)).collect();
    let pieces = made.iter().zip(&paths).map(|(file, path)| {
        let readers = match (file.text.is_private(), file.is_executable) {
            (true, _) => Readers::Owner,
            (false, true) => Readers::EverybodyRuns,
            (false, false) => Readers::Everybody,
        };
        let bytes = file.text.as_str().as_bytes();
        Piece { path, bytes, readers }
    });
    Claim::take(&paths, force)?.write(&pieces.collect::<Vec<_>>())
}
