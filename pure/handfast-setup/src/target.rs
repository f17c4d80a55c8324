//! A target as its folder says: `target.toml` as written, then as meant.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Error, Quote, Version};

/// Which end of a connection a target is set up as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It accepts connections and asks for certificates.
    Server,
    /// It connects and presents a certificate.
    Client,
}

impl Role {
    /// In lower case, as `--role` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// Somebody else's software that can be set up.
#[derive(Debug, Clone)]
pub struct Target {
    /// That of its folder.
    pub name: String,
    /// As its makers call it.
    pub title: String,
    /// As a server, where it can be one.
    pub server: Option<Part>,
    /// As a client, where it can be one.
    pub client: Option<Part>,
    /// The files of the folder by name.
    pub(crate) files: BTreeMap<String, String>,
}

/// One side of a target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// What it does, in three lines.
    pub does: Vec<String>,
    /// Programs that have to be here, each with the way to install it.
    #[serde(default)]
    pub needs: BTreeMap<String, String>,
    /// The versions with which the tests ran it, the oldest first.
    #[serde(default)]
    pub tested: Vec<String>,
    /// The command that says which version is here; nothing where that does not matter.
    pub version: Option<String>,
    /// What is written otherwise for older versions, or does not work with them.
    #[serde(default)]
    pub since: Vec<Since>,
    /// The templates and what else is written.
    #[serde(default, rename = "file")]
    pub files: Vec<FileWish>,
    /// Where a server listens unless told otherwise.
    pub listen: Option<String>,
    /// Where a server hands requests on to unless told otherwise; nothing where it answers by itself.
    pub upstream: Option<String>,
    /// What is spoken within TLS, as `handfast doctor --speak` calls it.
    #[serde(default)]
    pub speaks: Option<String>,
    /// What is asked for over HTTP to see whether one is let in; the root of the site unless told otherwise.
    pub path: Option<String>,
    /// What is spoken before TLS, as `handfast doctor --starttls` calls it.
    pub starttls: Option<String>,
    /// The command that starts it in the foreground, or runs a client; none where there is nothing to run.
    pub start: Option<String>,
    /// The command that checks the configuration.
    pub check: Option<String>,
    /// The command that makes it take a renewed certificate without dropping a connection.
    pub reload: Option<String>,
    /// Where it goes on a usual machine.
    pub apply: Option<Apply>,
    /// How a configuration that the user wrote is tried in the place of ours.
    pub theirs: Option<Theirs>,
    /// Whose documentation it was made from, where the program cannot be run by the tests.
    pub recorded: Option<String>,
    /// What it accepts or rejects against the rule.
    #[serde(default)]
    pub limits: Limits,
    /// How it is tried on loopback, from `test.toml`.
    #[serde(skip)]
    pub trial: Option<Trial>,
}

impl Part {
    /// What is otherwise with the version that is here, or with older ones where none is, and then what it cannot do; a
    /// line each. `title` is the target's.
    pub fn warnings(&self, title: &str, version: Option<Version>) -> Vec<String> {
        let older = self
            .since
            .iter()
            .filter(|row| version.is_none_or(|version| version < row.version));
        let older = older.map(|row| match version {
            Some(version) => format!("{title} {version} is older than {}: {}", row.version, row.before),
            None => format!(
                "this is for {title} {} and later, and none is on this machine; before that, {}",
                row.version, row.before
            ),
        });
        older.chain(self.cannot()).collect()
    }

    /// What the target cannot do, a line each.
    pub fn cannot(&self) -> Vec<String> {
        let limits = &self.limits;
        let against = |verb: &'static str| {
            move |(fixture, why): (&String, &String)| format!("{verb} \"{fixture}\": {why}")
        };
        let recorded = self.recorded.iter();
        recorded
            .map(|source| format!("the tests do not run this; it was made from {source}"))
            .chain(limits.accepts.iter().map(against("accepts")))
            .chain(limits.rejects.iter().map(against("rejects")))
            .chain(limits.forged.clone())
            .chain(limits.renewal.clone())
            .chain(limits.also.iter().cloned())
            .collect()
    }
}

/// What is known from some version on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The first version that knows it.
    pub version: Version,
    /// What an older one gets instead, as a sentence without its end.
    pub before: String,
}

