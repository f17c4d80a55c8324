//! When to reload: on SIGHUP, and when the contents of a file change.
//!
//! The folders are watched, not the files: editors and orchestrators replace files by renaming, or swap a
//! symlink above them. Because events get lost (network file systems, full queues), the files are looked at
//! every [`POLL`] as well; what counts is always the contents, never the event. So a change is taken over within a second.

mod contents;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::{Duration, Instant},
};

use notify::{RecursiveMode, Watcher};

use self::contents::{Contents, Digest};

/// How often files are looked at when no event comes.
const POLL: Duration = Duration::from_millis(250);
/// How long contents must stay the same before they are taken: several files change one after another.
const SETTLE: Duration = Duration::from_millis(50);

/// After so many times [`SETTLE`] the contents are taken as they are.
const MOST_WAITS: usize = 10;

/// Why the watcher woke.
enum Wake {
    /// Something happened in a watched folder.
    Changed,
    /// The operator asked.
    Asked,
    End,
}

/// Watches files until it is dropped.
pub struct Watch {
    wakes: Sender<Wake>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    /// Calls `reload` whenever the contents of `files` have changed, or when it is asked to. Which files
    /// these are may change with a reload.
    pub fn start(
        files: impl Fn() -> Vec<PathBuf> + Send + 'static,
        reload: impl Fn() + Send + 'static,
    ) -> Self {
        let (wakes, woken) = mpsc::channel();
        let for_events = wakes.clone();
        // What is loaded is what is compared with: taken before the thread starts, so no change slips between.
        let mut contents = Contents::default();
        let seen = contents.look(&files(), Instant::now());
        let thread = std::thread::spawn(move || {
            let first = files();
            let _watcher = watch_folders(&first, for_events);
            follow(&reload, &files, (contents, seen), &woken);
        });
        Self {
            wakes,
            thread: Some(thread),
        }
    }

    /// Reloads even if nothing has changed.
    pub fn ask(&self) {
        let _ = self.wakes.send(Wake::Asked);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.wakes.send(Wake::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn follow(
    reload: &dyn Fn(),
    files: &dyn Fn() -> Vec<PathBuf>,
    (mut contents, mut seen): (Contents, Digest),
    woken: &Receiver<Wake>,
) {
    loop {
        let asked = match woken.recv_timeout(POLL) {
            Ok(Wake::Asked) => true,
            Ok(Wake::Changed) | Err(RecvTimeoutError::Timeout) => false,
            Ok(Wake::End) | Err(RecvTimeoutError::Disconnected) => return,
        };
        let named = files();
        let mut now = contents.look(&named, Instant::now());
        if now == seen && !asked {
            continue;
        }
        // Files that never rest are taken as they are after a while; what does not fit together is refused.
        for _ in 0..MOST_WAITS {
            std::thread::sleep(SETTLE);
            let later = contents.look(&named, Instant::now());
            if later == now {
                break;
            }
            now = later;
        }
        reload();
        // The reload may have turned to other files; what they hold has just been read.
        let now_named = files();
        seen = if now_named == named {
            now
        } else {
            contents.look(&now_named, Instant::now())
        };
    }
}

/// Without a watcher (no inotify, limits reached) the comparison every [`POLL`] does the work alone.
fn watch_folders(files: &[PathBuf], wakes: Sender<Wake>) -> Option<impl Watcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is no change; without this our own look at the files would wake us again, for ever.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            let _ = wakes.send(Wake::Changed);
        }
    })
    .ok()?;
    let folder = |file: &PathBuf| {
        file.parent().map(|p| {
            if p.as_os_str().is_empty() {
                Path::new(".")
            } else {
                p
            }
            .to_owned()
        })
    };
    let folders: BTreeSet<PathBuf> = files.iter().filter_map(folder).collect();
    for folder in folders {
        let _ = watcher.watch(&folder, RecursiveMode::NonRecursive);
    }
    Some(watcher)
}
