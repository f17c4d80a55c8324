//! The files of this machine, for who reads the configuration of another server.

use std::{
    fs, io,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use handfast_configs::Files;
use handfast_pki::pem;

/// The files of this machine.
pub struct Disk {
    /// May be a pipe, as the user named it himself.
    pub asked_for: PathBuf,
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = fs::File::open(path)?;
        let kind = file.metadata()?;
        if kind.is_dir() || !kind.is_file() && path != self.asked_for {
            return Err(io::Error::other("it is no plain file"));
        }
        let mut bytes = Vec::new();
        // One byte more than the largest input, so that a larger one is refused and not cut.
        file.take(pem::LARGEST as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        })?;
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        fs::metadata(path)
            .ok()
            .map(|data| data.permissions().mode() & 0o7777)
    }
}
