//! Completions, man pages, and pictures as the terminal can show them.

mod program;

use program::{Place, answers};

#[test]
fn completions_offer_what_there_is() {
    let place = Place::new();
    let script = place.run("completions bash").good().stdout;
    for word in [
        "nginx",
        "postgresql",
        "HF-609",
        "HF-206/nginx",
        "requests",
        "peer",
        "handfast__subcmd__csr",
    ] {
        assert!(script.contains(word), "{word}");
    }
    for shell in ["zsh", "fish"] {
        let script = place.run(&format!("completions {shell}")).good().stdout;
        for word in ["server", "requests", "HF-609"] {
            assert!(shell == "fish" || script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn what_completions_do_not_know_is_taken_all_the_same() {
    let place = Place::new();
    // A text and a target of the user's own are no mistakes.
    assert_eq!(place.run("explain tlsv1 alert unknown ca").exit, 1);
    let ran = place
        .run("setup show mine --targets nowhere")
        .refused(2, "HF-701");
    assert!(ran.stderr.contains("\"mine\" is not a target"), "{ran:#?}");
}

#[test]
fn every_command_has_a_page_with_every_section() {
    let place = Place::new();
    place.run("man --out man").good();
    let mut names = answers::commands(&place, "");
    names.push(String::new());
    for name in names {
        let file = format!("handfast {name}");
        let page = place.read(&format!("man/{}.1", file.trim().replace(' ', "-")));
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "ENVIRONMENT",
            "\"EXIT STATUS\"",
            "\"SEE ALSO\"",
        ] {
            assert!(
                page.contains(&format!(".SH {section}")),
                "{name}: {section}\n{page}"
            );
        }
        assert!(!page.contains(".SH EXTRA"), "{name}");
    }
    let issue = place.read("man/handfast-issue.1");
    for words in [
        ".SH FILES",
        ".SH EXAMPLES",
        "HANDFAST_DIR",
        "\\-\\-out <DIR>",
        "handfast\\-sign(1)",
    ] {
        assert!(issue.contains(words), "{words}: {issue}");
    }
}

#[test]
fn the_readme_names_every_command() {
    let readme = include_str!("../../README.md");
    let table = readme
        .split("\n## Commands\n")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .expect("a table of commands");
    let named: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split(" | ").next())
        .flat_map(|cell| cell.split(['`', ',', ' ']))
        .filter(|name| !name.is_empty())
        .collect();
    let there = answers::commands(&Place::new(), "");
    let top: Vec<&String> = there.iter().filter(|name| !name.contains(' ')).collect();
    let missing: Vec<_> = top
        .iter()
        .filter(|name| !named.contains(&name.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
    let gone: Vec<_> = named
        .iter()
        .filter(|name| !top.iter().any(|there| there == *name))
        .collect();
    assert!(gone.is_empty(), "in the table alone: {gone:?}");
}

#[test]
fn every_configuration_file_has_a_page_with_every_key() {
    let place = Place::new();
    place.run("man --section 5 --out man5").good();
    let written: Vec<_> = std::fs::read_dir(place.path("man5"))
        .expect("a folder")
        .flatten()
        .collect();
    assert_eq!(written.len(), 2, "only section 5: {written:?}");
    for name in ["handfast.toml", "ca.toml"] {
        let page = place.read(&format!("man5/{name}.5"));
        let schema = place.run(&format!("schema {name}")).good().stdout;
        let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
        let mut keys = Vec::new();
        keys_of(&schema, &mut keys);
        assert!(keys.len() > 10, "{keys:?}");
        for key in keys {
            let shown = page.contains(&format!("\\fB{}\\fR = ", key.replace('-', "\\-")));
            assert!(shown, "{name}: {key}\n{page}");
        }
    }
}

/// The keys that are no tables, in every depth.
fn keys_of(schema: &serde_json::Value, keys: &mut Vec<String>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let below = [property, &property["items"], &property["additionalProperties"]];
        match below.iter().find(|below| below["properties"].is_object()) {
            Some(table) => keys_of(table, keys),
            None => keys.push(name.clone()),
        }
    }
}

#[test]
fn every_command_that_does_something_has_an_example() {
    let place = Place::new();
    let all = answers::commands(&place, "");
    for name in &all {
        let is_group = all.iter().any(|other| other.starts_with(&format!("{name} ")));
        let help = place.run(&format!("{name} --help")).good().stdout;
        let has_example = help.lines().any(|line| line.starts_with("Example"));
        assert!(
            has_example || is_group && name != "doctor" && name != "trust",
            "{name}: {help}"
        );
    }
}

#[test]
fn pictures_keep_to_the_width_and_to_the_characters_of_the_terminal() {
    let place = Place::new();
    for width in [60, 80] {
        let mut command = place.handfast("quickstart --once");
        command.env("COLUMNS", width.to_string()).env("LC_ALL", "C.UTF-8");
        let ran = program::Ran::new("quickstart", command).good();
        let ladder: Vec<&str> = ran
            .stdout
            .lines()
            .skip_while(|line| !line.contains(" client "))
            .take_while(|line| !line.contains("agreed:"))
            .collect();
        assert!(ladder.len() > 10, "{}", ran.stdout);
        // A word that is longer than the line cannot be broken.
        let long = |line: &&&str| line.chars().count() > width && line.trim().contains(' ');
        let long: Vec<_> = ladder.iter().filter(long).collect();
        assert!(long.is_empty(), "{width}: {long:#?}");
        assert!(ladder.iter().any(|line| line.contains('│')), "{ladder:#?}");
    }
    let mut command = place.handfast("quickstart --once");
    command.env("LC_ALL", "C");
    let ran = program::Ran::new("quickstart", command).good();
    assert!(ran.stdout.is_ascii(), "{}", ran.stdout);
    assert!(ran.stdout.contains("| ClientHello -"), "{}", ran.stdout);
}
