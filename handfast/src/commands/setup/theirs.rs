//! `handfast verify-config FILE`: a configuration that the user wrote, met by the zoo.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use handfast_doctor::config::Kind;
use handfast_lab::free_port;
use handfast_pki::{
    code,
    pem::{self, Item},
};
use handfast_setup::{
    Role, Target, Theirs,
    theirs::{listens, moved, port, replaced, words as words_of},
};
use serde_json::json;

use super::{
    find, play,
    stage::{Ground, Stage, Wish, of_lab},
    table, write,
};
use crate::{
    failure::{Exit, Failure},
    files,
    words::{STRONG, Words, shell},
};

/// Run a configuration that you wrote on this machine, and show it every kind of certificate
///
/// The software is started with a copy of FILE on free ports of 127.0.0.1. In the copy, every file with certificates,
/// keys or revocation lists is exchanged for a throw-away one of the same kind, and every address to listen on for a
/// free port. Then it meets the zoo, as in `setup verify`. FILE itself and what it names are only read. Exit code 1
/// when somebody gets in who should not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast verify-config /etc/nginx/conf.d/api.conf")]
pub struct VerifyConfig {
    /// The part of the configuration that holds the site: server block, virtual host, haproxy.cfg ...
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose configuration it is, where that cannot be told from it
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Keep the files in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &VerifyConfig, words: &Words) -> Result<Exit, Failure> {
    let bytes = files::read(&args.file)?;
    let shown = args.file.display();
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            Exit::Misuse,
            code::CONFIG_INVALID,
            format!("\"{shown}\" is not a text in UTF-8"),
        )
    })?;
    let target = whose(args, &text)?;
    let part = target
        .part(Role::Server)
        .map_err(|error| super::of_error(&error))?;
    let theirs = part.theirs.as_ref().ok_or_else(|| {
        Failure::misuse(format!(
            "a configuration of {} cannot be moved to loopback",
            target.title
        ))
        .hint(format!("handfast setup verify {}", target.name))
    })?;
    if let Some(whole) = theirs
        .whole
        .iter()
        .find(|mark| text.lines().any(|line| line.trim_start().starts_with(*mark)))
    {
        return Err(Failure::misuse(format!(
            "\"{shown}\" is the whole configuration of this machine (\"{whole}\"), and not the part with the site"
        ))
        .hint("give the file that holds the site alone"));
    }
    let ground = Ground::new(args.dir.as_ref())?;
    let mut stage = Stage::set(
        &ground,
        &target,
        &Wish {
            role: Role::Server,
            pair: "servers/good",
            port: None,
            only: None,
        },
    )?;
    let moved = Move::of(&text, args, theirs, &stage)?;
    std::fs::write(stage.out.join(&theirs.file), &moved.text).map_err(Failure::bug)?;
    for (name, instead) in &moved.exchanged {
        words.talk(format_args!("instead of {}: {instead}", shell(name)));
    }
    words.talk(format_args!("{shown} of {} meets the zoo ...", target.title));
    let ports: Vec<u16> = moved.ports.values().copied().collect();
    let started = stage
        .start_on(&ports)
        .map_err(|failure| failure.detail("this is a copy of your configuration"))?;
    let Some(found) = play::speaks_tls(&stage, &ports)? else {
        return Err(Failure::new(
            Exit::Unreachable,
            code::NOT_TLS,
            format!("none of the {} addresses in \"{shown}\" speaks TLS", ports.len()),
        )
        .detail(format!("the server had said: {}", started.said())));
    };
    (stage.port, stage.welcome) = found;
    let versions = play::spoken(&stage)?;
    for silent in stage
        .versions()
        .iter()
        .filter(|version| !versions.contains(version))
    {
        words.talk(format_args!("note: it speaks no TLS {silent}"));
    }
    let cells = play::play(&stage, &versions)?;
    table::tell(&cells, part, words);
    let wrong = cells
        .iter()
        .filter(|cell| cell.is_in && !cell.is_as_told(part))
        .count();
    let kept = cells
        .iter()
        .filter(|cell| !cell.is_in && !cell.is_as_told(part))
        .count();
    for line in write::limits(part) {
        words.data(format_args!("{STRONG}beware{STRONG:#}: {line}"));
    }
    words.json(&json!({
        "file": args.file,
        "target": target.name,
        "cells": table::to_json(&cells, part),
        "wrongly_in": wrong,
        "wrongly_out": kept,
        "good": wrong == 0,
    }));
    words.talk(match (wrong, kept) {
        (0, 0) => format!(
            "{shown} lets in whom it should and nobody else, in {} cases",
            cells.len()
        ),
        (0, kept) => format!("{shown} lets nobody in who should stay out, and keeps out {kept} good ones"),
        (wrong, _) => format!("{shown} lets in {wrong} of {} that should stay out", cells.len()),
    });
    if wrong > 0 {
        words.next(format_args!("handfast doctor config {}", shell(shown)));
    }
    Ok(if wrong == 0 { Exit::Yes } else { Exit::No })
}

