//! Every command line of ours that the pages show is one that the parser takes. What stands in `sh` is run by the tests of
//! the whole; here are those that they leave out: blocks with `no-run`, and commands within sentences.

use std::{fs, path::Path};

use clap::{CommandFactory, error::ErrorKind};

use crate::args::Arguments;

/// One command, and where it stands.
struct Shown {
    place: String,
    line: String,
    /// Stands within a sentence, which may name a part of a command alone.
    is_in_sentence: bool,
}

#[test]
fn what_the_pages_show_and_no_test_runs_is_taken_by_the_parser() {
    let shown = all_shown();
    assert!(shown.iter().filter(|one| one.is_in_sentence).count() > 100);
    assert!(shown.iter().filter(|one| !one.is_in_sentence).count() > 100);
    let wrong: Vec<String> = shown
        .iter()
        .filter_map(|one| Some(format!("{}: {}: {}", one.place, one.line, wrong(one)?)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_command_that_cannot_run_is_noticed() {
    let of = |line: &str, is_in_sentence| {
        wrong(&Shown {
            place: String::new(),
            line: line.to_owned(),
            is_in_sentence,
        })
    };
    assert!(
        of("handfast doctor --bundle report.zip", true).is_some(),
        "no target"
    );
    assert!(
        of("handfast doctor --bundles report.zip HOST:PORT", false).is_some(),
        "no such flag"
    );
    assert!(of("handfast setup-nginx x", false).is_some(), "no such command");
    assert_eq!(of("handfast doctor HOST:PORT --bundle report.zip", true), None);
    assert_eq!(of("handfast renew --new-key", true), None, "the name of a flag");
    assert_eq!(of("handfast issue ... --key p256", false), None, "an ellipsis");
}

fn all_shown() -> Vec<Shown> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
        .map(|page| root.join(page))
        .to_vec();
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)
            .expect("the documents")
            .flatten()
            .map(|entry| entry.path())
        {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    pages
        .iter()
        .flat_map(|page| {
            let text = fs::read_to_string(page).expect("a page");
            of_page(
                &page.strip_prefix(&root).unwrap_or(page).display().to_string(),
                &text,
            )
        })
        .collect()
}

fn of_page(page: &str, text: &str) -> Vec<Shown> {
    let mut shown = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let place = format!("{page}:{}", at + 1);
        let Some(info) = line.trim_start().strip_prefix("```") else {
            let spans = line.split('`').skip(1).step_by(2);
            shown.extend(spans.flat_map(commands).map(|line| Shown {
                place: place.clone(),
                line,
                is_in_sentence: true,
            }));
            continue;
        };
        let inside: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.trim_start().starts_with("```"))
            .collect();
        if info == "sh no-run" {
            let whole = inside.join("\n").replace("\\\n", " ");
            shown.extend(whole.lines().flat_map(commands).map(|line| Shown {
                place: place.clone(),
                line,
                is_in_sentence: false,
            }));
        }
    }
    shown
}

/// The commands of ours in one line of a shell.
fn commands(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter == '#'
                && parts
                    .last()
                    .is_some_and(|part| part.is_empty() || part.ends_with(' ')) =>
            {
                break;
            }
            None if "|;&>".contains(letter) => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    let own = |part: String| {
        let part = part.trim().trim_start_matches("sudo ").to_owned();
        part.starts_with("handfast ").then_some(part)
    };
    parts.into_iter().filter_map(own).collect()
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            None if letter == '\'' || letter == '"' => quote = Some(letter),
            None if letter == ' ' => words.push(String::new()),
            _ => words.last_mut().into_iter().for_each(|word| word.push(letter)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Why the parser does not take it, where it is meant to be run.
fn wrong(shown: &Shown) -> Option<String> {
    let words = words(&shown.line);
    // What is left out or put in by a shell cannot be judged.
    if words
        .iter()
        .any(|word| word.contains("...") || word.contains("$("))
    {
        return None;
    }
    let error = Arguments::command().try_get_matches_from(&words).err()?;
    let is_placeholder = |word: &String| {
        word.chars().any(|letter| letter.is_ascii_uppercase())
            && !word.chars().any(|letter| letter.is_ascii_lowercase())
    };
    let names_a_file = words.iter().skip(1).any(|word| word.contains(['.', '/']));
    let is_fine = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
        ErrorKind::InvalidValue if shown.is_in_sentence && !names_a_file => true,
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => words.iter().any(is_placeholder),
        // The name of a command or of a flag stands for itself; with a file it is one to be typed.
        ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            shown.is_in_sentence && !names_a_file
        }
        _ => false,
    };
    (!is_fine).then(|| error.to_string().lines().take(3).collect::<Vec<_>>().join(" "))
}
