//! Sockets in the file system: what stands in the way of one. A start refuses it before it opens anything, and `check` says
//! it, by the same code.

use std::{
    fs, io,
    os::unix::{fs::FileTypeExt, net::SocketAddr},
    path::{Path, PathBuf},
};

/// Where a socket is made before it has its permissions: in a folder of this process beside its place.
pub(crate) fn private(path: &Path) -> PathBuf {
    folder_of(path).join(format!(".{}", std::process::id()))
}

/// The folder of `path`; that of the process where it names none.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The longest name of a socket in [`private`]: a process has a number of at most seven digits.
const LONGEST_PRIVATE: &str = ".4194304/s";

/// Refuses a place where no socket can come to be: its folder is missing, its path is too long, or what is there is no
/// socket, which would be somebody's file. Whether a socket that is there is served is for the moment of opening.
pub(crate) fn must_be_possible(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    let found = fs::metadata(folder).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("its folder \"{}\": {error}", folder.display()),
        )
    })?;
    if !found.is_dir() {
        let why = format!("\"{}\" is no folder", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotADirectory, why));
    }
    for longest in [path, &folder.join(LONGEST_PRIVATE)] {
        SocketAddr::from_pathname(longest)?;
    }
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it exists and is no socket",
        )),
        _ => Ok(()),
    }
}