fn nowhere(args: &VerifyConfig) -> Failure {
    Failure::new(
        Exit::Misuse,
        code::CONFIG_INVALID,
        format!("\"{}\" says nowhere where to listen", args.file.display()),
    )
}

fn whose(args: &VerifyConfig, text: &str) -> Result<Target, Failure> {
    if let Some(name) = &args.target {
        return find(name, None);
    }
    match Kind::told_by(&args.file, text) {
        Some(kind) => find(kind.word(), None),
        None => Err(Failure::misuse(format!(
            "it cannot be told whose configuration \"{}\" is",
            args.file.display()
        ))
        .hint("name the software: --target nginx")),
    }
}

/// The text of the user on loopback.
struct Move {
    text: String,
    /// The ports that were written, and those in their places.
    ports: BTreeMap<u16, u16>,
    /// Files as written, and what stands in their places.
    exchanged: BTreeMap<String, String>,
}

impl Move {
    fn of(text: &str, args: &VerifyConfig, theirs: &Theirs, stage: &Stage<'_>) -> Result<Self, Failure> {
        let mut others = Vec::new();
        let mut ports = BTreeMap::new();
        for address in listens(text, &theirs.listen) {
            let Some(written) = port(&address.text) else {
                continue;
            };
            let instead = match ports.get(&written) {
                Some(known) => *known,
                None => {
                    let free = free_port().map_err(|error| of_lab(&error))?;
                    ports.insert(written, free);
                    free
                }
            };
            let mut instead = moved(&address.text, instead);
            // A port alone would listen on every address of this machine.
            if !instead.contains(':') && theirs.joined {
                instead = format!("127.0.0.1:{instead}");
            }
            others.push((address.range, instead));
        }
        if ports.is_empty() {
            return Err(nowhere(args));
        }
        let mut exchanged = BTreeMap::new();
        for word in words_of(text) {
            if others
                .iter()
                .any(|(range, _)| range.start < word.range.end && word.range.start < range.end)
            {
                continue;
            }
            if word.text == "0.0.0.0" || word.text == "::" {
                others.push((word.range, "127.0.0.1".into()));
            } else if let Some(instead) = instead_of(&word.text, args, stage) {
                exchanged.insert(word.text, instead.clone());
                others.push((word.range, instead));
            }
        }
        if exchanged.is_empty() {
            return Err(Failure::new(
                Exit::Misuse,
                code::UNREADABLE,
                format!(
                    "\"{}\" names no certificate that can be read from here",
                    args.file.display()
                ),
            )
            .hint("run it as a user who may read the files that it names"));
        }
        let mut text = replaced(text, others);
        if let Some(opens) = &theirs.opens
            && !text
                .lines()
                .any(|line| line.trim_start().starts_with(opens.as_str()))
        {
            let lines: String = ports
                .values()
                .map(|port| format!("{opens} 127.0.0.1:{port}\n"))
                .collect();
            text.insert_str(0, &lines);
        }
        Ok(Self {
            text,
            ports,
            exchanged,
        })
    }
}

/// What stands in the place of the file `name`: a throw-away one of its kind. Nothing for what is no such file.
fn instead_of(name: &str, args: &VerifyConfig, stage: &Stage<'_>) -> Option<String> {
    const LARGEST: u64 = 4 << 20;
    if !name.contains(['/', '.']) {
        return None;
    }
    let folder = args.file.parent().unwrap_or(Path::new("."));
    let path = folder.join(name);
    let data = std::fs::metadata(&path).ok()?;
    if !data.is_file() || data.len() > LARGEST {
        return None;
    }
    let bytes = std::fs::read(&path).ok()?;
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
