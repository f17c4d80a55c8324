//! What the built program says holds no old word: help of every command, man pages, JSON and HTML.
//!
//! `testkit/tests/words.rs` looks at the documents and at the strings of the sources.

mod program;

use handfast_testkit::words::old_words;
use program::Place;

fn wrong(place: &str, text: &str) -> Vec<String> {
    old_words(text)
        .into_iter()
        .map(|found| {
            format!(
                "{place}:{}: \"{}\"; say: {}",
                found.line, found.old, found.standard
            )
        })
        .collect()
}

/// The commands that `help` lists below `above`, those below them included.
fn commands(place: &Place, above: &str, found: &mut Vec<(String, String)>) {
    let help = place.run(&format!("{above} --help")).good().stdout;
    let listed: Vec<String> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A name is indented by two; what goes on with a description by more.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(|name| format!("{above} {name}").trim().to_owned())
        .collect();
    found.push((above.to_owned(), help));
    for command in listed {
        commands(place, &command, found);
    }
}

#[test]
fn help_speaks_the_words_of_the_field() {
    let place = Place::new();
    let mut found = Vec::new();
    commands(&place, "", &mut found);
    assert!(found.len() > 30, "{} commands", found.len());
    let wrong: Vec<String> = found
        .iter()
        .flat_map(|(command, help)| wrong(&format!("handfast {command} --help"), help))
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn man_pages_speak_the_words_of_the_field() {
    let place = Place::new();
    place.run("man --out pages").good();
    let mut said = Vec::new();
    for page in std::fs::read_dir(place.path("pages")).expect("a folder of pages") {
        let name = page.expect("a page").file_name().to_string_lossy().into_owned();
        // A hyphen is escaped.
        let text = place.read(&format!("pages/{name}")).replace("\\-", "-");
        said.extend(wrong(&name, &text));
    }
    assert!(said.is_empty(), "\n{}\n", said.join("\n"));
}

#[test]
fn json_and_html_speak_the_words_of_the_field() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    place.run("issue client --dns client.example --out client").good();
    let mut said = Vec::new();
    for command in [
        "setup certificates --json",
        "setup list --json",
        "setup show nginx --json",
        "lab list --json",
        "explain --json",
        "inspect server/tls.crt --json",
        "verify server/tls.crt --ca server/ca.crt --json",
        "doctor --client-files client --json",
        "doctor what-if --client client --server server --json",
    ] {
        said.extend(wrong(command, &place.run(command).stdout));
    }
    let page = "doctor https://127.0.0.1:1/ --ca client/ca.crt --html page.html";
    place.run(page);
    said.extend(wrong(page, &place.read("page.html")));
    assert!(said.is_empty(), "\n{}\n", said.join("\n"));
}
