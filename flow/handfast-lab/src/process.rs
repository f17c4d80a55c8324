//! A program of others that runs from a line of `sh`, with everything that it starts.

use std::{
    collections::BTreeMap,
    fs::File,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Error,
    held::{self, Held},
    programs::user_id,
};

/// How long a program may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to end when it is asked to.
const MANNERS: Duration = Duration::from_secs(15);

/// The machine's own ideas of whom to trust.
const TRUST: [&str; 6] = [
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// What lives below the user's own home, and is needed where `HOME` is another.
const BELOW_HOME: [(&str, &str); 2] = [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")];

/// How a line is run.
#[derive(Debug, Clone, Default)]
pub struct Process {
    /// For messages.
    pub name: String,
    pub line: String,
    pub folder: PathBuf,
    /// Where we are root, run as this user.
    pub user: Option<String>,
    pub environment: BTreeMap<String, String>,
    /// The signal that ends it; `TERM` without one.
    pub stop: Option<String>,
}

/// A line that runs; it and its children are ended when this is dropped.
#[derive(Debug)]
pub struct Started {
    child: Child,
    _held: Held,
    log: PathBuf,
    name: String,
    stop: String,
}

impl Process {
    /// Starts the line in the background, and waits until somebody listens on one of `ports` of this machine.
    pub fn start(&self, ports: &[u16]) -> Result<Started, Error> {
        let log = self.folder.join("output.log");
        let failed = |source| Error::File {
            what: log.display().to_string(),
            source,
        };
        let out = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(failed)?;
        let also = out.try_clone().map_err(failed)?;
        // The program itself, and not a shell that waits for it, lest it is left behind when the shell ends.
        let line = if self.line.contains("exec ") {
            self.line.clone()
        } else {
            format!("exec {}", self.line)
        };
        let mut command = self.command(&line);
        command.stdin(Stdio::null()).stdout(out).stderr(also);
        let (child, held) = held::spawn(&mut command).map_err(failed)?;
        let mut started = Started {
            child,
            _held: held,
            log,
            name: self.name.clone(),
            stop: format!("-{}", self.stop.as_deref().unwrap_or("TERM")),
        };
        started.until_it_listens(ports)?;
        Ok(started)
    }

    /// Runs the line to its end, which must be a good one; returns what it printed.
    pub fn run(&self) -> Result<String, Error> {
        let (good, said) = self.ask()?;
        if good {
            Ok(said)
        } else {
            Err(Error::Command {
                line: self.line.clone(),
                said,
            })
        }
    }

    /// Runs the line to its end; whether that was a good one, and what it printed.
    pub fn ask(&self) -> Result<(bool, String), Error> {
        let ran = held::output(&mut self.command(&self.line)).map_err(|error| Error::Command {
            line: self.line.clone(),
            said: error.to_string(),
        })?;
        let mut said = String::from_utf8_lossy(&ran.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&ran.stderr));
        Ok((ran.status.success(), said))
    }

    fn command(&self, line: &str) -> Command {
        let mut command = match self.user.as_ref().filter(|_| user_id() == Some(0)) {
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([
                    &format!("--reuid={user}"),
                    &format!("--regid={user}"),
                    "--clear-groups",
                    "--",
                    "sh",
                ]);
                command
            }
            None => Command::new("sh"),
        };
        command
            .args(["-c", line])
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env("PATH", path())
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME");
        for name in TRUST {
            command.env_remove(name);
        }
        if let Some(home) = std::env::home_dir() {
            for (name, folder) in BELOW_HOME {
                if std::env::var_os(name).is_none() && home.join(folder).is_dir() {
                    command.env(name, home.join(folder));
                }
            }
        }
        command.envs(&self.environment);
        command
    }
}

impl Started {
    /// The process that was started first.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// What it has said so far, its end if it is long.
    pub fn said(&self) -> String {
        const MOST: usize = 4000;
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let from = text.len().saturating_sub(MOST);
        let from = (from..text.len())
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text[from..].trim().to_owned()
    }

    fn until_it_listens(&mut self, ports: &[u16]) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            if ports
                .iter()
                .any(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
            {
                return Ok(());
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                return Err(Error::Failed {
                    program: self.name.clone(),
                    what: "ended at once".into(),
                    said: self.said(),
                });
            }
            if begun.elapsed() > PATIENCE {
                return Err(Error::Failed {
                    program: self.name.clone(),
                    what: format!("did not listen within {} s", PATIENCE.as_secs()),
                    said: self.said(),
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends `signal` to everything that was started; whether anybody was there.
    fn signal(&self, signal: &str) -> bool {
        let group = format!("-{}", self.child.id());
        Command::new("kill")
            .args([signal, "--", &group])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Waits until nobody is left; whether that came about.
    fn is_over(&mut self) -> bool {
        let asked = Instant::now();
        while asked.elapsed() < MANNERS {
            // One that nobody has waited for counts as there.
            let _ = self.child.try_wait();
            if !self.signal("-0") {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.signal(&self.stop);
        if !self.is_over() {
            self.signal("-KILL");
            self.is_over();
        }
        let _ = self.child.wait();
    }
}

/// Where programs are looked for: Debian keeps servers outside of an ordinary user's path, and PostgreSQL in a
/// folder for each version.
fn path() -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from));
    folders.extend(crate::programs::versions(Path::new("/usr/lib/postgresql")));
    std::env::join_paths(folders).unwrap_or(path)
}

/// Whether `program` is on this machine.
pub fn is_here(program: &str) -> bool {
    std::env::split_paths(&path()).any(|folder| folder.join(program).is_file())
}
