//! Further: the files of CAs that an authority gets later, in its subfolder `ca`. Those of a change that fails go again.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use handfast_credentials::staging::{Draft, Turn, flush_folder_of};
use handfast_pki::{Certificate, PrivateKey, certificate::chain_to_pem};

use crate::{
    error::{FolderError, Result},
    folder,
};

/// Within the folder of the authority.
const FURTHER: &str = "ca";

/// New files of one change; they are removed again unless they are [`Self::keep`]t.
pub(crate) struct Further<'a> {
    folder: &'a Path,
    made: Vec<PathBuf>,
    /// One change at a time.
    _turn: Turn,
}

impl<'a> Further<'a> {
    /// Begins a change in the authority's `folder`.
    pub(crate) fn begin(folder: &'a Path) -> Result<Self> {
        let further = folder.join(FURTHER);
        match DirBuilder::new().mode(0o700).create(&further) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(further, error).into());
            }
            _ => {}
        }
        let turn = Turn::take(&[further.join("any")]).map_err(FolderError::from)?;
        Ok(Self {
            folder,
            made: Vec::new(),
            _turn: turn,
        })
    }

    /// The name within the folder of a file of the CA `name`: `ca/NAME.crt`.
    pub(crate) fn named(name: &str, end: &str) -> String {
        format!("{FURTHER}/{name}.{end}")
    }

    /// Writes certificates, which everybody may read.
    pub(crate) fn certificates(&mut self, name: &str, chain: &[Certificate]) -> Result<()> {
        self.write(name, chain_to_pem(chain).as_bytes(), 0o644)
    }

    /// Writes a key, for its owner alone, and encrypted where the others of the folder are.
    pub(crate) fn key(&mut self, name: &str, key: &PrivateKey) -> Result<()> {
        let text = folder::text_of(self.folder, key)?;
        self.write(name, text.as_bytes(), 0o600)
    }

    /// The change is recorded, and its files stay.
    pub(crate) fn keep(mut self) {
        self.made.clear();
    }

    fn write(&mut self, name: &str, bytes: &[u8], mode: u32) -> Result<()> {
        let path = self.folder.join(name);
        let written = Draft::write(&path, bytes, mode).and_then(Draft::link);
        written.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => FolderError::Exists { path: path.clone() },
            _ => failed(path.clone(), error),
        })?;
        self.made.push(path.clone());
        flush_folder_of(&path).map_err(|error| failed(path, error))?;
        Ok(())
    }
}

impl Drop for Further<'_> {
    fn drop(&mut self) {
        for path in &self.made {
            let _ = fs::remove_file(path);
        }
    }
}

/// Writes `chain` over what is in `path`, for everybody.
pub(crate) fn replace(path: &Path, chain: &[Certificate]) -> Result<()> {
    let written = Draft::write(path, chain_to_pem(chain).as_bytes(), 0o644)
        .and_then(Draft::replace)
        .and_then(|()| flush_folder_of(path));
    Ok(written.map_err(|error| failed(path.to_owned(), error))?)
}

fn failed(path: PathBuf, source: io::Error) -> FolderError {
    FolderError::File { path, source }
}
