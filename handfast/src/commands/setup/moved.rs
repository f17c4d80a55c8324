//! A configuration that the user wrote, moved to loopback: its includes put in, its addresses and files exchanged.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use handfast_doctor::config::{folders, matching};
use handfast_lab::free_port;
use handfast_pki::{
    code,
    pem::{self, Item},
};
use handfast_setup::{
    Theirs,
    theirs::{directives, inside, listens, moved, port, replaced, sites, without, words},
};

use super::stage::{Stage, of_lab};
use crate::{
    commands::doctor::config::Disk,
    failure::{Exit, Failure},
    files,
};

/// The text of the user on loopback.
pub struct Move {
    pub text: String,
    /// The ports that were written, and those in their places.
    pub ports: BTreeMap<u16, u16>,
    /// Files as written, and what stands in their places.
    pub exchanged: BTreeMap<String, String>,
}

impl Move {
    /// Of the `text` of `file`, for the software of `stage`.
    pub fn of(text: &str, file: &Path, theirs: &Theirs, stage: &Stage<'_>) -> Result<Self, Failure> {
        let text = included(text, file, theirs, &mut Vec::new())?;
        let text = match &theirs.inside {
            Some(block) => inside(&text, block).unwrap_or(&text),
            None => &text,
        };
        let text = without(text, &theirs.without, theirs.until);
        let mut addresses = Addresses::default();
        addresses.find(&text, theirs, stage)?;
        if addresses.ports.is_empty() {
            return Err(Failure::new(
                Exit::Misuse,
                code::CONFIG_INVALID,
                format!("\"{}\" says nowhere where to listen", file.display()),
            ));
        }
        let Addresses { mut others, ports } = addresses;
        let folders = folders(file);
        let mut exchanged = BTreeMap::new();
        for word in words(&text) {
            let is_other = others
                .iter()
                .any(|(range, _)| range.start < word.range.end && word.range.start < range.end);
            if is_other {
                continue;
            }
            if word.text == "0.0.0.0" || word.text == "::" {
                others.push((word.range, "127.0.0.1".into()));
            } else if let Some(path) = named(&word.text, &folders) {
                if let Some(instead) = instead_of(&path, stage) {
                    exchanged.insert(word.text, instead.clone());
                    others.push((word.range, instead));
                } else if Path::new(&word.text).is_relative() {
                    // The copy lies elsewhere.
                    let path = std::path::absolute(path).map_err(Failure::bug)?;
                    others.push((word.range, path.display().to_string()));
                }
            }
        }
        if exchanged.is_empty() {
            return Err(Failure::new(
                Exit::Misuse,
                code::UNREADABLE,
                format!(
                    "\"{}\" names no certificate that can be read from here",
                    file.display()
                ),
            )
            .hint("run it as a user who may read the files that it names"));
        }
        Ok(Self {
            text: begun(replaced(&text, others), theirs, stage, &ports),
            ports,
            exchanged,
        })
    }
}

/// `text` with the files that it includes in the places where it names them.
fn included(text: &str, file: &Path, theirs: &Theirs, open: &mut Vec<PathBuf>) -> Result<String, Failure> {
    const DEEPEST: usize = 16;
    if open.len() > DEEPEST {
        return Err(Failure::new(
            Exit::Misuse,
            code::CONFIG_INVALID,
            format!("\"{}\" includes files more than {DEEPEST} deep", file.display()),
        ));
    }
    let disk = Disk {
        asked_for: file.to_owned(),
    };
    let mut others = Vec::new();
    for directive in directives(text, &theirs.include, theirs.until) {
        let mut whole = String::new();
        for path in matching(&disk, &folders(file), &directive.value) {
            if open.contains(&path) || path.is_dir() {
                continue;
            }
            let bytes = files::read(&path)?;
            open.push(path);
            whole.push_str(&included(&String::from_utf8_lossy(&bytes), file, theirs, open)?);
            whole.push('\n');
            open.pop();
        }
        // What fits nothing is no file: a snippet of a Caddyfile, or a folder that is empty.
        if !whole.is_empty() {
            others.push((directive.range, whole));
        }
    }
    Ok(replaced(text, others))
}

/// What is written in the places of addresses.
#[derive(Default)]
struct Addresses {
    others: Vec<(std::ops::Range<usize>, String)>,
    ports: BTreeMap<u16, u16>,
}

