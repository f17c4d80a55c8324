//! A target on loopback, with the fixtures beside it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use handfast_credentials::put;
use handfast_finding::{Problem, shell::shell};
use handfast_lab::{Folder, Process, Started, fixtures, free_port, is_here};
use handfast_pki::code;
use handfast_setup::{Filled, Part, Private, Role, Target, Values};
use handfast_values::Endpoint;
use http::StatusCode;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    error::{of_lab, of_setup},
    target, upstream,
};

/// The name that a server of ours is set up for.
pub const HOST: &str = "localhost";

/// The folder that everything happens in, with a fixtures in it.
pub struct Ground {
    pub folder: Folder,
}

impl Ground {
    /// In `dir`, or one that goes with it; good servers have the names `hosts`, too.
    pub fn new(dir: Option<&PathBuf>, hosts: &[&str]) -> Result<Self, Problem> {
        // The fixtures has names that people have, too.
        if let Some(path) = dir
            && std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
        {
            return Err(
                Problem::new(code::EXISTS, format!("\"{}\" is not empty", path.display()))
                    .help("give a folder that is empty, or not there yet"),
            );
        }
        let folder = match dir {
            Some(path) => Folder::kept(path.clone()),
            None => Folder::temporary(),
        };
        let folder = folder.map_err(|error| of_lab(&error))?;
        fixtures::write(&folder, hosts, Timestamp::now()).map_err(|error| of_lab(&error))?;
        Ok(Self { folder })
    }
}

/// One side of a target with its files written.
pub struct Stage<'a> {
    pub ground: &'a Ground,
    pub target: &'a Target,
    pub part: &'a Part,
    pub filled: Filled,
    /// The folder of its files.
    pub out: PathBuf,
    /// The port that it listens on, or talks to.
    pub port: u16,
    /// The name by which it is asked for.
    pub host: String,
    /// Where the service behind a server stands; 1 where there is none.
    pub upstream: u16,
    /// The status by which a server of HTTP shows that it lets somebody in; any success without one.
    pub welcome: Option<StatusCode>,
    environment: BTreeMap<String, String>,
}

/// What a stage is made for.
pub struct Setting<'a> {
    pub role: Role,
    /// The folder of the fixtures with our own certificate, such as `servers/good`.
    pub pair: &'a str,
    /// The port of the server, where it is known already.
    pub port: Option<u16>,
    /// Hold OpenSSL to one version of TLS.
    pub only: Option<&'a str>,
}

impl Setting<'_> {
    /// A server with a good certificate of its own.
    pub fn of_good_server() -> Self {
        Setting {
            role: Role::Server,
            pair: "servers/good",
            port: None,
            only: None,
        }
    }
}

fn at(host: &str, port: u16) -> Endpoint {
    Endpoint {
        host: host.into(),
        port,
    }
}

/// Copies certificate and key of `from` to `to`, and gives back both in one text.
fn copied(folder: &Folder, from: &str, to: &str) -> Result<Private, Problem> {
    for file in ["tls.crt", "tls.key"] {
        folder
            .copy(&format!("{from}/{file}"), &format!("{to}/{file}"))
            .map_err(|error| of_lab(&error))?;
    }
    folder
        .mode(&format!("{to}/tls.key"), 0o600)
        .map_err(|error| of_lab(&error))?;
    let read = |file: &str| {
        folder
            .read(&format!("{to}/{file}"))
            .map_err(|error| of_lab(&error))
    };
    Ok(Private::new(Zeroizing::new(read("tls.crt")? + &read("tls.key")?)))
}

impl<'a> Stage<'a> {
    /// Writes the files of `target`, below a folder of its own.
    pub fn set(ground: &'a Ground, target: &'a Target, setting: &Setting<'_>) -> Result<Self, Problem> {
        let part = target.part(setting.role).map_err(|error| of_setup(&error))?;
        missing(target, part)?;
        let free = || free_port().map_err(|error| of_lab(&error));
        let port = match setting.port {
            Some(port) => port,
            None => free()?,
        };
        let folder = &ground.folder;
        let name = format!("{}-{}", target.name, setting.role.name());
        let out = folder.path().join(&name);
        let upstream = match (setting.role, &part.upstream) {
            (Role::Server, Some(_)) => upstream::start().map_err(Problem::bug)?.port(),
            _ => 1,
        };
        let own = format!("{name}-own");
        let pair = copied(folder, setting.pair, &own)?;
        let values = Values {
            cert: folder.file(&format!("{own}/tls.crt")),
            key: folder.file(&format!("{own}/tls.key")),
            ca: folder.file("ca.crt"),
            crl: Some(folder.file("all.crl")),
            listen: at("127.0.0.1", port),
            upstream: at("127.0.0.1", upstream),
            host: HOST.into(),
            to: at(HOST, port),
            depth: 3,
            out: out.display().to_string(),
            spare: [free()?, free()?],
            pair,
            version: target::installed_if_it_matters(part),
        };
        let filled = target
            .fill(setting.role, &values)
            .map_err(|error| of_setup(&error))?;
        let trial = filled.trial.clone().unwrap_or_default();
        std::fs::create_dir_all(&out).map_err(Problem::bug)?;
        put(&filled.files, &out, true)?;
        put(&trial.files, &out, true)?;
        let mut stage = Self {
            ground,
            target,
            part,
            filled,
            out,
            port,
            host: HOST.into(),
            upstream,
            welcome: None,
            environment: trial.environment,
        };
        if let Some(version) = setting.only {
            stage.hold_to(version)?;
        }
        stage.give_away(&own)?;
        Ok(stage)
    }

