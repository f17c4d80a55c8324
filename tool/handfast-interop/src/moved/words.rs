//! A configuration of a program that has no reader: what is known of it are the words that its target names.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use handfast_configs::{folders, matching, outline::Material};
use handfast_credentials::{disk::Disk, files};
use handfast_finding::Problem;
use handfast_pki::code;
use handfast_setup::{
    Holds, Theirs,
    theirs::{directives, listens, moved, port, replaced, socket, values, without, words},
};

use super::{
    Listener, Move,
    exchange::{Exchange, at_home},
};
use crate::stage::Stage;

/// The text with everything that it includes, without what is about the machine alone.
pub struct Text(String);

impl Text {
    pub(super) fn read(text: &str, file: &Path, theirs: &Theirs) -> Result<Self, Problem> {
        let text = included(text, file, theirs, &mut Vec::new())?;
        Ok(Self(without(&text, &theirs.without)))
    }

    /// On loopback, for the software of `stage`.
    pub(super) fn moved(&self, file: &Path, theirs: &Theirs, stage: &Stage<'_>) -> Result<Move, Problem> {
        let mut changes = Changes {
            exchange: Exchange::new(stage),
            others: Vec::new(),
        };
        changes.addresses(&self.0, theirs)?;
        changes.materials(&self.0, theirs, &folders(file))?;
        changes.files(&self.0, &folders(file))?;
        let Changes { mut exchange, others } = changes;
        if theirs.listen.is_empty() {
            // The address that our own beginning of the file says.
            let here = stage.port;
            exchange.listeners.push(Listener {
                written: here.to_string(),
                here,
            });
        }
        let mut text = replaced(&self.0, others);
        if let Some(begins) = &stage.filled.begins {
            text.insert_str(0, &format!("{begins}\n"));
        }
        Ok(Move {
            text,
            listeners: exchange.listeners,
            exchanged: exchange.exchanged,
            names_list: exchange.names_list,
            ..Move::default()
        })
    }
}

/// `text` with the files that it includes in the places where it names them.
fn included(text: &str, file: &Path, theirs: &Theirs, open: &mut Vec<PathBuf>) -> Result<String, Problem> {
    const DEEPEST: usize = 16;
    if open.len() > DEEPEST {
        return Err(Problem::new(
            code::CONFIG_INVALID,
            format!("\"{}\" includes files more than {DEEPEST} deep", file.display()),
        ));
    }
    let disk = Disk {
        asked_for: file.to_owned(),
    };
    let mut others = Vec::new();
    for directive in directives(text, &theirs.include) {
        let mut whole = String::new();
        let named = matching(&disk, &folders(file), &directive.value);
        // Nothing that is there.
        if named.is_empty() {
            continue;
        }
        for path in named.into_iter().flat_map(parts) {
            if open.contains(&path) {
                continue;
            }
            let bytes = files::read(&path)?;
            open.push(path);
            whole.push_str(&included(&String::from_utf8_lossy(&bytes), file, theirs, open)?);
            whole.push('\n');
            open.pop();
        }
        others.push((directive.range, whole));
    }
    Ok(replaced(text, others))
}

/// The path itself, or the parts of a configuration in that folder, in their order.
fn parts(path: PathBuf) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path];
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let is_part = |path: &PathBuf| path.extension().is_some_and(|end| end == "conf" || end == "cnf");
    let mut parts: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_part).collect();
    parts.sort();
    parts
}

/// What is written in the places of what.
struct Changes<'a> {
    exchange: Exchange<'a>,
    others: Vec<(Range<usize>, String)>,
}

impl Changes<'_> {
    /// Addresses to listen on, and those of services behind it that have to be there.
    fn addresses(&mut self, text: &str, theirs: &Theirs) -> Result<(), Problem> {
        for address in listens(text, &theirs.listen) {
            let Some(written) = port(&address.text) else {
                continue;
            };
            if theirs.follows && !address.text.contains(':') {
                let rest = text.get(address.range.end..).unwrap_or_default();
                let end = address.range.end + rest.find('\n').unwrap_or(rest.len());
                let all = text.get(address.range.start..end).unwrap_or_default();
                let instead = self.exchange.listens(all.trim())?;
                self.others
                    .push((address.range.start..end, format!("{instead} 127.0.0.1")));
                continue;
            }
            let instead = self.exchange.listens(&told_apart(&address.text, written))?;
            let mut instead = moved(&address.text, instead);
            // A port alone would listen on every address of this machine.
            if !instead.contains(':') && theirs.joined {
                instead = format!("127.0.0.1:{instead}");
            }
            self.others.push((address.range, instead));
        }
        for address in listens(text, &theirs.upstream) {
            let instead = format!("127.0.0.1:{}", self.exchange.stage.upstream);
            self.others.push((address.range, instead));
        }
        Ok(())
    }

    /// Files of its TLS, by the words that name them: a certificate that signed itself may be the server's, or a CA.
    fn materials(&mut self, text: &str, theirs: &Theirs, folders: &[PathBuf]) -> Result<(), Problem> {
        for (name, holds) in &theirs.files {
            let material = match holds {
                Holds::Certificate => Material::Certificate,
                Holds::Key => Material::Key,
                Holds::Cas => Material::Cas,
                Holds::Crl => Material::Crl,
            };
            for word in values(text, name) {
                if let Some(instead) = self.exchange.named_for(&word.text, material, folders)? {
                    self.others.push((word.range, instead));
                }
            }
        }
        Ok(())
    }

    /// Other files that are named, and sockets.
    fn files(&mut self, text: &str, folders: &[PathBuf]) -> Result<(), Problem> {
        for word in words(text) {
            let is_other = |(range, _): &(Range<usize>, String)| {
                range.start < word.range.end && word.range.start < range.end
            };
            if self.others.iter().any(is_other) {
                continue;
            }
            if let Some(socket) = socket(&word) {
                // That of a server which runs may be taken from it.
                let own = self.exchange.own("sock").display().to_string();
                self.others.push((socket.range, own));
            } else if let Some(instead) = at_home(&word.text)? {
                self.others.push((word.range, instead));
            } else if let Some(instead) = self.exchange.file(&word.text, folders)? {
                self.others.push((word.range, instead));
            }
        }
        Ok(())
    }
}

/// The port where it stands for every address of a machine; the whole of another one, for who comes to one of them may meet
/// another site.
fn told_apart(address: &str, port: u16) -> String {
    match address.rsplit_once(':') {
        None | Some(("" | "*" | "0.0.0.0", _)) => port.to_string(),
        Some(_) => address.to_owned(),
    }
}
