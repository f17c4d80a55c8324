//! People read the words of the field: no old word stands in the documents or in a string of the program.
//!
//! `handfast/tests/words.rs` looks at what the built program says: help, man pages, JSON and HTML.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use handfast_testkit::words::{literals, old_words};

/// Where an old word is right: the end of a path, the word, and why.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("docs/findings/HF-215.md", "authority", "Go says so"),
    ("docs/findings/HF-301.md", "authority", "Chrome says so"),
    ("/browsers.rs", "authority", "Chrome says so"),
    ("/windows.rs", "authority", "Windows says so"),
    ("/lists/apple.rs", "authority", "macOS says so"),
    ("/lists/platforms.rs", "authority", "Chrome and Subversion say so"),
    ("/kind.rs", "authority", "the name of a section"),
    ("/cases/refused.rs", "rsa pss sha256", "an argument of OpenSSL"),
    ("/second/suites.rs", "rsa pss sha256", "an argument of OpenSSL"),
];

#[test]
fn the_documents_speak_the_words_of_the_field() {
    let mut files = vec![root().join("README.md")];
    collect(&root().join("docs"), "md", &mut files);
    assert_clean(&files, |text| text.to_owned());
}

#[test]
fn the_strings_of_the_program_speak_the_words_of_the_field() {
    let mut files = Vec::new();
    for floor in ["pure", "wire", "flow", "tool", "handfast"] {
        collect(&root().join(floor), "rs", &mut files);
    }
    assert!(files.len() > 100, "{files:?}");
    assert_clean(&files, literals);
}

#[test]
fn what_targets_say_of_themselves_speaks_the_words_of_the_field() {
    let mut files = Vec::new();
    collect(&root().join("pure/handfast-setup/targets"), "toml", &mut files);
    assert!(files.len() > 30, "{files:?}");
    files.retain(|file| file.ends_with("target.toml"));
    assert_clean(&files, |text| text.to_owned());
}

/// Every excuse is still needed, so that the lists become shorter and never longer by themselves.
#[test]
fn no_excuse_is_left_over() {
    let mut files = vec![root().join("README.md")];
    for folder in ["docs", "pure", "wire", "flow", "tool", "handfast"] {
        for ending in ["md", "rs", "toml"] {
            collect(&root().join(folder), ending, &mut files);
        }
    }
    let mut used = BTreeSet::new();
    for file in &files {
        let text = text_of(file);
        for found in old_words(&text) {
            used.extend(excuses(&shown(file), found.old));
        }
    }
    let left: Vec<_> = all_excuses().filter(|excuse| !used.contains(excuse)).collect();
    assert!(left.is_empty(), "excuses that nothing needs any more: {left:#?}");
}

fn assert_clean(files: &[PathBuf], read: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for file in files {
        let name = shown(file);
        let text = fs::read_to_string(file).expect("a text file");
        for found in old_words(&read(&text)) {
            if excuses(&name, found.old).next().is_none() {
                wrong.push(format!(
                    "{name}:{}: \"{}\"; say: {}",
                    found.line, found.old, found.standard
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn text_of(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a text file");
    if file.extension().is_some_and(|ending| ending == "rs") {
        literals(&text)
    } else {
        text
    }
}

fn all_excuses() -> impl Iterator<Item = (&'static str, &'static str)> {
    EXCUSED.iter().map(|(place, word, _)| (*place, *word))
}

fn excuses<'a>(name: &'a str, word: &'a str) -> impl Iterator<Item = (&'static str, &'static str)> + 'a {
    all_excuses().filter(move |(place, old)| name.ends_with(place) && *old == word)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// The files with this ending below `folder`; what is built and what is a test is none of ours.
fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "tests" && name != "target" {
                collect(&path, ending, found);
            }
        } else if path.extension().is_some_and(|other| other == ending) && name != "tests.rs" {
            found.push(path);
        }
    }
}
