//! With `--json`, stdout is one JSON object, whatever happens; and a reader of stdout may leave early.

mod program;

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, process::Command};

use program::{Place, Ran};

#[test]
fn a_usage_error_is_an_object_with_its_exit_code() {
    let place = Place::new();
    for line in [
        "issue --no-such-flag --json",
        "no-such-command --json",
        "get --json",
        "--json",
    ] {
        let ran = place.run(line);
        assert_eq!(ran.exit, 2, "{ran:#?}");
        let error = &ran.json()["error"];
        assert_eq!(error["exit"], 2, "{ran:#?}");
        assert!(
            error["message"].as_str().is_some_and(|said| !said.is_empty()),
            "{ran:#?}"
        );
        assert!(!ran.stderr.is_empty(), "people read the same on stderr: {ran:#?}");
    }
    let without = place.run("issue --no-such-flag");
    assert_eq!((without.exit, without.stdout.as_str()), (2, ""));
}

#[test]
fn a_key_in_the_place_of_an_argument_is_not_repeated_in_the_object() {
    let place = Place::with_authority();
    place.run("issue client --dns web --out web").good();
    let key = place.read("web/tls.key");
    let mut command = place.handfast("no-such-command");
    command.args([&key, "--json"]);
    let ran = Ran::new("no-such-command KEY --json", command);
    let body = key.lines().nth(1).expect("a line of the key");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(!ran.stdout.contains(&body[..12]) && !ran.stderr.contains(&body[..12]));
    assert!(ran.json()["error"].is_object());
}

#[test]
fn version_help_completions_and_man_are_objects_too() {
    let place = Place::new();
    let version = place.run("--version --json").good().json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let text = place.run("--version -v").good().stdout;
    assert!(text.starts_with(&format!("handfast {}\ncommit: ", env!("CARGO_PKG_VERSION"))));
    for key in ["commit", "date", "target", "compiler"] {
        // Where there is no git, they are unknown.
        let value = version[key].as_str().filter(|value| !value.is_empty());
        assert!(value.is_some_and(|value| text.contains(value)), "{key}: {text}");
    }
    for library in version["libraries"].as_array().expect("libraries") {
        let (name, version) = (library["name"].as_str(), library["version"].as_str());
        let line = text.lines().find(|line| line.starts_with(name.expect("a name")));
        assert!(
            line.is_some_and(|line| version.is_some_and(|version| line.ends_with(version))),
            "{text}"
        );
    }
    assert_eq!(place.run("--version").good().stdout.lines().count(), 1);
    let help = place.run("issue --help --json").good().json();
    assert!(
        help["help"]
            .as_str()
            .is_some_and(|help| help.contains("--lifetime")),
        "{help:#}"
    );
    let script = place.run("completions bash --json").good().json();
    assert_eq!(script["shell"], "bash");
    assert_eq!(
        script["script"].as_str().map(str::trim_end),
        Some(place.run("completions bash").good().stdout.trim_end())
    );
    let pages = place.run("man --out man --json").good().json();
    let pages = pages["pages"].as_array().expect("pages");
    assert!(
        pages.len() > 20 && pages.iter().any(|page| page == "man/handfast-proxy.1"),
        "{pages:#?}"
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    let place = Place::new();
    for line in ["completions bash", "completions zsh", "--help", "explain"] {
        let ran = place.shell(&format!("{{ handfast {line}; echo $? >exit; }} | head -n 1"));
        assert!(!ran.stderr.contains("panicked"), "{ran:#?}");
        assert_eq!(ran.stdout.lines().count(), 1, "{ran:#?}");
        assert_eq!(place.read("exit").trim(), "0", "{ran:#?}");
    }
}

/// Arguments are bytes: a file name of another system, or a key in another encoding.
#[test]
fn an_argument_that_is_no_text_is_an_error_and_no_panic() {
    let key = handfast_pki::PrivateKey::generate(handfast_pki::KeyKind::P256).expect("a key");
    let key = [b"\xff\xfe", key.to_pem().as_bytes()].concat();
    for (command, argument) in [
        ("explain", &b"\xff"[..]),
        ("inspect", b"none\xff.crt"),
        ("doctor", b"\xff:1"),
        ("setup", &key),
        ("verify", &key),
    ] {
        let ran = Command::new(env!("CARGO_BIN_EXE_handfast"))
            .args([
                OsStr::new(command),
                OsStr::from_bytes(argument),
                OsStr::new("--json"),
            ])
            .output()
            .expect("it runs");
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{command}: {stderr}");
        let answer: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("one object");
        assert_eq!(answer["schema"], "handfast-error/1", "{answer}");
        let said = [&ran.stdout[..], &ran.stderr].concat();
        let secret = &key[60..100];
        assert!(
            !said
                .windows(12)
                .any(|part| secret.windows(12).any(|other| other == part))
        );
    }
}
