//! What a run that was killed has left: folders with keys, and programs that run in them.
//!
//! A folder is locked by the process that made it, and a lock goes with its process. So whoever can lock one knows that
//! its owner is gone, also where another process has its number by now.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// How temporary folders begin; the number of their process follows, and their own.
const NAME: &str = "handfast-lab-";
/// How long a process may take to lock the folder that it has made.
const MOMENT: Duration = Duration::from_secs(60);

/// The name of the `count`th folder of this process.
pub(crate) fn name(count: u32) -> String {
    format!("{NAME}{}-{count}", std::process::id())
}

/// Ends what runs in the folders of runs that were killed, and removes these; their paths.
pub fn remove() -> Vec<PathBuf> {
    let mut removed = Vec::new();
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let path = entry.path();
        // Of the entry itself: a link is not followed.
        let Ok(found) = entry.metadata() else { continue };
        let is_one = found.is_dir() && process_of(&entry.file_name()).is_some();
        if !is_one || !is_ours(&found) || !is_left(&path, &found, &entry.file_name()) {
            continue;
        }
        end_programs(&path);
        if fs::remove_dir_all(&path).is_ok() {
            removed.push(path);
        }
    }
    removed
}

/// The number of the process that made a folder of this name.
fn process_of(name: &OsStr) -> Option<Pid> {
    let (process, count) = name.to_str()?.strip_prefix(NAME)?.split_once('-')?;
    count.parse::<u32>().ok()?;
    Pid::from_raw(process.parse().ok()?)
}

fn is_ours(found: &fs::Metadata) -> bool {
    // Others may write such a name into a folder that is everybody's.
    let is_closed = found.permissions().mode() & 0o022 == 0;
    is_closed && found.uid() == rustix::process::geteuid().as_raw()
}

/// Whether its owner is gone.
fn is_left(path: &Path, found: &fs::Metadata, name: &OsStr) -> bool {
    let is_alive = process_of(name).is_some_and(|process| test_kill_process(process).is_ok());
    let is_fresh = found
        .modified()
        .is_ok_and(|at| at.elapsed().is_ok_and(|age| age < MOMENT));
    // A living one has perhaps not come to lock it yet.
    let may_be_made_now = is_alive && is_fresh;
    !may_be_made_now && File::open(path).is_ok_and(|folder| folder.try_lock().is_ok())
}

/// Ends the programs whose working folder is `path` or in it: nobody else works there.
fn end_programs(path: &Path) {
    let Ok(path) = fs::canonicalize(path) else { return };
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(process) = number.and_then(Pid::from_raw) else {
            continue;
        };
        let works_there = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&path));
        if works_there && process != rustix::process::getpid() {
            // One that has ended meanwhile is as it should be.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Folder;

    #[test]
    fn a_folder_in_use_stays_and_one_without_its_process_goes() {
        let used = Folder::temporary().expect("a folder");
        // No process has this number: it is beyond the largest.
        let left = std::env::temp_dir().join(format!("{NAME}{}-7", i32::MAX));
        let other = std::env::temp_dir().join(format!("{NAME}notes-{}", std::process::id()));
        for folder in [&left, &other] {
            fs::create_dir_all(folder.join("clients")).expect("a folder");
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        // Another run at the same time may be faster.
        remove();
        assert!(!left.exists());
        assert!(used.path().exists() && other.exists());
        fs::remove_dir_all(&other).expect("it is ours");
    }

    #[test]
    fn a_program_that_works_in_such_a_folder_is_ended() {
        let left = std::env::temp_dir().join(format!("{NAME}{}-8", i32::MAX));
        fs::create_dir_all(&left).expect("a folder");
        fs::set_permissions(&left, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let mut program = std::process::Command::new("sleep")
            .arg("600")
            .current_dir(&left)
            .spawn()
            .expect("sleep is everywhere");
        remove();
        assert!(!program.wait().expect("it is ours").success());
        assert!(!left.exists());
    }
}
