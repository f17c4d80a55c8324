//! How long files and functions are: what does not fit on a screen or two is read by nobody.
//!
//! In: every source file of the workspace but tests, which are tables more often than not. Out: a line for each function
//! of more than [`FUNCTION`] lines, each file of more than [`FILE`] and each command of more than [`COMMAND`]. A `// long: reason` above a function, or as a line of its own at the head of
//! a file, excuses it.

use std::path::{Path, PathBuf};

use handfast_testkit::source::{code_of, item_end, line_of, without_tests, words};

/// From the line of `fn` to that of the closing brace.
const FUNCTION: usize = 60;
/// All lines but those of tests.
const FILE: usize = 500;
const EXCUSE: &str = "// long: ";
/// The same for a file of a command, which keeps arguments and words; what it decides is library code.
const COMMAND: usize = 120;
const COMMANDS: &str = "handfast/src/commands/";
/// Commands that are longer, each with its reason.
const LONGER: &[(&str, &str)] = &[
    (
        "ca/audit/check.rs",
        "what is verified of a log without its CA, and what is said of each",
    ),
    (
        "ca/backup.rs",
        "backup, restore and reconcile are one way there and back",
    ),
    ("ca/issuer.rs", "three commands: a CA is added, listed, retired"),
    ("ca/list.rs", "a flag for every filter"),
    ("ca/ocsp.rs", "one answer, or all answers in advance"),
    ("ca/profiles.rs", "a line for every rule of a profile"),
    (
        "ca/revoke.rs",
        "what would be revoked is shown, confirmed, and then revoked",
    ),
    ("ca/root.rs", "two commands about a key that is kept away"),
    ("ca/rotate.rs", "four steps of one change, and what each says"),
    ("ca/show.rs", "a line for everything that the records know"),
    ("man/sections.rs", "a table"),
    (
        "proxy/announce.rs",
        "a line for everything that a proxy was opened with",
    ),
];

#[test]
fn functions_end_after_60_lines_and_files_after_500() {
    let mut files = Vec::new();
    for folder in ["pure", "wire", "flow", "tool", "handfast", "testkit"] {
        collect(&workspace().join(folder), &mut files);
    }
    assert!(files.len() > 200, "too few files: {}", files.len());
    let mut long = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source is readable text");
        let shown = path
            .strip_prefix(workspace())
            .unwrap_or(&path)
            .display()
            .to_string();
        long.extend(too_long(&shown, &text));
    }
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn commands_end_after_120_lines() {
    let mut files = Vec::new();
    collect(&workspace().join(COMMANDS), &mut files);
    assert!(files.len() > 50, "too few commands: {}", files.len());
    let mut long = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source is readable text");
        let shown = path.strip_prefix(workspace().join(COMMANDS)).unwrap_or(&path);
        let shown = shown.display().to_string();
        if !LONGER.iter().any(|(file, _)| *file == shown) {
            long.extend(too_long_a_command(&shown, &text));
        }
    }
    assert_eq!(long, Vec::<String>::new());
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the testkit is in the workspace")
}

/// Every `.rs` file below `folder` but tests; templates of targets are written for other people.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace can be listed") {
        let path = entry.expect("a file can be listed").path();
        if path.is_dir() {
            if !path.ends_with("targets") && !path.ends_with("tests") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

// --- the rule ----------------------------------------------------------------------------------------------

/// The command in the file `path`, where it is too long.
fn too_long_a_command(path: &str, text: &str) -> Option<String> {
    let (all, code) = (code_of(text), without_tests(text));
    let lines = text.lines().count() - lines_of_tests(&all, &code);
    (lines > COMMAND).then(|| format!("{path}: {lines} lines"))
}

/// One line for everything in `text` that is too long; `path` is how it is called.
fn too_long(path: &str, text: &str) -> Vec<String> {
    let all = code_of(text);
    let code = without_tests(&all);
    let mut long = Vec::new();
    let lines = text.lines().count() - lines_of_tests(&all, &code);
    if lines > FILE && !begins_with_excuse(text) {
        long.push(format!("{path}: {lines} lines"));
    }
    for function in functions(&code) {
        if function.lines > FUNCTION && !is_excused(text, function.line) {
            long.push(format!(
                "{path}:{}: \"{}\" has {} lines",
                function.line, function.name, function.lines
            ));
        }
    }
    long
}

/// Whether a reason stands at the head of a file, before its first item: one above a function is about that alone.
fn begins_with_excuse(text: &str) -> bool {
    let head = text
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("//"));
    head.into_iter().any(|line| line.starts_with(EXCUSE))
}

