//! A file of CAs for curl, Python and Node: ours first, then those of the system where the runtime would forget them.
//!
//! The file is its own record: what stands above the line of the system's roots is what was installed.

use std::{
    env,
    path::{Path, PathBuf},
};

use handfast_credentials::files;
use handfast_finding::{Problem, shell::shell};
use handfast_pki::{Certificate, certificate::chain_to_pem, code, pem};

use crate::{
    Change, Request, Store, curlrc,
    plan::{Plan, Step},
};

/// The first line of every file of ours.
pub const HEAD: &str = "# Kept by \"handfast trust\": made anew whenever it is run, so do not edit.\n";
const SYSTEM: &str = "# The roots of this system, from ";

/// Where systems keep all their roots in one file.
const ROOTS: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

pub(crate) fn plan(request: &Request, change: Change, cas: &[Certificate]) -> Result<Plan, Problem> {
    let path = folder(request)?.join(format!("{}.pem", request.store.name()));
    let before = read(&path)?;
    let mut kept = before.as_deref().map(ours).transpose()?.unwrap_or_default();
    match change {
        Change::Install => {
            let new: Vec<_> = cas.iter().filter(|ca| !kept.contains(ca)).cloned().collect();
            kept.extend(new);
        }
        Change::Remove => kept.retain(|ca| !cas.contains(ca)),
    }
    let mut plan = Plan::default();
    if kept.is_empty() {
        if before.is_some() {
            plan.steps.push(Step::Remove { path: path.clone() });
        }
    } else if change == Change::Install || before.is_some() {
        let bytes = text(request.store, &kept, &mut plan.notes);
        if before.as_ref() != Some(&bytes) {
            let what = format!("CAs, {} of them yours", kept.len());
            plan.steps.push(Step::Write {
                path: path.clone(),
                bytes,
                what,
            });
        }
    }
    if request.store == Store::Curl {
        plan.steps
            .extend(curlrc::step(request, change, &path, kept.is_empty())?);
    } else if !kept.is_empty() {
        let path = shell(path.display());
        plan.next = Some(format!(
            "eval \"$(handfast env --for {} --ca {path})\"",
            request.store.name()
        ));
        plan.notes
            .push("it counts for programs that are started with this variable, see next".into());
    } else if !plan.steps.is_empty() {
        plan.notes
            .push("take its variable out of your profile and services, too: the file is gone".into());
    }
    plan.file = Some(path).filter(|_| !kept.is_empty());
    Ok(plan)
}

fn folder(request: &Request) -> Result<PathBuf, Problem> {
    if let Some(folder) = &request.dir {
        // The file is named in variables and configurations, which know no current folder.
        return std::path::absolute(folder)
            .map_err(|error| Problem::new(code::CONFIG_INVALID, format!("--dir: {error}")));
    }
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_CONFIG_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".config")))
        .map(|config| config.join("handfast/trust"))
        .ok_or_else(|| {
            Problem::new(code::CONFIG_INVALID, "HOME is not set").help("say where the file goes: --dir DIR")
        })
}

/// The file as it is; nothing where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Problem> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = files::read(path)?;
    if bytes.starts_with(HEAD.as_bytes()) {
        return Ok(Some(bytes));
    }
    let message = format!("\"{}\" was not written by handfast trust", path.display());
    Err(Problem::new(code::EXISTS, message).help("move it away, or choose another folder: --dir DIR"))
}

/// The CAs that were installed.
fn ours(bytes: &[u8]) -> Result<Vec<Certificate>, Problem> {
    let text = String::from_utf8_lossy(bytes);
    let own = text.split(SYSTEM).next().unwrap_or_default();
    pem::certificates(own.as_bytes()).map_err(|error| Problem::about("the file of CAs", &error))
}

fn text(target: Store, kept: &[Certificate], notes: &mut Vec<String>) -> Vec<u8> {
    let mut bytes = HEAD.as_bytes().to_vec();
    bytes.extend_from_slice(chain_to_pem(kept).as_bytes());
    // Node adds to the roots that it has; the others forget theirs.
    if target == Store::Node {
        return bytes;
    }
    match ROOTS
        .iter()
        .find_map(|path| Some((path, std::fs::read(path).ok()?)))
    {
        Some((path, roots)) => {
            bytes.extend_from_slice(format!("{SYSTEM}{path}\n").as_bytes());
            bytes.extend_from_slice(&roots);
        }
        None => notes.push(
            "no file with the roots of this system was found: with this one, only your CAs are trusted"
                .into(),
        ),
    }
    bytes
}
