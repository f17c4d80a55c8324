//! The trust of the whole system: one file per CA, named by its fingerprint, and the system's own command.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use handfast_pki::{Certificate, code, pem};

use super::{
    Way, Wish,
    plan::{Call, Plan, Step},
};
use crate::{
    failure::{Exit, Failure},
    words::shell,
};

/// How a family of systems keeps its CAs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Layout {
    /// Debian, Ubuntu, Alpine
    Debian,
    /// Fedora, RHEL, CentOS, Amazon Linux
    Fedora,
    /// Arch
    Arch,
}

impl Layout {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Fedora => "fedora",
            Self::Arch => "arch",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Debian => "usr/local/share/ca-certificates",
            Self::Fedora => "etc/pki/ca-trust/source/anchors",
            Self::Arch => "etc/ca-certificates/trust-source/anchors",
        }
    }

    fn call(self, way: Way) -> Call {
        const NONE: [&str; 0] = [];
        match (self, way) {
            (Self::Debian, Way::Install) => Call::new("update-ca-certificates", NONE),
            // Without it the links to what is gone stay.
            (Self::Debian, Way::Remove) => Call::new("update-ca-certificates", ["--fresh"]),
            (Self::Fedora, _) => Call::new("update-ca-trust", ["extract"]),
            (Self::Arch, _) => Call::new("trust", ["extract-compat"]),
        }
    }

    /// The one whose folder is there.
    fn found(root: &Path) -> Option<Self> {
        [Self::Fedora, Self::Arch, Self::Debian]
            .into_iter()
            .find(|layout| root.join(layout.folder()).is_dir())
    }
}

pub(super) fn plan(wish: &Wish, way: Way, cas: &[Certificate]) -> Result<Plan, Failure> {
    let root = wish.root.clone().unwrap_or_else(|| PathBuf::from("/"));
    let layout = wish.layout.or_else(|| Layout::found(&root)).ok_or_else(|| {
        Failure::new(
            Exit::Misuse,
            code::UNREADABLE,
            format!("no folder of CAs that is known is below \"{}\"", root.display()),
        )
        .hint("say how this system keeps its CAs: --layout debian, fedora or arch")
    })?;
    let mut plan = Plan::default();
    for ca in cas {
        let path = root.join(layout.folder()).join(file_name(ca));
        let is_there = holds(&path, ca)?;
        match way {
            Way::Install if !is_there => plan.steps.push(Step::Write {
                path,
                bytes: ca.to_pem().into_bytes(),
                what: format!("the CA \"{}\"", ca.called()),
            }),
            Way::Remove if is_there => plan.steps.push(Step::Remove { path }),
            _ => {}
        }
    }
    if plan.steps.is_empty() {
        return Ok(plan);
    }
    let call = layout.call(way);
    plan.steps.push(match &wish.root {
        None => Step::Run(call),
        Some(root) => Step::Later(format!(
            "chroot {} {} {}",
            shell(root.display()),
            call.program,
            call.arguments.join(" ")
        )),
    });
    if wish.root.is_none() {
        plan.notes
            .push("this is for every user and service of the machine, and needs root".into());
    }
    Ok(plan)
}

/// `update-ca-certificates` takes `.crt` alone, the others take any name.
fn file_name(ca: &Certificate) -> String {
    format!("handfast-{}.crt", &ca.fingerprint().to_string()[..32])
}

/// Whether `path` is our file with `ca` in it; another's file of that name is refused.
fn holds(path: &Path, ca: &Certificate) -> Result<bool, Failure> {
    let Ok(bytes) = std::fs::read(path) else {
        return Ok(false);
    };
    match pem::certificates(&bytes) {
        Ok(found) if found == std::slice::from_ref(ca) => Ok(true),
        _ => Err(Failure::new(
            Exit::Misuse,
            code::EXISTS,
            format!("\"{}\" holds something else than this CA", path.display()),
        )
        .hint("look at it, and move it away")),
    }
}