/// How many lines have something in `all` and nothing in `code`.
fn lines_of_tests(all: &str, code: &str) -> usize {
    all.lines()
        .zip(code.lines())
        .filter(|(all, code)| !all.trim().is_empty() && code.trim().is_empty())
        .count()
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

fn functions(code: &str) -> Vec<Function> {
    let words = words(code);
    let named = words
        .windows(2)
        .filter(|two| two[0].text == "fn" && two[1].text != "(");
    named
        .map(|two| {
            let line = line_of(code, two[0].at);
            let end = line_of(code, item_end(code, two[0].at));
            Function {
                name: two[1].text.to_owned(),
                line,
                lines: end - line + 1,
            }
        })
        .collect()
}

/// Whether the comments and attributes right above `line`, counted from 1, hold an excuse.
fn is_excused(text: &str, line: usize) -> bool {
    let lines: Vec<&str> = text.lines().take(line - 1).map(str::trim).collect();
    lines
        .iter()
        .rev()
        .take_while(|line| line.starts_with("//") || line.starts_with('#') || line.starts_with(']'))
        .any(|line| line.strip_prefix(EXCUSE).is_some_and(|reason| !reason.is_empty()))
}

// --- it says no --------------------------------------------------------------------------------------------

fn function_of(lines: usize) -> String {
    format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2))
}

#[test]
fn a_function_is_refused_by_its_61st_line_and_named() {
    assert_eq!(too_long("a/src/x.rs", &function_of(60)), Vec::<String>::new());
    assert_eq!(
        too_long("a/src/x.rs", &function_of(61)),
        ["a/src/x.rs:1: \"f\" has 61 lines"]
    );
    assert_eq!(
        too_long("a/src/x.rs", &format!("#[test]\n{}", function_of(61))),
        Vec::<String>::new()
    );
}

#[test]
fn a_function_with_a_reason_is_excused_and_one_without_is_not() {
    let long = function_of(61);
    let excused = format!("/// Doc.\n// long: one arm per message\n#[must_use]\n{long}");
    assert_eq!(too_long("a/src/x.rs", &excused), Vec::<String>::new());
    for wrong in ["// long: \n", "// it is long\n", "// long: of another\n\n"] {
        assert_eq!(
            too_long("a/src/x.rs", &format!("{wrong}{long}")).len(),
            1,
            "{wrong}"
        );
    }
}

#[test]
fn a_file_is_refused_by_its_501st_line_and_tests_do_not_count() {
    let lines = |count: usize| "use a;\n".repeat(count);
    assert_eq!(too_long("a/src/x.rs", &lines(500)), Vec::<String>::new());
    assert_eq!(too_long("a/src/x.rs", &lines(501)), ["a/src/x.rs: 501 lines"]);
    let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(500), lines(300));
    assert_eq!(too_long("a/src/x.rs", &tests), Vec::<String>::new());
    let excused = format!("// long: a table\n{}", lines(501));
    assert_eq!(too_long("a/src/x.rs", &excused), Vec::<String>::new());
    let of_a_function = format!("use a;\n// long: one arm per alert\n{}", lines(500));
    assert_eq!(too_long("a/src/x.rs", &of_a_function), ["a/src/x.rs: 502 lines"]);
}

#[test]
fn a_command_is_refused_by_its_121st_line_and_tests_do_not_count() {
    let lines = |count: usize| "use a;\n".repeat(count);
    assert_eq!(too_long_a_command("x.rs", &lines(120)), None);
    let refused = too_long_a_command("x.rs", &lines(121));
    assert_eq!(refused.as_deref(), Some("x.rs: 121 lines"));
    let tests = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(120), lines(50));
    assert_eq!(too_long_a_command("x.rs", &tests), None);
    // An excuse at the head of a file is not one for a command: what is too long belongs further down.
    let excused = format!("// long: a table\n{}", lines(120));
    assert!(too_long_a_command("x.rs", &excused).is_some());
}
