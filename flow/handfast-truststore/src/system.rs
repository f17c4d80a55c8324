//! The trust of the whole system: one file per CA, named by its fingerprint, and the system's own command.

use std::path::{Path, PathBuf};

use handfast_finding::{Problem, shell::shell};
use handfast_pki::{Certificate, code, pem};

use crate::{
    Change, Request,
    plan::{Call, Plan, Step},
};

/// How a family of systems keeps its CAs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Debian, Ubuntu, Alpine
    Debian,
    /// Fedora, RHEL, CentOS, Amazon Linux
    Fedora,
    /// Arch
    Arch,
}

impl Layout {
    pub fn name(self) -> &'static str {
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

    fn call(self, change: Change) -> Call {
        const NONE: [&str; 0] = [];
        match (self, change) {
            (Self::Debian, Change::Install) => Call::new("update-ca-certificates", NONE),
            // Without it the links to what is gone stay.
            (Self::Debian, Change::Remove) => Call::new("update-ca-certificates", ["--fresh"]),
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

pub(crate) fn plan(request: &Request, change: Change, cas: &[Certificate]) -> Result<Plan, Problem> {
    let root = request.root.clone().unwrap_or_else(|| PathBuf::from("/"));
    let layout = request.layout.or_else(|| Layout::found(&root)).ok_or_else(|| {
        Problem::new(
            code::UNREADABLE,
            format!("no folder of CAs that is known is below \"{}\"", root.display()),
        )
        .help("say how this system keeps its CAs: --layout debian, fedora or arch")
    })?;
    let mut plan = Plan::default();
    for ca in cas {
        let path = root.join(layout.folder()).join(file_name(ca));
        let is_there = holds(&path, ca)?;
        match change {
            Change::Install if !is_there => plan.steps.push(Step::Write {
                path,
                bytes: ca.to_pem().into_bytes(),
                what: format!("the CA \"{}\"", ca.called()),
            }),
            Change::Remove if is_there => plan.steps.push(Step::Remove { path }),
            _ => {}
        }
    }
    if plan.steps.is_empty() {
        return Ok(plan);
    }
    let call = layout.call(change);
    plan.steps.push(match &request.root {
        None => Step::Run(call),
        Some(root) => Step::Later(format!(
            "chroot {} {} {}",
            shell(root.display()),
            call.program,
            call.arguments.join(" ")
        )),
    });
    if request.root.is_none() {
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
fn holds(path: &Path, ca: &Certificate) -> Result<bool, Problem> {
    let Ok(bytes) = std::fs::read(path) else {
        return Ok(false);
    };
    match pem::certificates(&bytes) {
        Ok(found) if found == std::slice::from_ref(ca) => Ok(true),
        _ => Err(Problem::new(
            code::EXISTS,
            format!("\"{}\" holds something else than this CA", path.display()),
        )
        .help("look at it, and move it away")),
    }
}
