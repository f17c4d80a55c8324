//! What the floors promise and no manifest shows: what the source of each crate names, and that its files import in
//! one direction.
//!
//! In: every file that a build without tests compiles. Out: a line for each name that the floor of its crate must not
//! have, and one for each circle of imports. `floors.rs` beside this is the same for the edges between crates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use handfast_testkit::source::{self, File, Word};

#[test]
fn no_crate_names_what_its_floor_must_not_have() {
    let mut refused = Vec::new();
    for (crate_name, folder) in crates() {
        for file in source::files_of(&folder) {
            refused.extend(named(&crate_name, &file));
        }
    }
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn the_files_of_a_crate_import_in_one_direction() {
    let mut circles = Vec::new();
    for (crate_name, folder) in crates() {
        for circle in circles_of(&source::files_of(&folder)) {
            circles.push((crate_name.clone(), circle));
        }
    }
    assert_eq!(circles, []);
}

#[test]
fn pure_and_wire_crates_ask_for_a_text_about_every_public_item() {
    for (crate_name, folder) in crates() {
        if !crate_name.starts_with("pure/") && !crate_name.starts_with("wire/") {
            continue;
        }
        let root = std::fs::read_to_string(folder.join("src/lib.rs")).expect("a library has a root");
        let asks = root.lines().any(|line| line == "#![warn(missing_docs)]");
        assert!(asks, "{crate_name}");
    }
}

/// Every crate of the floors, with its folder: `pure/handfast-pki`, ...
fn crates() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the testkit is in the workspace");
    let mut found = vec![("handfast".to_owned(), root.join("handfast"))];
    for floor in ["pure", "wire", "flow", "tool"] {
        let folders = std::fs::read_dir(root.join(floor)).expect("every floor is a folder");
        for folder in folders {
            let folder = folder.expect("a folder can be listed").path();
            let name = folder.file_name().expect("a crate has a name").to_string_lossy();
            found.push((format!("{floor}/{name}"), folder.clone()));
        }
    }
    assert!(found.len() > 15, "too few crates: {found:?}");
    found.sort();
    found
}

// --- names -------------------------------------------------------------------------------------------------

/// Names that the source of some crates must not have.
struct Banned {
    /// The beginnings of the crates that are meant.
    who: &'static [&'static str],
    names: &'static [&'static str],
    why: &'static str,
}

const BANNED: &[Banned] = &[
    Banned {
        who: &["pure/"],
        names: &[
            "std::fs",
            "std::process",
            "std::env::var",
            "tokio",
            "fs::read",
            "File::open",
        ],
        why: "pure code does no I/O",
    },
    Banned {
        who: &["pure/", "wire/"],
        // Addresses are values, and they live in the same module as the sockets.
        names: &[
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "UnixStream",
            "UnixListener",
            "ToSocketAddrs",
            "lookup_host",
            "std::net::*",
            "tokio::net",
            "socket2",
        ],
        why: "only flows and what is above them open sockets",
    },
    Banned {
        who: &["pure/"],
        names: &["Timestamp::now", "Zoned::now", "SystemTime::now", "Instant::now"],
        why: "the time is an argument",
    },
    // Whoever names rustls needs it in the manifest, which `floors.rs` sees; or somebody who hands it on.
    Banned {
        who: &["wire/handfast-tls"],
        names: &["pub use rustls", "pub use tokio_rustls"],
        why: "only handfast-tls names rustls",
    },
    Banned {
        who: &["pure/", "wire/", "flow/", "tool/"],
        names: &[
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "process::exit",
            "process::abort",
        ],
        why: "only the program speaks and exits",
    },
];

