//! Installs CAs into the trust stores of systems, languages and browsers, and takes them out again.
//!
//! In: a [`Request`] and the CAs, which [`cas::read`] has found fit. Out: a [`Plan`], which can be shown before it is
//! performed and is empty where everything is already as it should be. What can go wrong: a store that is not found or
//! not ours to change, and a tool of the store that is missing or fails.

pub mod cas;
mod curlrc;
mod firefox;
mod java;
mod own_file;
mod plan;
mod system;

use std::path::{Path, PathBuf};

use handfast_finding::{Problem, shell::shell};
use handfast_pki::{Certificate, code};

pub use crate::{
    own_file::HEAD,
    plan::{Plan, Step},
    system::Layout,
};

/// Which trust store is to be changed, and where it is; without a place, the usual one.
#[derive(Debug, Clone)]
pub struct Request {
    pub store: Store,
    /// System: the folder that everything is below, an image for example.
    pub root: Option<PathBuf>,
    /// System: how it keeps CAs.
    pub layout: Option<Layout>,
    /// Curl, Python, Node: the folder of our files.
    pub dir: Option<PathBuf>,
    /// Curl: its configuration.
    pub curlrc: Option<PathBuf>,
    /// Java: the trust store, which is made where it is missing.
    pub truststore: Option<PathBuf>,
    /// Firefox: the profile, or another folder with an NSS database.
    pub profile: Option<PathBuf>,
    /// Java, Firefox: the file with the password of the store.
    pub password_file: Option<PathBuf>,
}

/// Whose trust store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    System,
    Curl,
    Python,
    Node,
    Java,
    Firefox,
}

impl Store {
    pub const ALL: [Self; 6] = [
        Self::System,
        Self::Curl,
        Self::Python,
        Self::Node,
        Self::Java,
        Self::Firefox,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Curl => "curl",
            Self::Python => "python",
            Self::Node => "node",
            Self::Java => "java",
            Self::Firefox => "firefox",
        }
    }
}

impl Request {
    /// Refuses what is for another store: it is a mistake, and ignoring it would hide that.
    pub fn must_fit(&self) -> Result<(), Problem> {
        use Store::{Curl, Firefox, Java, Node, Python, System};
        let flags: [(&str, bool, &[Store]); 7] = [
            ("--root", self.root.is_some(), &[System]),
            ("--layout", self.layout.is_some(), &[System]),
            ("--dir", self.dir.is_some(), &[Curl, Python, Node]),
            ("--curlrc", self.curlrc.is_some(), &[Curl]),
            ("--truststore", self.truststore.is_some(), &[Java]),
            ("--profile", self.profile.is_some(), &[Firefox]),
            ("--password-file", self.password_file.is_some(), &[Java, Firefox]),
        ];
        let is_strange =
            |(_, given, stores): &&(&str, bool, &[Store])| *given && !stores.contains(&self.store);
        match flags.iter().find(is_strange) {
            Some((flag, _, stores)) => {
                let stores: Vec<_> = stores.iter().map(|store| store.name()).collect();
                let (stores, ours) = (stores.join(", "), self.store.name());
                let message = format!("{flag} is for {stores}, not for {ours}");
                Err(Problem::new(code::USAGE, message))
            }
            None => Ok(()),
        }
    }

    /// The command that does `change` with the CAs in the file `ca`.
    pub fn command(&self, change: Change, ca: &Path) -> String {
        let verb = match change {
            Change::Install => "install",
            Change::Remove => "remove",
        };
        let (store, ca) = (self.store.name(), shell(ca.display()));
        let mut line = format!("handfast trust {verb} --for {store} --ca {ca}");
        for (flag, path) in [
            ("--root", &self.root),
            ("--dir", &self.dir),
            ("--curlrc", &self.curlrc),
            ("--truststore", &self.truststore),
            ("--profile", &self.profile),
            ("--password-file", &self.password_file),
        ] {
            if let Some(path) = path {
                line.push_str(&format!(" {flag} {}", shell(path.display())));
            }
        }
        if let Some(layout) = self.layout {
            line.push_str(&format!(" --layout {}", layout.name()));
        }
        line
    }
}

/// What is done to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Install,
    Remove,
}

/// What has to happen so that the store holds `cas`, or does not hold them.
pub fn plan(request: &Request, change: Change, cas: &[Certificate]) -> Result<Plan, Problem> {
    match request.store {
        Store::System => system::plan(request, change, cas),
        Store::Curl | Store::Python | Store::Node => own_file::plan(request, change, cas),
        Store::Java => java::plan(request, change, cas),
        Store::Firefox => firefox::plan(request, change, cas),
    }
}
