//! Running the program in a folder of its own, as a user does.

#![allow(dead_code, reason = "each test file uses another part of it")]

pub(crate) mod answers;
pub(crate) mod caller;
pub(crate) mod daemon;
pub(crate) mod guide;
pub(crate) mod pki;
pub(crate) mod schema;
pub(crate) mod servers;
pub(crate) mod service;

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

/// A folder for one test, removed afterwards; commands run in it.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("handfast-test-{}-{count}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Self(path),
                // Of a test that was killed, whose number this process has now.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => panic!("a folder for the test, {}: {error}", path.display()),
            }
        }
    }

    /// With an authority "Acme" in `./handfast`.
    pub(crate) fn with_authority() -> Self {
        let place = Self::new();
        place.run("init --name Acme").good();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("a file is written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a text file")
    }

    pub(crate) fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name))
            .expect("a file")
            .permissions()
            .mode()
            & 0o777
    }

    /// Names of everything in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    /// `handfast` with these words as arguments.
    pub(crate) fn handfast(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handfast"));
        command
            .args(words.split_whitespace())
            .current_dir(&self.0)
            .env_remove("HANDFAST_DIR")
            // Whatever the terminal of the tests is.
            .env_remove("COLUMNS")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// Runs `handfast` with these words to its end.
    pub(crate) fn run(&self, words: &str) -> Ran {
        Ran::new(words, self.handfast(words))
    }

    /// Runs a shell line that others wrote, to its end.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        let program = Path::new(env!("CARGO_BIN_EXE_handfast"))
            .parent()
            .expect("a folder");
        let path = format!(
            "{}:{}",
            program.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(&self.0)
            .env("PATH", path)
            .env_remove("HANDFAST_DIR")
            .stdin(Stdio::null());
        Ran::new(line, command)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    line: String,
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn new(line: &str, mut command: Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Self {
            line: line.into(),
            exit: status.code().unwrap_or(-1),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }

    /// It must have answered yes.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.exit, 0, "{self:#?}");
        self
    }

    /// It must have ended with `exit` and said `code`, on stdout or stderr.
    #[track_caller]
    pub(crate) fn refused(self, exit: i32, code: &str) -> Self {
        assert_eq!(self.exit, exit, "{self:#?}");
        assert!(
            self.stderr.contains(&format!("[{code}]")) || self.stdout.contains(&format!("[{code}]")),
            "{self:#?}"
        );
        self
    }

    /// stdout as JSON, every key of which is documented.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let answer = serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        schema::assert_documented(&answer);
        answer
    }

    /// The command after `next: `.
    #[track_caller]
    pub(crate) fn next(&self) -> String {
        let next = self.stderr.lines().find_map(|line| line.strip_prefix("next: "));
        next.unwrap_or_else(|| panic!("no next command: {self:#?}"))
            .to_owned()
    }
}