/// One line for everything in `file` that `crate_name` must not name.
fn named(crate_name: &str, file: &File) -> Vec<String> {
    let words = source::words(&file.code);
    let rules = BANNED
        .iter()
        .filter(|rule| rule.who.iter().any(|who| crate_name.starts_with(who)));
    let names = rules.flat_map(|rule| rule.names.iter().map(move |name| (rule, *name)));
    names
        .flat_map(|(rule, name)| {
            let places = places_of(&words, name);
            places.into_iter().map(move |at| (rule, name, at))
        })
        .map(|(rule, name, at)| {
            let (path, line) = (file.path.display(), source::line_of(&file.code, at));
            format!("{path}:{line}: \"{name}\": {}", rule.why)
        })
        .collect()
}

/// Where `name` stands as whole words, also as one of `use` with braces.
fn places_of(words: &[Word<'_>], name: &str) -> Vec<usize> {
    let wanted: Vec<&str> = source::words(name).iter().map(|word| word.text).collect();
    let written = words
        .windows(wanted.len())
        .filter(|here| here.iter().map(|word| word.text).eq(wanted.iter().copied()))
        .map(|here| here[0].at);
    let imported = imports(words)
        .into_iter()
        .filter(|import| starts_with(&import.path, name))
        .map(|import| import.at);
    let places: BTreeSet<usize> = written.chain(imported).collect();
    places.into_iter().collect()
}

fn starts_with(path: &[&str], name: &str) -> bool {
    let wanted: Vec<&str> = name.split("::").collect();
    path.len() >= wanted.len() && path[..wanted.len()] == wanted[..]
}

// --- imports -----------------------------------------------------------------------------------------------

/// A path that `use` brings into a file.
struct Import<'a> {
    path: Vec<&'a str>,
    /// The name it has there: that of its end, or what stands behind `as`.
    name: &'a str,
    at: usize,
}