/// A file that is written for the user.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileWish {
    /// Its name, and that of the template unless it is made.
    pub name: String,
    /// The syntax of the template.
    pub quote: Option<Quote>,
    /// `pair`: certificate and key in one file.
    pub make: Option<Make>,
    /// Whether it can be run.
    #[serde(default)]
    pub executable: bool,
}

/// What is made without a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Make {
    /// Certificate, intermediates and key in one PEM file.
    Pair,
}

/// How a configuration is put where the program looks for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// The file of the target that is installed.
    pub file: String,
    /// Its place; a leading `~/` is the user's home.
    pub to: String,
    /// The command that says whether the whole is good.
    pub check: Option<String>,
    /// The command that makes the running program take it.
    pub reload: Option<String>,
}

/// How a configuration that the user wrote is moved to loopback. Of a program whose configurations `handfast-configs`
/// reads, only the place for it is said here; of any other, the words that matter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theirs {
    /// The file of ours whose place it takes.
    pub file: String,
    /// Ends of the names by which such a file is known.
    #[serde(default)]
    pub known: Vec<String>,
    /// The words that an address to listen on follows; without any, `begins` says the address.
    #[serde(default)]
    pub listen: Vec<String>,
    /// The word that opens an address, where another file usually says it.
    pub opens: Option<String>,
    /// Whether a port alone may be written with an address before it.
    #[serde(default)]
    pub joined: bool,
    /// Whether an address follows the port, with a space between.
    #[serde(default)]
    pub follows: bool,
    /// The words that the address of a service behind it follows, where one has to be there for a client to be let in.
    #[serde(default)]
    pub upstream: Vec<String>,
    /// Beginnings of lines that are left out: they are about this machine, such as a log, a socket or a user.
    #[serde(default)]
    pub without: Vec<String>,
    /// The words that name files of its TLS, and what these are for.
    #[serde(default)]
    pub files: BTreeMap<String, Holds>,
    /// The words that name further files with parts of the configuration.
    #[serde(default)]
    pub include: Vec<String>,
    /// The block that is taken out of the configuration of a whole machine, for ours has its own around it.
    pub inside: Option<String>,
    /// What is kept of the configuration around that block.
    #[serde(default)]
    pub around: Around,
    /// What is put at the start.
    pub begins: Option<String>,
    /// What decides who comes in, and is not the user's but that of the trial.
    pub ours: Option<String>,
}

/// What a file of a server's TLS is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// The server's certificate.
    Certificate,
    /// The key of that.
    Key,
    /// The CAs of clients.
    Cas,
    /// Revocation lists.
    Crl,
}

/// What a configuration of a whole machine has around the block that is met first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Around {
    /// The file of ours that the block stands in, and that is given the rest; `keeps` and `blocks` need it.
    pub file: String,
    /// Directives that the blocks cannot do without.
    pub keeps: Vec<String>,
    /// Where the files that these name may be, when the names are relative.
    pub folders: Vec<String>,
    /// Blocks beside it that are met, too.
    pub blocks: Vec<String>,
    /// Blocks that are not met.
    pub missed: Vec<String>,
}

/// What a target cannot do, by the fixture of the fixtures that shows it. Said before anybody relies on it, and tested.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Let in, though nobody should.
    #[serde(default)]
    pub accepts: BTreeMap<String, String>,
    /// Kept out, though it is good.
    #[serde(default)]
    pub rejects: BTreeMap<String, String>,
    /// Why a client's own headers about identity reach the backend, where they do.
    pub forged: Option<String>,
    /// Why a request may fail in the moment of a renewal, where one may.
    pub renewal: Option<String>,
    /// Anything else worth knowing.
    #[serde(default)]
    pub also: Vec<String>,
}

/// How a side is tried on loopback.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Trial {
    /// Run once before the start, in the folder of the files.
    pub prepare: Option<String>,
    /// Run once it listens.
    pub after: Option<String>,
    /// The user to run as where we are root and the program refuses that.
    pub user: Option<String>,
    /// Further templates, with their syntax.
    #[serde(default)]
    pub file: Vec<FileWish>,
    /// Instead of the command that starts it, where the usual one needs a whole machine.
    pub start: Option<String>,
    /// Of a client: the server target that it talks to; without it, an HTTPS server.
    pub against: Option<String>,
    /// Of a client: whether it takes any number of URLs at once, answering each with a line `URL: ok` or
    /// `URL: REASON`.
    #[serde(default)]
    pub many: bool,
    /// What a client prints when all went well.
    pub prints: Option<String>,
    /// Holds a server to the version of TLS in `$TLS_ONLY`, where OpenSSL's own configuration cannot.
    pub hold: Option<String>,
    /// The versions of TLS that it can be held to.
    pub versions: Option<Vec<String>>,
    /// The signal that ends it, where that of `kill` is too patient: `INT`.
    pub stop: Option<String>,
    /// How long it may take to take a renewed certificate, in seconds.
    pub patience: Option<u64>,
    /// Environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// `target.toml` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    server: Option<Part>,
    client: Option<Part>,
}

