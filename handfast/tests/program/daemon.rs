//! The program while it serves: its address, its log, its signals and its end.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Place, schema};

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until there is an answer.
#[track_caller]
pub(crate) fn until<T>(what: impl std::fmt::Display, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

type Text = Arc<Mutex<Vec<u8>>>;

/// A running proxy or tunnel; killed when the test is over.
pub(crate) struct Daemon {
    child: Child,
    stdout: Text,
    stderr: Text,
    readers: Vec<JoinHandle<()>>,
    pub(crate) port: u16,
}

/// What it left behind.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// The proxy that these words open.
    #[track_caller]
    pub(crate) fn open(&self, words: &str) -> Daemon {
        Daemon::start(self.handfast(words))
    }

    /// The proxy of `handfast.toml` with these lines in it, after the usual ones.
    #[track_caller]
    pub(crate) fn open_with(&self, to: &str, more: &str) -> Daemon {
        self.write("handfast.toml", configuration(to, more));
        self.open("proxy --config handfast.toml")
    }
}

/// A configuration of the usual proxy.
pub(crate) fn configuration(to: &str, more: &str) -> String {
    let allow = if more.contains("allow =") {
        ""
    } else {
        "allow = [\"uri:spiffe://acme/web\"]\n"
    };
    format!(
        "[proxy]\nlisten = \"127.0.0.1:0\"\nto = \"{to}\"\ncert = \"server/tls.crt\"\nkey = \"server/tls.key\"\n\
         client-ca = \"server/ca.crt\"\nworkers = 1\n{allow}{more}\n"
    )
}

impl Daemon {
    #[track_caller]
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (stdout, stderr) = (Text::default(), Text::default());
        let readers = vec![
            collect(child.stdout.take().expect("piped"), &stdout),
            collect(child.stderr.take().expect("piped"), &stderr),
        ];
        let mut daemon = Self {
            child,
            stdout,
            stderr,
            readers,
            port: 0,
        };
        daemon.port = until("an address that it listens on", || {
            let said = daemon.stderr();
            if let Ok(Some(status)) = daemon.child.try_wait() {
                panic!("it ended with {status}: {said}");
            }
            let rest = said.split("listening on ").nth(1)?;
            let (address, _) = rest.split_once(',')?;
            address.rsplit_once(':')?.1.parse().ok()
        });
        daemon
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its admin port is, as `--admin` takes it.
    #[track_caller]
    pub(crate) fn admin(&self) -> String {
        until("an admin port", || {
            let said = self.stderr();
            let (url, _) = said.split_once("  admin port: ")?.1.split_once('\n')?;
            Some(url.to_owned())
        })
    }

    pub(crate) fn stdout(&self) -> String {
        text(&self.stdout)
    }

    pub(crate) fn stderr(&self) -> String {
        text(&self.stderr)
    }

    /// Every complete line of the log, every key of which is documented.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = self.stdout();
        let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
        complete
            .lines()
            .map(|line| {
                let event = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                schema::assert_fits("access-log", &event);
                event
            })
            .collect()
    }

    /// The events of this kind.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let mut events = self.log();
        events.retain(|event| event["event"] == kind);
        events
    }

    /// The records of the connections, once there are as many.
    #[track_caller]
    pub(crate) fn connections(&self, count: usize) -> Vec<Value> {
        until(format!("{count} records"), || {
            let records = self.events("connection");
            (records.len() >= count).then_some(records)
        })
    }

    /// The last of `count` records.
    #[track_caller]
    pub(crate) fn connection(&self, count: usize) -> Value {
        let records = self.connections(count);
        assert_eq!(records.len(), count, "{records:#?}");
        records[count - 1].clone()
    }

    /// The reload events, once there are more than `seen`.
    #[track_caller]
    pub(crate) fn reload_after(&self, seen: usize) -> Value {
        until("another reload", || self.events("reload").into_iter().nth(seen))
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.id())])
            .status();
        assert!(status.expect("sh runs").success());
    }

    /// Waits for it to end by itself.
    #[track_caller]
    pub(crate) fn end(mut self) -> Left {
        let child = &mut self.child;
        let status = until("its end", || child.try_wait().expect("it is ours"));
        for reader in self.readers.drain(..) {
            reader.join().expect("no panic");
        }
        Left {
            exit: status.code().unwrap_or(-1),
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }

    /// SIGTERM, and what follows.
    #[track_caller]
    pub(crate) fn stop(self) -> Left {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(mut from: impl Read + Send + 'static, to: &Text) -> JoinHandle<()> {
    let to = to.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            to.lock()
                .expect("no panic while locked")
                .extend_from_slice(&buffer[..read]);
        }
    })
}

fn text(bytes: &Text) -> String {
    String::from_utf8(bytes.lock().expect("no panic while locked").clone()).expect("text")
}
