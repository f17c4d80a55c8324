//! Confinement by Landlock: a proxy or a tunnel that somebody has taken over reads no file but those that it needs, and
//! writes none.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, path_beneath_rules,
};

use crate::{
    config::{AdminAddress, Config},
    socket_file::folder_of,
    tunnel::{self, Plain, TunnelConfig},
};

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

/// What a process needs of the file system.
#[derive(Default)]
struct Needs {
    /// Files that are read.
    files: Vec<PathBuf>,
    /// A socket that is made at its place.
    admin: Option<PathBuf>,
    /// Sockets that are made in a folder of their own, and moved to their places.
    sockets: Vec<PathBuf>,
    /// Files that are written.
    kept: Vec<PathBuf>,
}

/// Confines this thread, and all that it starts from now on, to what `config` needs, read from `file`.
pub fn confine(config: &Config, file: Option<&Path>) -> Confined {
    if config.dangerously_unconfined {
        return Confined::Unwanted;
    }
    let sources = &config.sources;
    let urls = sources.urls().into_iter().chain(sources.key_urls());
    to(&Needs {
        files: with(sources.files(), file),
        admin: match &config.admin {
            Some(AdminAddress::Unix(path)) => Some(path.clone()),
            _ => None,
        },
        kept: urls.map(|(_, kept)| kept).collect(),
        sockets: Vec::new(),
    })
}

/// The same for tunnels. The sockets of a reload can come to the folders of those of now, and no others.
pub fn confine_tunnels(config: &TunnelConfig, file: Option<&Path>) -> Confined {
    if config.dangerously_unconfined {
        return Confined::Unwanted;
    }
    let sockets = config.tunnels.iter().filter_map(|tunnel| match &tunnel.listen {
        Plain::Unix(socket) => Some(socket.path.clone()),
        Plain::Tcp(_) => None,
    });
    to(&Needs {
        files: with(tunnel::files(config), file),
        sockets: sockets.collect(),
        ..Needs::default()
    })
}

fn with(mut files: Vec<PathBuf>, file: Option<&Path>) -> Vec<PathBuf> {
    files.extend(file.map(Path::to_owned));
    files
}

fn to(needs: &Needs) -> Confined {
    let folders = folders(&needs.files);
    match restrict(needs, &folders) {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => {
            Confined::To(folders.into_iter().collect())
        }
        Ok(_) => Confined::Not("the kernel has no Landlock, or it is not switched on".to_owned()),
        Err(error) => Confined::Not(error.to_string()),
    }
}

fn restrict(needs: &Needs, folders: &BTreeSet<PathBuf>) -> Result<RestrictionStatus, RulesetError> {
    let read = AccessFs::from_read(VERSION);
    let of = |paths: &[PathBuf]| -> BTreeSet<PathBuf> {
        paths.iter().map(|path| folder_of(path).to_owned()).collect()
    };
    // What is fetched in the background is kept in a folder that is made for it.
    let kept = of(&needs.kept).into_iter();
    let kept = kept.filter(|folder| std::fs::create_dir_all(folder).is_ok());
    let mut ruleset = Ruleset::default();
    if !needs.sockets.is_empty() {
        // The first version of Landlock lets nothing be moved from folder to folder: no socket would come to its place.
        ruleset = ruleset
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::Refer)?
            .set_compatibility(CompatLevel::BestEffort);
    }
    let makes = AccessFs::MakeSock | AccessFs::RemoveFile;
    let moves = makes | AccessFs::MakeDir | AccessFs::RemoveDir | AccessFs::ReadDir | AccessFs::Refer;
    ruleset
        .handle_access(AccessFs::from_all(VERSION))?
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules(folders, read))?
        .add_rules(path_beneath_rules(of(needs.admin.as_slice()), makes))?
        .add_rules(path_beneath_rules(of(&needs.sockets), moves))?
        .add_rules(path_beneath_rules(kept, AccessFs::from_all(VERSION)))?
        .restrict_self()
}

/// The folders, not the files: a renewal replaces a file by another. Where a file is a link, that of its target, too.
fn folders(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let both = files.iter().flat_map(|path| {
        let target = real(path).map(|path| folder_of(&path).to_owned());
        [real(folder_of(path)), target]
    });
    both.flatten().collect()
}
