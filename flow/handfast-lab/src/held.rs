//! What a run has started and not yet taken away: programs of others, and folders with keys.
//!
//! Each of them goes with the value that stands for it. A signal drops no value; whoever is told of one calls
//! [`end_all`], which ends the programs, removes the folders, and lets nothing new begin.

use std::{
    fs, io,
    os::{fd::AsFd, unix::process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, WaitOptions, kill_process_group, test_kill_process_group, waitpid},
};

/// How long programs may take to end after they were asked.
const MANNERS: Duration = Duration::from_secs(3);
/// How long is waited for what was killed.
const MOMENT: Duration = Duration::from_secs(1);

/// Whether this process has connections of its own.
static TALKS: AtomicBool = AtomicBool::new(false);

static ALL: Mutex<Vec<(u64, What)>> = Mutex::new(Vec::new());

#[derive(Debug, Clone)]
enum What {
    Folder(PathBuf),
    /// It leads a group of its own, which ends with it.
    Program(Pid),
}

/// Stands for something that is to be taken away; when it is dropped, somebody else has done so.
#[derive(Debug)]
pub struct Held(u64);

impl Drop for Held {
    fn drop(&mut self) {
        all().retain(|(number, _)| *number != self.0);
    }
}

fn all() -> MutexGuard<'static, Vec<(u64, What)>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hold(all: &mut Vec<(u64, What)>, what: What) -> Held {
    let number = all.last().map_or(0, |(last, _)| last + 1);
    all.push((number, what));
    Held(number)
}

/// Remembers the folder at `path`, which is to be removed.
pub(crate) fn folder(path: PathBuf) -> Held {
    hold(&mut all(), What::Folder(path))
}

/// Starts `command` in a process group of its own: what it starts can be ended with it, and Ctrl-C reaches us alone.
pub fn spawn(command: &mut Command) -> io::Result<(Child, Held)> {
    command.process_group(0);
    // Held while it starts, so that none starts after the end.
    let mut all = all();
    let child = command.spawn()?;
    let held = hold(&mut all, What::Program(Pid::from_child(&child)));
    Ok((child, held))
}

/// Runs `command` to its end, without input.
pub fn output(command: &mut Command) -> io::Result<Output> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (child, _held) = spawn(command)?;
    child.wait_with_output()
}

/// Asks what is left of the group of `child`, which has ended.
pub(crate) fn end(child: &Child) {
    // Mostly nobody is left.
    let _ = kill_process_group(Pid::from_child(child), Signal::TERM);
}

/// Ends every program, removes every folder, and lets nothing new begin. The process must end after this: a thread that
/// wants to start a program waits forever.
pub fn end_all() {
    let all = std::mem::ManuallyDrop::new(all());
    let programs = || {
        all.iter().filter_map(|(_, what)| match what {
            What::Program(pid) => Some(*pid),
            What::Folder(_) => None,
        })
    };
    for (signal, patience) in [(Signal::TERM, MANNERS), (Signal::KILL, MOMENT)] {
        for pid in programs() {
            // One that has ended meanwhile is as it should be.
            let _ = kill_process_group(pid, signal);
        }
        let asked = Instant::now();
        while programs().any(is_there) && asked.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    for (_, what) in all.iter() {
        if let What::Folder(path) = what {
            remove(path);
        }
    }
}

/// From here on this process connects to others, or others to it.
pub fn talk() {
    TALKS.store(true, Ordering::Release);
}

/// Whether it does, so that SIGPIPE may be of a connection that the other side has closed.
pub fn is_talking() -> bool {
    TALKS.load(Ordering::Acquire)
}

/// Whether somebody has closed what we write to stdout or stderr.
pub fn is_unread() -> bool {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let mut both = [&stdout as &dyn AsFd, &stderr]
        .map(|stream| PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::empty()));
    let none = Timespec::default();
    poll(&mut both, Some(&none)).is_ok()
        && both
            .iter()
            .any(|stream| stream.revents().contains(PollFlags::ERR))
}

/// Whether anyone of the group of `pid` is left.
fn is_there(pid: Pid) -> bool {
    // Who started it may not wait for it any more, and one that nobody has waited for counts as there.
    let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    test_kill_process_group(pid).is_ok()
}

/// Removes the folder, also while a thread of ours still writes into it.
fn remove(path: &PathBuf) {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let _ = fs::remove_dir_all(path);
        if !path.exists() {
            return;
        }
    }
}
