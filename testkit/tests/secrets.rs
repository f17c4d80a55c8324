//! What holds a password or the bytes of a key derives no `Debug`: whoever prints it later has not thought of that.
//!
//! In: the sources of all crates. Out: a line for every derived `Debug` over a field that is a secret.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Names of fields that hold a secret.
const SECRETS: [&str; 7] = [
    "password",
    "passwords",
    "secret",
    "secrets",
    "key_log",
    "protected",
    "pkcs8",
];

#[test]
fn nothing_that_holds_a_secret_derives_debug() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for floor in ["pure", "wire", "flow", "handfast"] {
        sources(&root.join(floor), &mut files);
    }
    assert!(files.len() > 100, "{files:?}");
    let derived: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).expect("a source file");
            let found = derived(&text);
            found
                .into_iter()
                .map(|line| format!("{}: {line}", file.display()))
        })
        .collect();
    assert_eq!(derived, Vec::<String>::new());
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "tests" && name != "targets" && name != "target" {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The secret fields of everything in `text` that derives `Debug`.
fn derived(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_derived = false;
    let mut is_inside = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("#[derive(") {
            is_derived = line.contains("Debug");
        } else if line.contains("struct ") || line.contains("enum ") {
            is_inside = is_derived;
            is_derived = false;
        }
        if is_inside && is_secret(line) {
            found.push(line.to_owned());
        }
        if line == "}" || line.ends_with(';') {
            is_inside = false;
        }
    }
    found
}

fn is_secret(line: &str) -> bool {
    let Some((name, kind)) = line.split_once(": ") else {
        return line.contains("Zeroizing<");
    };
    let name = name.rsplit(' ').next().unwrap_or_default();
    let is_bytes = ["String", "str", "Vec<u8>", "Zeroizing"]
        .iter()
        .any(|bytes| kind.contains(bytes));
    !line.starts_with("//") && (kind.contains("Zeroizing<") || SECRETS.contains(&name) && is_bytes)
}

#[test]
fn a_derived_debug_over_a_secret_is_found_and_one_of_our_own_is_not() {
    let planted = [
        "#[derive(Debug)]\npub struct A {\n    pub password: Option<&'a str>,\n}\n",
        "#[derive(Clone, Debug)]\nstruct A {\n    key: Zeroizing<Vec<u8>>,\n}\n",
        "#[derive(Debug)]\nstruct A(Zeroizing<String>);\n",
        "#[derive(Debug)]\nenum A {\n    Of { secret: Vec<u8> },\n    Locked { pkcs8: Vec<u8> },\n}\n",
    ];
    for text in planted {
        assert!(!derived(text).is_empty(), "{text}");
    }
    let good = [
        "#[derive(Clone)]\npub struct A {\n    pub password: Option<&'a str>,\n}\n",
        "#[derive(Debug)]\nstruct A {\n    password_file: Option<PathBuf>,\n    secrets: Arc<Secrets>,\n}\n",
        "#[derive(Debug)]\nstruct A {\n    a: u8,\n}\nstruct B {\n    password: String,\n}\n",
    ];
    for text in good {
        assert_eq!(derived(text), Vec::<String>::new(), "{text}");
    }
}
