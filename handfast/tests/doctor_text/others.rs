//! Servers of others on free ports, with what they log.

use std::{
    fs::File,
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::program::{
    Place, Ran,
    daemon::{PATIENCE, until},
    service::closed_port,
};

/// Where Debian and the tests' own virtual environment keep what is not on everybody's path.
const MORE_PATHS: &str = concat!(
    "/usr/sbin:/usr/lib/postgresql/15/bin:",
    env!("CARGO_MANIFEST_DIR"),
    "/../target/peers/venv/bin"
);

fn path() -> String {
    format!("{}:{MORE_PATHS}", std::env::var("PATH").unwrap_or_default())
}

/// Whether `program` is installed. Those that scripts/test does not install are met where they are.
pub(crate) fn is_here(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .env("PATH", path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("{program} is not installed, so nothing is learned of it here");
    }
    found
}

/// A line of the shell, without the machine's own ideas of whom to trust, ended when it hangs.
pub(crate) fn line(place: &Place, line: &str) -> Ran {
    place.shell(&format!(
        "unset CURL_CA_BUNDLE REQUESTS_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS http_proxy https_proxy \
         all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY; export HOME=/nonexistent PATH=\"{}\" LC_ALL=C; \
         exec 2>&1; timeout 30 {line}",
        path()
    ))
}

/// A server of others, ended when the test is over.
pub(crate) struct Other<'a> {
    place: &'a Place,
    child: Child,
    log: String,
    /// How much of the log was written before the test began.
    read: usize,
    pub(crate) port: u16,
}

impl Drop for Other<'_> {
    fn drop(&mut self) {
        // Not SIGKILL: a server with children takes them along when it is asked.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(5) && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl<'a> Other<'a> {
    /// Runs `command` of the shell, with `PORT` exchanged for a free one, until it listens. What it writes to
    /// stdout, stderr or the file `LOG` is its log.
    #[track_caller]
    pub(crate) fn start(place: &'a Place, command: &str) -> Self {
        Self::on(place, closed_port(), command)
    }

    #[track_caller]
    pub(crate) fn on(place: &'a Place, port: u16, command: &str) -> Self {
        let log = format!("{port}.log");
        let file = File::create(place.path(&log)).expect("a log");
        let command = command.replace("PORT", &port.to_string()).replace("LOG", &log);
        let child = Command::new("sh")
            .args(["-c", &format!("exec {command}")])
            .current_dir(place.path(""))
            .env("PATH", path())
            .env("HOME", place.path(""))
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file can be cloned"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{command}: {error}"));
        let mut other = Self {
            place,
            child,
            log,
            read: 0,
            port,
        };
        until(format!("{command} listens"), || {
            if let Ok(Some(status)) = other.child.try_wait() {
                panic!("{command} ended with {status}: {}", other.logged());
            }
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        other.forget();
        other
    }

    /// What was logged since the last look.
    pub(crate) fn logged(&self) -> String {
        let bytes = std::fs::read(self.place.path(&self.log)).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.read..).unwrap_or_default()).into_owned()
    }

    /// Passes over what was logged so far.
    pub(crate) fn forget(&mut self) {
        self.all();
    }

    /// What was logged since the last look, once nothing more comes: a stack trace is written line by line.
    fn all(&mut self) -> String {
        let mut seen = self.logged();
        loop {
            std::thread::sleep(Duration::from_millis(150));
            let now = self.logged();
            if now == seen {
                let written = std::fs::metadata(self.place.path(&self.log)).map_or(0, |data| data.len());
                self.read = usize::try_from(written).expect("a log of a test");
                return now;
            }
            seen = now;
        }
    }

    /// What is logged from now on, once the doctor finds something in it. Servers write when they like.
    #[track_caller]
    pub(crate) fn says(&mut self, what: &str, code: &str) -> String {
        let begun = Instant::now();
        loop {
            let logged = self.logged();
            let found = handfast_messages::causes(&logged);
            if found.iter().any(|finding| finding.code.to_string() == code) {
                return self.all();
            }
            assert!(
                begun.elapsed() < PATIENCE / 2,
                "{what}: no {code} in {logged}, only {found:#?}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
