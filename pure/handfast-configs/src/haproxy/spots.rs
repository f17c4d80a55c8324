//! What ties a configuration of HAProxy to its machine.

use super::{
    bind::{Bases, Options},
    entries,
    lines::{Line, Section},
};
use crate::{
    files::Reader,
    span::{Span, Word},
    spot::{Found, Material, Role, opens, port, told_apart},
    trouble::Trouble,
};

/// What `global` says of this machine alone: who it runs as, where it logs and is spoken to.
const GONE: [&str; 14] = [
    "daemon",
    "master-worker",
    "nbproc",
    "pidfile",
    "chroot",
    "user",
    "group",
    "uid",
    "gid",
    "server-state-file",
    "server-state-base",
    "ulimit-n",
    "localpeer",
    "node",
];

/// Sections with sites or services.
const PROXIES: [&str; 4] = ["defaults", "frontend", "listen", "backend"];

pub(crate) fn find(sections: &[Section], reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Trouble> {
    let bases = Bases::of(sections);
    for section in sections {
        // It starts other programs.
        if section.kind == "program" {
            let end = section.lines.last().unwrap_or(&section.head).span();
            if let (Some(begin), Some(end)) = (section.head.span(), end) {
                found.gone(&begin.to(&end));
            }
            continue;
        }
        for line in &section.lines {
            look(section, line, &bases, reader, found)?;
        }
    }
    bases.folders().for_each(|folder| reader.start_from(folder));
    Ok(())
}

fn look(
    section: &Section,
    line: &Line,
    bases: &Bases,
    reader: &mut Reader<'_>,
    found: &mut Found,
) -> Result<(), Trouble> {
    let kind = section.kind.as_str();
    let is_global = kind == "global";
    let (first, second) = (line.word(0), line.word(1));
    let is_socket = first == "stats" && second == "socket";
    let is_log = first == "log" && !["global", "stdout", "stderr"].contains(&second);
    if is_global && (GONE.contains(&first) || is_socket) || is_log && (is_global || PROXIES.contains(&kind)) {
        line.span().iter().for_each(|span| found.gone(span));
        return Ok(());
    }
    match (kind, first) {
        ("frontend" | "listen", "bind") => bound(line, bases, reader, found)?,
        (_, "bind" | "dgram-bind") => {
            for (span, text) in addresses(line) {
                found.add(&span, text, Role::Spare("127.0.0.1:"));
            }
        }
        ("backend" | "listen", "server") => {
            line.words.get(2).into_iter().for_each(|word| found.backend(word))
        }
        ("backend" | "listen", "server-template") => {
            line.words.get(3).into_iter().for_each(|word| found.backend(word));
        }
        ("crt-store", "load") => files(&Options::of(&line.words), found),
        _ => {}
    }
    found.words(line.words.get(1..).unwrap_or_default());
    Ok(())
}

/// The addresses of a `bind`, each where it stands in the list.
fn addresses(line: &Line) -> Vec<(Span, &str)> {
    let Some(word) = line.words.get(1) else {
        return Vec::new();
    };
    let mut from = 0;
    let parts = word.split(',').filter_map(|part| {
        let begin = from;
        from += part.len() + 1;
        port(part)?;
        Some((word.slice(begin..begin + part.len())?, part))
    });
    parts.collect()
}

fn bound(line: &Line, bases: &Bases, reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Trouble> {
    for (span, address) in addresses(line) {
        if let Some(port) = port(address) {
            let bare = address.trim_start_matches("ipv4@").trim_start_matches("ipv6@");
            found.add(&span, address, opens(told_apart(bare, port)));
        }
    }
    let options = Options::of(line.words.get(2..).unwrap_or_default());
    for (name, value) in options.iter() {
        match name.as_str() {
            "v6only" | "v4v6" | "transparent" => found.gone(&name.span),
            "interface" => {
                for word in [Some(name), value].into_iter().flatten() {
                    found.gone(&word.span);
                }
            }
            _ => {}
        }
    }
    files(&options, found);
    for list in options.all("crt-list") {
        for entry in entries(list, line, bases, reader)? {
            found.word(&entry.certificate, Role::File(Material::Pair));
            files(&Options::of(&entry.options), found);
            let names = entry.names.iter().filter(|name| !name.starts_with('!'));
            found.names.extend(names.map(|name| name.text.clone()));
        }
    }
    Ok(())
}

/// The files that options name.
fn files(options: &Options, found: &mut Found) {
    for (name, value) in options.iter() {
        let material = match name.as_str() {
            "crt" => Material::Pair,
            "ca-file" | "ca-verify-file" => Material::Cas,
            "crl-file" => Material::Crl,
            _ => continue,
        };
        let is_file = |value: &&Word| !value.starts_with('@');
        if let Some(value) = value.filter(is_file) {
            found.word(value, Role::File(material));
        }
    }
}
