//! Confinement by Landlock: a proxy that somebody has taken over reads no file but those that it needs, and writes none.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, path_beneath_rules,
};

use crate::config::{AdminAddress, Config};

/// How far the process is confined from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confined {
    /// To these folders, what is below them, and what the system needs.
    To(Vec<PathBuf>),
    /// Not at all: the kernel cannot, for this reason.
    Not(String),
    /// Not at all, as the operator wants it.
    Unwanted,
}

/// What the system's own libraries read: names of hosts and users, time zones, libraries that they load.
const SYSTEM: [&str; 10] = [
    "/etc",
    "/usr",
    "/lib",
    "/lib64",
    "/proc",
    "/run/systemd",
    "/run/nscd",
    "/var/run/nscd",
    "/dev/null",
    "/dev/urandom",
];

/// Since this version of Landlock nothing of it that concerns files has changed for us.
const VERSION: ABI = ABI::V3;

/// Confines this thread, and all that it starts from now on, to what `config` needs, read from `file`.
pub fn confine(config: &Config, file: Option<&Path>) -> Confined {
    if config.dangerously_unconfined {
        return Confined::Unwanted;
    }
    let folders = folders(config, file);
    let sockets: Vec<PathBuf> = match &config.admin {
        Some(AdminAddress::Unix(path)) => vec![folder_of(path)],
        _ => Vec::new(),
    };
    // What is fetched in the background is kept in a folder that is made for it.
    let kept: BTreeSet<PathBuf> = config
        .sources
        .urls()
        .iter()
        .chain(&config.sources.key_urls())
        .map(|(_, kept)| folder_of(kept))
        .filter(|folder| std::fs::create_dir_all(folder).is_ok())
        .collect();
    match restrict(&folders, &sockets, &kept) {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => {
            Confined::To(folders.into_iter().collect())
        }
        Ok(_) => Confined::Not("the kernel has no Landlock, or it is not switched on".to_owned()),
        Err(error) => Confined::Not(error.to_string()),
    }
}

fn restrict(
    folders: &BTreeSet<PathBuf>,
    sockets: &[PathBuf],
    kept: &BTreeSet<PathBuf>,
) -> Result<RestrictionStatus, RulesetError> {
    let read = AccessFs::from_read(VERSION);
    Ruleset::default()
        .handle_access(AccessFs::from_all(VERSION))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules(folders, read))?
        .add_rules(path_beneath_rules(
            sockets,
            AccessFs::MakeSock | AccessFs::RemoveFile,
        ))?
        .add_rules(path_beneath_rules(kept, AccessFs::from_all(VERSION)))?
        .restrict_self()
}

/// The folders, not the files: a renewal replaces a file by another. Where a file is a link, that of its target, too.
fn folders(config: &Config, file: Option<&Path>) -> BTreeSet<PathBuf> {
    let files = config.sources.files();
    let files = files.iter().map(PathBuf::as_path).chain(file);
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    files
        .flat_map(|path| [real(&folder_of(path)), real(path).map(|path| folder_of(&path))])
        .flatten()
        .collect()
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
