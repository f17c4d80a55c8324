//! The source of a crate as a test about the source wants it: its files by module, without comments, texts and tests.
//!
//! In: the folder of a crate. Out: a [`File`] for each module that a build without tests would compile, found as the
//! compiler finds it, from `mod` to `mod`. This is no parser: it knows as much of Rust as our own files need, and
//! `code_of` keeps every line where it was, so that what is found can be pointed at.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file of a crate.
#[derive(Debug)]
pub struct File {
    /// Where it was read.
    pub path: PathBuf,
    /// The names from the root of the crate to it; empty for the root itself.
    pub module: Vec<String>,
    /// The file as it was read.
    pub text: String,
    /// The same lines, with blanks for comments, for the insides of texts, and for what only tests compile.
    pub code: String,
}

/// Every file of the crate in `folder` that is reached from `src/lib.rs` and `src/main.rs`.
///
/// # Panics
///
/// If the folder holds neither, or a module that is declared has no file.
pub fn files_of(folder: &Path) -> Vec<File> {
    let mut files = Vec::new();
    for root in ["src/lib.rs", "src/main.rs"] {
        let path = folder.join(root);
        if path.is_file() {
            follow(path, &folder.join("src"), Vec::new(), &mut files);
        }
    }
    assert!(
        !files.is_empty(),
        "{}: no src/lib.rs, no src/main.rs",
        folder.display()
    );
    files
}

fn follow(path: PathBuf, children: &Path, module: Vec<String>, files: &mut Vec<File>) {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let code = without_tests(&code_of(&text));
    let declared = declared_modules(&code);
    files.push(File {
        path,
        module: module.clone(),
        text,
        code,
    });
    for name in declared {
        let below = children.join(&name);
        let beside = children.join(format!("{name}.rs"));
        let file = if beside.is_file() {
            beside
        } else {
            below.join("mod.rs")
        };
        let mut module = module.clone();
        module.push(name);
        follow(file, &below, module, files);
    }
}

/// The names in `mod name;`.
fn declared_modules(code: &str) -> Vec<String> {
    let words = words(code);
    words
        .windows(3)
        .filter(|three| three[0].text == "mod" && three[2].text == ";")
        .map(|three| three[1].text.to_owned())
        .collect()
}

/// A name, a number or a single sign of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// As it is written. `::` is one word, every other sign one each.
    pub text: &'a str,
    /// The byte where it begins.
    pub at: usize,
}

/// The words of `code`, which [`code_of`] has made.
pub fn words(code: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = code[at..].chars().next() {
        let rest = &code[at..];
        let length = if is_name(first) {
            rest.find(|c| !is_name(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            found.push(Word {
                text: &rest[..length],
                at,
            });
        }
        at += length;
    }
    found
}

/// The line, counted from 1, in which byte `at` of `code` stands.
pub fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// `text` with a blank for every byte of a comment and of the inside of a text or character.
pub fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let before = text[..at].chars().next_back();
        let length = skipped(&text[at..], before);
        if length == 0 {
            code.push(first);
            at += first.len_utf8();
        } else {
            blank(&mut code, &text[at..at + length]);
            at += length;
        }
    }
    code
}

/// How many bytes at the beginning of `rest` are a comment or a literal that is to be blank.
fn skipped(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    let inside_of_a_name = before.is_some_and(is_name);
    if inside_of_a_name { 0 } else { raw(rest) }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        let step = match here {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of the literal at the beginning of `rest`, both `quote`s included.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// A character, or 0 if the quote begins a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
        _ => 0,
    }
}

/// `r"…"`, `br#"…"#` and the like.
fn raw(rest: &str) -> usize {
    let after = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    let Some(after) = after.strip_prefix('r') else {
        return 0;
    };
    let hashes = after.len() - after.trim_start_matches('#').len();
    if !after[hashes..].starts_with('"') {
        return 0;
    }
    let opening = rest.len() - after.len() + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    rest[opening..]
        .find(&end)
        .map_or(rest.len(), |at| opening + at + end.len())
}

/// `code` with blanks for every item behind `#[cfg(test)]` or `#[test]`.
pub fn without_tests(code: &str) -> String {
    let mut left = String::with_capacity(code.len());
    let mut at = 0;
    for item in test_items(code) {
        if item.start >= at {
            left.push_str(&code[at..item.start]);
            blank(&mut left, &code[item.clone()]);
            at = item.end;
        }
    }
    left.push_str(&code[at..]);
    left
}

fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items: Vec<Range<usize>> = ["#[cfg(test)]", "#[cfg(all(test", "#[test]"]
        .iter()
        .flat_map(|mark| code.match_indices(mark))
        .map(|(at, _)| at..item_end(code, at))
        .collect();
    items.sort_by_key(|item| item.start);
    items
}

/// Where the item ends whose first attribute begins at `from`: behind its `;` or its closing brace.
pub fn item_end(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[from..].char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && c == '}' {
                    return from + at + 1;
                }
            }
            ';' if depth == 0 => return from + at + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(code: &mut String, skipped: &str) {
    // A byte for a byte, so that every position in the code is one in the text.
    code.extend(skipped.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_texts_and_characters_are_blank_and_lifetimes_are_not() {
        for (text, left) in [
            ("a // tokio\nb", vec!["a", "b"]),
            ("a /* x /* y */ z */ b", vec!["a", "b"]),
            (r#"f("std::fs \" x", 1)"#, vec!["f", "(", ",", "1", ")"]),
            ("f(r#\"a \" b\"#, br\"c\")", vec!["f", "(", ",", ")"]),
            (
                "f('\"', '\\'', b'x', &'a str)",
                vec!["f", "(", ",", ",", "b", ",", "&", "'", "a", "str", ")"],
            ),
            ("for_r\"x\"", vec!["for_r"]),
            ("std::fs", vec!["std", "::", "fs"]),
        ] {
            let code = code_of(text);
            assert_eq!(code.len(), text.len(), "{text}");
            let words: Vec<&str> = words(&code).iter().map(|word| word.text).collect();
            assert_eq!(words, left, "{text}");
        }
    }

    #[test]
    fn what_only_tests_compile_is_blank_and_what_follows_it_is_not() {
        let code =
            "use a;\n#[cfg(test)]\nmod tests {\n fn x() { y(); }\n}\n#[cfg(test)]\nuse b;\nfn c() {}\n";
        let left = without_tests(code);
        assert_eq!(
            left.split_whitespace().collect::<Vec<_>>(),
            ["use", "a;", "fn", "c()", "{}"]
        );
        assert_eq!(line_of(&left, left.find("fn c").expect("c stays")), 8);
    }

    #[test]
    fn the_files_of_this_crate_are_found_from_mod_to_mod() {
        let files = files_of(Path::new(env!("CARGO_MANIFEST_DIR")));
        let modules: Vec<String> = files.iter().map(|file| file.module.join("::")).collect();
        assert!(modules.contains(&String::new()), "{modules:?}");
        assert!(modules.contains(&"source".to_owned()), "{modules:?}");
    }
}