fn imports<'a>(words: &[Word<'a>]) -> Vec<Import<'a>> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        // `use<'_>` in a type is no import.
        if word.text == "use" && words.get(at + 1).is_some_and(|next| next.text != "<") {
            tree(words, at + 1, &[], &mut found);
        }
    }
    found
}

/// Reads one path, or one group of them, that begins at `at`; gives back where it ends.
fn tree<'a>(words: &[Word<'a>], mut at: usize, before: &[&'a str], found: &mut Vec<Import<'a>>) -> usize {
    let mut path = before.to_vec();
    let begun = words.get(at).map_or(0, |word| word.at);
    while let Some(word) = words.get(at) {
        at += 1;
        match word.text {
            "::" => {}
            "{" => {
                while words.get(at).is_some_and(|word| word.text != "}") {
                    at = tree(words, at, &path, found);
                    at += usize::from(words.get(at).is_some_and(|word| word.text == ","));
                }
                return at + 1;
            }
            "as" => {
                let name = words.get(at).map_or("_", |word| word.text);
                found.push(Import {
                    path,
                    name,
                    at: begun,
                });
                return at + 1;
            }
            "," | ";" | "}" => {
                at -= 1;
                break;
            }
            name => path.push(name),
        }
    }
    // `use a::{self}` names a.
    if path.len() > 1 && path.last() == Some(&"self") {
        path.pop();
    }
    if let Some(name) = path.last().copied() {
        found.push(Import {
            path,
            name,
            at: begun,
        });
    }
    at
}

/// Every path that begins at the crate, at the parent or at the file itself, wherever it stands.
fn paths<'a>(words: &[Word<'a>]) -> Vec<Vec<&'a str>> {
    let mut found: Vec<Vec<&str>> = imports(words).into_iter().map(|import| import.path).collect();
    for (at, word) in words.iter().enumerate() {
        let begins = matches!(word.text, "crate" | "super" | "self");
        let goes_on = at > 0 && words[at - 1].text == "::";
        if begins && !goes_on && words.get(at + 1).is_some_and(|next| next.text == "::") {
            let names = words[at..].chunks(2).take_while(|pair| pair[0].text != "{");
            let mut path = Vec::new();
            for pair in names {
                path.push(pair[0].text);
                if pair.get(1).is_none_or(|sign| sign.text != "::") {
                    break;
                }
            }
            found.push(path);
        }
    }
    found
}

/// The files of one crate, by module, with what each imports.
struct Modules<'a> {
    known: BTreeSet<Vec<String>>,
    imports: BTreeMap<&'a [String], Vec<Import<'a>>>,
}

impl<'a> Modules<'a> {
    fn of(files: &'a [File], words: &'a BTreeMap<&'a [String], Vec<Word<'a>>>) -> Self {
        Self {
            known: files.iter().map(|file| file.module.clone()).collect(),
            imports: words
                .iter()
                .map(|(module, words)| (*module, imports(words)))
                .collect(),
        }
    }

    /// The file that `path`, written in `from`, leads to: through what is imported under another name, too.
    fn file_of(&self, from: &[String], path: &[&str], hops: usize) -> Option<Vec<String>> {
        let mut at = from.to_vec();
        for (index, name) in path.iter().enumerate() {
            match *name {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()?),
                name => {
                    let mut child = at.clone();
                    child.push(name.to_owned());
                    if self.known.contains(&child) {
                        at = child;
                        continue;
                    }
                    let import = self
                        .imports
                        .get(at.as_slice())?
                        .iter()
                        .find(|import| import.name == name);
                    return match import {
                        Some(import) if hops > 0 && import.path != path => {
                            let whole: Vec<&str> =
                                import.path.iter().chain(&path[index + 1..]).copied().collect();
                            self.file_of(&at, &whole, hops - 1)
                        }
                        Some(_) => None,
                        // An item of this file, or the first name is another crate.
                        None => (index > 0).then_some(at),
                    };
                }
            }
        }
        Some(at)
    }
}

/// One line for every circle among files of which none holds the other.
///
/// A file and what it declares with `mod`, however deep, are read together: the parent may call its children, and a
/// child may use the types of its parent. Such a pair is no edge, whichever way it points. All others are.
fn circles_of(files: &[File]) -> Vec<String> {
    let words: BTreeMap<&[String], Vec<Word<'_>>> = files
        .iter()
        .map(|file| (file.module.as_slice(), source::words(&file.code)))
        .collect();
    let modules = Modules::of(files, &words);
    let mut edges: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (from, words) in &words {
        for path in paths(words) {
            let Some(to) = modules.file_of(from, &path, 8) else {
                continue;
            };
            if !from.starts_with(&to) && !to.starts_with(from) {
                edges.entry(from.to_vec()).or_default().insert(to);
            }
        }
    }
    circles(&edges)
}

/// Each circle once, written out as `a -> b -> a`.
fn circles(edges: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for start in edges.keys() {
        if let Some(road) = road_back(edges, start)
            && seen.insert(road.iter().cloned().collect::<BTreeSet<_>>())
        {
            let names: Vec<String> = road.iter().chain([start]).map(|one| one.join("::")).collect();
            lines.push(names.join(" -> "));
        }
    }
    lines
}

/// The shortest way from `start` back to it.
fn road_back(
    edges: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
    start: &Vec<String>,
) -> Option<Vec<Vec<String>>> {
    let mut seen = BTreeSet::new();
    let mut roads = vec![vec![start.clone()]];
    while !roads.is_empty() {
        let mut longer = Vec::new();
        for road in roads {
            for next in road.last().and_then(|end| edges.get(end)).into_iter().flatten() {
                if next == start {
                    return Some(road);
                }
                if seen.insert(next) {
                    longer.push(road.iter().cloned().chain([next.clone()]).collect());
                }
            }
        }
        roads = longer;
    }
    None
}

// --- it says no --------------------------------------------------------------------------------------------

fn file(module: &str, text: &str) -> File {
    File {
        path: PathBuf::from(format!("src/{module}.rs")),
        module: module
            .split("::")
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        text: text.to_owned(),
        code: source::without_tests(&source::code_of(text)),
    }
}

fn refused(crate_name: &str, text: &str) -> Vec<String> {
    named(crate_name, &file("x", text))
}

#[test]
fn names_that_a_floor_must_not_have_are_refused_and_allowed_elsewhere() {
    for (crate_name, text, why, allowed_in) in [
        (
            "pure/handfast-pki",
            "use std::fs;",
            "pure code does no I/O",
            "flow/handfast-ca",
        ),
        (
            "pure/handfast-pki",
            "use std::{fmt, fs::File};",
            "pure code does no I/O",
            "flow/handfast-ca",
        ),
        (
            "pure/handfast-pki",
            "fn f() { tokio::spawn(x) }",
            "pure code does no I/O",
            "flow/handfast-ca",
        ),
        (
            "pure/handfast-pki",
            "let n = Timestamp::now();",
            "the time is an argument",
            "wire/handfast-tls",
        ),
        (
            "pure/handfast-pki",
            "SystemTime :: now()",
            "the time is an argument",
            "wire/handfast-tls",
        ),
        (
            "wire/handfast-tls",
            "use std::net::{IpAddr, TcpStream};",
            "only flows and what is above them open sockets",
            "flow/handfast-proxy",
        ),
        (
            "wire/handfast-tls",
            "pub use rustls::ServerConfig;",
            "only handfast-tls names rustls",
            "wire/handfast-trace",
        ),
        (
            "flow/handfast-ca",
            "println!(\"x\")",
            "only the program speaks and exits",
            "handfast",
        ),
        (
            "tool/handfast-report",
            "std::process::exit(1)",
            "only the program speaks and exits",
            "handfast",
        ),
    ] {
        let lines = refused(crate_name, text);
        assert!(
            !lines.is_empty() && lines.iter().all(|line| line.ends_with(why)),
            "{text}: {lines:?}"
        );
        assert_eq!(
            refused(allowed_in, text),
            Vec::<String>::new(),
            "{text} in {allowed_in}"
        );
    }
}

#[test]
fn values_comments_texts_and_tests_are_not_refused() {
    for text in [
        "use std::net::{IpAddr, Ipv6Addr};",
        "pub use rustls_pki_types::CertificateDer;",
        "// std::fs::read would be wrong here",
        "const HELP: &str = \"println!(\\\"tokio\\\")\";",
        "#[cfg(test)]\nmod tests {\n use std::fs;\n fn now() { Timestamp::now() }\n}",
    ] {
        assert_eq!(refused("pure/handfast-pki", text), Vec::<String>::new(), "{text}");
        assert_eq!(refused("wire/handfast-tls", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_circle_of_files_is_refused_however_it_is_written() {
    for (a, b) in [
        ("use crate::b::B;", "use crate::a::A;"),
        ("use crate::{b::{self, B}, c};", "fn f() -> crate::a::A {}"),
        ("use super::b;", "use super::a as other;"),
        // By the name that the root gives it.
        ("use crate::B;", "use crate::a::A;"),
    ] {
        let files = [
            file("", "mod a; mod b; mod c; pub use b::B;"),
            file("a", a),
            file("b", b),
            file("c", ""),
        ];
        assert_eq!(circles_of(&files), ["a -> b -> a"], "{a} {b}");
    }
    let three = [
        file("a", "use crate::b::x::X;"),
        file("b", ""),
        file("b::x", "use crate::c;"),
        file("c", "use crate::a::A;"),
    ];
    assert_eq!(circles_of(&three), ["a -> b::x -> c -> a"]);
}

#[test]
fn parents_children_and_one_way_imports_are_no_circle() {
    let files = [
        file("", "mod a; mod b; use a::x::X;"),
        file("a", "mod x; use x::X; use crate::b::B;"),
        file("a::x", "use super::A; use crate::Root; use crate::b::B;"),
        file("b", "#[cfg(test)]\nmod tests { use crate::a::A; }"),
    ];
    assert_eq!(circles_of(&files), Vec::<String>::new());
}