impl Addresses {
    fn find(&mut self, text: &str, theirs: &Theirs, stage: &Stage<'_>) -> Result<(), Failure> {
        for address in listens(text, &theirs.listen) {
            let Some(written) = port(&address.text) else {
                continue;
            };
            let instead = match self.ports.get(&written) {
                Some(known) => *known,
                None => {
                    let free = free_port().map_err(|error| of_lab(&error))?;
                    self.ports.insert(written, free);
                    free
                }
            };
            let mut instead = moved(&address.text, instead);
            // A port alone would listen on every address of this machine.
            if !instead.contains(':') && theirs.joined {
                instead = format!("127.0.0.1:{instead}");
            }
            self.others.push((address.range, instead));
        }
        for address in listens(text, &theirs.upstream) {
            self.others
                .push((address.range, format!("127.0.0.1:{}", stage.upstream)));
        }
        if theirs.sites {
            for site in sites(text).sites {
                let free = free_port().map_err(|error| of_lab(&error))?;
                let is_plain = text
                    .get(site.addresses.clone())
                    .is_some_and(|addresses| addresses.starts_with("http://") || addresses.trim() == ":80");
                let scheme = if is_plain { "http" } else { "https" };
                self.ports.insert(free, free);
                self.others
                    .push((site.addresses, format!("{scheme}://localhost:{free}")));
                self.others
                    .push((site.inside..site.inside, "\n    bind 127.0.0.1\n".into()));
            }
        }
        Ok(())
    }
}

/// `text` with what has to stand at its start.
fn begun(mut text: String, theirs: &Theirs, stage: &Stage<'_>, ports: &BTreeMap<u16, u16>) -> String {
    if let Some(opens) = &theirs.opens
        && directives(&text, std::slice::from_ref(opens), None).is_empty()
    {
        let lines: String = ports
            .values()
            .map(|port| format!("{opens} 127.0.0.1:{port}\n"))
            .collect();
        text.insert_str(0, &lines);
    }
    let Some(begins) = &stage.filled.begins else {
        return text;
    };
    match theirs.sites.then(|| sites(&text).global) {
        Some(Some(at)) => text.insert_str(at, &format!("\n{begins}\n")),
        Some(None) => text.insert_str(0, &format!("{{\n{begins}\n}}\n")),
        None => text.insert_str(0, &format!("{begins}\n")),
    }
    text
}

/// The file that a word of the text names, if there is one.
fn named(word: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    if !word.contains(['/', '.']) {
        return None;
    }
    folders
        .iter()
        .map(|folder| folder.join(word))
        .find(|path| path.is_file())
}

/// What stands in the place of the file `path`: a throw-away one of its kind. Nothing for what is no such file.
fn instead_of(path: &Path, stage: &Stage<'_>) -> Option<String> {
    const LARGEST: u64 = 4 << 20;
    if std::fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    // Of version 1 or with something odd in it: a list all the same.
    let is_list = bytes.starts_with(b"-----BEGIN X509 CRL-----");
    let items = match pem::read(&bytes) {
        Ok(items) => items,
        Err(_) if is_list => return Some(stage.ground.folder.file("all.crl")),
        Err(_) => return None,
    };
    let own = format!("{}-own", stage.out.file_name()?.display());
    let file = |name: &str| stage.ground.folder.file(name);
    let has = |is: fn(&Item) -> bool| items.iter().any(is);
    let is_leaf = |item: &Item| matches!(item, Item::Certificate(certificate) if !certificate.is_ca());
    let leaf = has(is_leaf);
    let key = has(|item| matches!(item, Item::Key(_) | Item::EncryptedKey(_)));
    Some(if leaf && key {
        let pair = stage.out.join("pair.pem");
        let read = |name: &str| stage.ground.folder.read(&format!("{own}/{name}"));
        std::fs::write(&pair, read("tls.crt").ok()? + &read("tls.key").ok()?).ok()?;
        pair.display().to_string()
    } else if key {
        file(&format!("{own}/tls.key"))
    } else if leaf {
        file(&format!("{own}/tls.crt"))
    } else if has(|item| matches!(item, Item::Crl(_))) {
        file("all.crl")
    } else if has(|item| matches!(item, Item::Certificate(_))) {
        file("ca.crt")
    } else {
        return None;
    })
}
