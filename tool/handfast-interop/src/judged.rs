//! The configuration that is made, judged before it is written: by the rules of `handfast doctor config` where they know the
//! program, else by what most programs want.
//!
//! In: the files of a target, which nobody has written yet. Out: what is worth knowing, or the finding for which nobody would
//! be accepted.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use handfast_configs::{Files, Kind, Wanted, look};
use handfast_credentials::{disk::Disk, load};
use handfast_finding::{Certainty, Finding, Problem, Refuser};
use handfast_pki::{Certificate, Code, code, name};
use handfast_setup::{Filled, Part, Role, Target};
use jiff::Timestamp;

use crate::{Given, own};

/// Findings for which every peer, or every one of a CA, is refused.
const IN_VAIN: [Code; 3] = [code::BAD_CLIENT_CAS, code::CRL_UNUSABLE, code::VERIFY_DEPTH];

/// Whether what `filled` makes of `given` in the folder `out` can work: refused where it cannot, and what is worth knowing.
pub fn judged(
    (target, role): (&Target, Role),
    given: &Given,
    (filled, out): (&Filled, &Path),
    now: Timestamp,
) -> Result<Vec<Finding>, Problem> {
    let part = target.part(role).map_err(|error| crate::of_setup(&error))?;
    match (Kind::of_word(&target.name), main_file(part)) {
        (Some(kind), Some(file)) if role == Role::Server => {
            by_its_rules(kind, &out.join(file), filled, out, now).map(|()| Vec::new())
        }
        _ => by_what_most_want(given, role),
    }
}

/// The file that the rules begin with.
fn main_file(part: &Part) -> Option<&str> {
    part.theirs.as_ref().map(|theirs| theirs.file.as_str())
}

fn by_its_rules(kind: Kind, file: &Path, filled: &Filled, out: &Path, now: Timestamp) -> Result<(), Problem> {
    let made = filled.files.iter();
    let unwritten = Unwritten {
        made: made
            .map(|made| (out.join(&made.name), made.text.as_str()))
            .collect(),
        others: Disk {
            asked_for: PathBuf::new(),
        },
    };
    let wanted = Wanted {
        kind: Some(kind),
        ..Wanted::default()
    };
    let judged = look(file, &wanted, &unwritten, now).map_err(|trouble| Problem::from(&trouble))?;
    let is_in_vain =
        |finding: &Finding| finding.certainty == Certainty::Certain && IN_VAIN.contains(&finding.code);
    let wrong: Vec<Finding> = judged.findings.into_iter().filter(is_in_vain).collect();
    match wrong.first() {
        Some(first) => Err(own::refused(first, &wrong)),
        None => Ok(()),
    }
}

/// What OpenSSL wants, and most programs with it. Some do with less, so that it is said and not refused.
fn by_what_most_want(given: &Given, role: Role) -> Result<Vec<Finding>, Problem> {
    let cas = load::certificates(&given.ca)?;
    let mut notes = Vec::new();
    let top = cas
        .first()
        .filter(|_| !cas.iter().any(Certificate::is_self_issued));
    if let Some(top) = top {
        let because = format!(
            "\"{}\" holds \"{}\" and not \"{}\" above it; programs with OpenSSL want the chain up to the root, and refuse \
             everybody without it",
            given.ca.display(),
            top.called(),
            name::shown(top.issuer())
        );
        let code = match role {
            Role::Server => code::BAD_CLIENT_CAS,
            Role::Client => code::BAD_TRUST_FILE,
        };
        notes.push(note(code, because, "put the root into the same file"));
    }
    let Some(crl) = &given.crl else {
        return Ok(notes);
    };
    let lists = load::revocation_lists(crl)?;
    let has_list = |ca: &&Certificate| lists.iter().any(|list| list.issuer == *ca.subject());
    if let Some(ca) = cas.iter().filter(|ca| ca.is_ca()).find(|ca| !has_list(ca)) {
        let because = format!(
            "\"{}\" holds no list of \"{}\"; programs that look up every certificate of a chain refuse what is below a CA \
             without one",
            crl.display(),
            ca.called()
        );
        notes.push(note(
            code::CRL_UNUSABLE,
            because,
            "put a list of every CA into the file",
        ));
    }
    Ok(notes)
}

fn note(code: Code, because: String, help: &str) -> Finding {
    Finding::new(code, Refuser::Server, Certainty::Likely, because).help(help)
}

/// The files that are made, before they are written, among those of this machine.
struct Unwritten<'a> {
    made: BTreeMap<PathBuf, &'a str>,
    others: Disk,
}

impl Files for Unwritten<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.made.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.others.read(path),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.others.list(folder)
    }

    fn mode(&self, path: &Path) -> Option<u32> {
        self.others.mode(path)
    }
}