/// `test.toml` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tried {
    server: Option<Trial>,
    client: Option<Trial>,
}

const TARGET: &str = "target.toml";
const TEST: &str = "test.toml";

impl Target {
    /// The target in the folder `name` with these files.
    pub fn read(name: &str, files: Vec<(String, String)>) -> Result<Self, Error> {
        let files: BTreeMap<String, String> = files.into_iter().collect();
        let written: Written = parse(name, TARGET, &files)?;
        let tried: Tried = parse(name, TEST, &files)?;
        let mut target = Self {
            name: name.to_owned(),
            title: written.title,
            server: written.server,
            client: written.client,
            files,
        };
        if let Some(part) = &mut target.server {
            part.trial = tried.server;
        }
        if let Some(part) = &mut target.client {
            part.trial = tried.client;
        }
        target.check()?;
        Ok(target)
    }

    /// The side that is meant when none is named.
    pub fn default_role(&self) -> Role {
        if self.server.is_some() {
            Role::Server
        } else {
            Role::Client
        }
    }

    /// The sides that there are, the default one first.
    pub fn roles(&self) -> Vec<Role> {
        let sides = [(Role::Server, &self.server), (Role::Client, &self.client)];
        sides
            .into_iter()
            .filter(|(_, part)| part.is_some())
            .map(|(role, _)| role)
            .collect()
    }

    /// The side `role`.
    ///
    /// # Errors
    ///
    /// [`Error::NoRole`] where the target has the other side only.
    pub fn part(&self, role: Role) -> Result<&Part, Error> {
        let part = match role {
            Role::Server => &self.server,
            Role::Client => &self.client,
        };
        part.as_ref().ok_or_else(|| Error::NoRole {
            target: self.name.clone(),
            role: role.name(),
            other: self.default_role().name(),
        })
    }

    /// Every template that is named is there, and everything that is there is named.
    fn check(&self) -> Result<(), Error> {
        let mut named = vec![TARGET.to_owned(), TEST.to_owned()];
        for part in [&self.server, &self.client].into_iter().flatten() {
            let trial = part.trial.iter().flat_map(|trial| &trial.file);
            for wish in part.files.iter().chain(trial).filter(|wish| wish.make.is_none()) {
                if !self.files.contains_key(&wish.name) {
                    return Err(Error::NoFile {
                        target: self.name.clone(),
                        file: wish.name.clone(),
                    });
                }
                if wish.quote.is_none() {
                    return Err(self.malformed(TARGET, format!("\"{}\" names no quote", wish.name)));
                }
                named.push(wish.name.clone());
            }
            if part.does.len() != 3 {
                return Err(self.malformed(
                    TARGET,
                    format!("\"does\" has {} lines and not 3", part.does.len()),
                ));
            }
        }
        if self.server.is_none() && self.client.is_none() {
            return Err(self.malformed(TARGET, "neither a server nor a client".into()));
        }
        match self.files.keys().find(|file| !named.contains(file)) {
            Some(file) => Err(self.malformed(file, "nothing names this file".into())),
            None => Ok(()),
        }
    }

    fn malformed(&self, file: &str, detail: String) -> Error {
        Error::Malformed {
            target: self.name.clone(),
            file: file.to_owned(),
            detail,
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(
    target: &str,
    file: &str,
    files: &BTreeMap<String, String>,
) -> Result<T, Error> {
    let text = files.get(file).ok_or_else(|| Error::NoFile {
        target: target.to_owned(),
        file: file.to_owned(),
    })?;
    toml::from_str(text).map_err(|error| Error::Malformed {
        target: target.to_owned(),
        file: file.to_owned(),
        detail: error.to_string(),
    })
}