    /// The versions of TLS that the trial is held in.
    pub fn versions(&self) -> Vec<&'static str> {
        let known = self.part.trial.as_ref().and_then(|trial| trial.versions.as_ref());
        ["1.2", "1.3"]
            .into_iter()
            .filter(|version| known.is_none_or(|known| known.iter().any(|known| known == version)))
            .collect()
    }

    /// Starts the server, and waits until it listens.
    pub fn start(&self) -> Result<Started, Problem> {
        self.start_on(&[self.port])
    }

    /// The same where it may listen on any of `ports`.
    pub fn start_on(&self, ports: &[u16]) -> Result<Started, Problem> {
        let trial = self.filled.trial.clone().unwrap_or_default();
        self.prepare()?;
        let line = trial
            .start
            .as_ref()
            .or(self.filled.start.as_ref())
            .ok_or_else(|| {
                Problem::new(
                    code::CONFIG_INVALID,
                    format!("nothing is known of how to start {}", self.target.title),
                )
            })?;
        let started = self.process(line).start(ports).map_err(|error| of_lab(&error))?;
        if let Some(line) = trial.after {
            self.run(&line)?;
        }
        Ok(started)
    }

    /// What has to be done once before anything runs.
    pub fn prepare(&self) -> Result<(), Problem> {
        let done = self.out.join(".prepared");
        let line = self
            .filled
            .trial
            .as_ref()
            .and_then(|trial| trial.prepare.as_ref());
        if let Some(line) = line.filter(|_| !done.exists()) {
            self.run(line)?;
            std::fs::write(&done, "").map_err(Problem::bug)?;
        }
        Ok(())
    }

    /// Runs a line to its good end; returns what it printed.
    pub fn run(&self, line: &str) -> Result<String, Problem> {
        self.process(line).run().map_err(|error| of_lab(&error))
    }

    /// Runs a line; whether it ended well, and what it printed.
    pub fn ask(&self, line: &str) -> Result<(bool, String), Problem> {
        self.process(line).ask().map_err(|error| of_lab(&error))
    }

    /// Puts the pair in the folder `pair` in the place of ours, as a renewal does.
    pub fn renew(&self, pair: &str) -> Result<(), Problem> {
        let own = format!("{}-own", self.out.file_name().unwrap_or_default().display());
        for file in ["tls.crt", "tls.key"] {
            let name = format!("{own}/{file}");
            let fresh = format!("{own}/new-{file}");
            let folder = &self.ground.folder;
            folder
                .copy(&format!("{pair}/{file}"), &fresh)
                .and_then(|()| folder.mode(&fresh, if file == "tls.key" { 0o600 } else { 0o644 }))
                .map_err(|error| of_lab(&error))?;
            std::fs::rename(folder.path().join(&fresh), folder.path().join(&name)).map_err(Problem::bug)?;
        }
        self.give_away(&own)
    }

    fn process(&self, line: &str) -> Process {
        Process {
            name: self.target.name.clone(),
            line: line.to_owned(),
            folder: self.out.clone(),
            user: self.part.trial.as_ref().and_then(|trial| trial.user.clone()),
            environment: self.environment.clone(),
            stop: self.part.trial.as_ref().and_then(|trial| trial.stop.clone()),
        }
    }

    /// A server that is run as somebody else has to read its files, and write beside them.
    fn give_away(&self, own: &str) -> Result<(), Problem> {
        let Some(user) = self.part.trial.as_ref().and_then(|trial| trial.user.as_deref()) else {
            return Ok(());
        };
        let line = format!(
            "[ \"$(id -u)\" != 0 ] || chown -R {user}:{user} '{own}' '{}'",
            self.out.display()
        );
        self.ground
            .folder
            .shell(&line)
            .map(drop)
            .map_err(|error| of_lab(&error))
    }

    /// One version of TLS, and no least strength, so that a server loads a weak certificate, too.
    fn hold_to(&mut self, version: &str) -> Result<(), Problem> {
        let text = format!(
            "openssl_conf = start\n[start]\nssl_conf = parts\n[parts]\nsystem_default = usual\n[usual]\nMinProtocol = \
             TLSv{version}\nMaxProtocol = TLSv{version}\nCipherString = DEFAULT:@SECLEVEL=0\n"
        );
        let path = self.out.join("openssl.cnf");
        std::fs::write(&path, text).map_err(Problem::bug)?;
        self.environment
            .insert("OPENSSL_CONF".into(), path.display().to_string());
        if let Some(line) = self.part.trial.as_ref().and_then(|trial| trial.hold.clone()) {
            self.environment.insert("TLS_ONLY".into(), version.to_owned());
            self.run(&line)?;
        }
        Ok(())
    }
}

/// A failure that names what has to be installed.
fn missing(target: &Target, part: &Part) -> Result<(), Problem> {
    match part.needs.iter().find(|(program, _)| !is_here(program)) {
        Some((program, package)) => Err(Problem::new(
            code::LAB,
            format!(
                "\"{program}\" is not on this machine, and {} is tried with it",
                target.title
            ),
        )
        .help(format!("install it: {package}"))),
        None => Ok(()),
    }
}

/// The words of a program that failed, for a cell of the table.
pub fn last_words(said: &str) -> String {
    const LONGEST: usize = 160;
    let line = said.lines().rev().find(|line| !line.trim().is_empty());
    handfast_pki::text::printable(line.unwrap_or_default().trim())
        .chars()
        .take(LONGEST)
        .collect()
}

/// A path as a word of `sh`.
pub fn word(path: &Path) -> String {
    shell(path.display())
}
