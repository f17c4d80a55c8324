//! The schema files and every answer in JSON, read by a validator that is not ours: that of Python.

mod program;

#[path = "doctor_pcap/capture.rs"]
#[expect(dead_code, reason = "the tests of captures use more of it")]
mod capture;

use std::{
    collections::BTreeSet,
    io::Write,
    process::{Command, Output, Stdio},
};

use program::{Place, answers, schema};
use serde_json::{Value, json};

type Change = fn(&mut Value);

/// Reads lines `[name, answer]`; prints what is wrong.
const VALIDATE: &str = r#"
import json, pathlib, sys
from jsonschema import Draft202012Validator
files = {path.stem: json.loads(path.read_text()) for path in pathlib.Path(sys.argv[1]).glob("*.json")}
for file in files.values():
    Draft202012Validator.check_schema(file)
seen = 0
for line in sys.stdin:
    name, answer = json.loads(line)
    seen += 1
    for error in Draft202012Validator(files[name]).iter_errors(answer):
        print(name, error.json_path, error.message)
print("validated", seen, file=sys.stderr)
"#;

/// What the validator finds wrong with `answers`.
#[track_caller]
fn wrong(answers: &[(String, Value)]) -> String {
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/venv/bin/python");
    let mut child = Command::new(python)
        .args(["-c", VALIDATE, schema::FOLDER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    let mut stdin = child.stdin.take().expect("piped");
    let lines: String = answers
        .iter()
        .map(|(name, answer)| format!("{}\n", json!([name, answer])))
        .collect();
    std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let Output { stdout, stderr, .. } = child.wait_with_output().expect("it is ours");
    let said = String::from_utf8_lossy(&stderr).into_owned();
    let all = format!("validated {}\n", answers.len());
    assert!(said.ends_with(&all), "{said}");
    String::from_utf8(stdout).expect("text")
}

fn named(answer: Value) -> (String, Value) {
    (schema::assert_documented(&answer), answer)
}

#[test]
fn every_answer_of_every_command_is_what_its_schema_says() {
    let place = Place::new();
    let (said, log) = answers::all(&place);
    let mut answers: Vec<(String, Value)> = said.iter().map(|ran| named(ran.json())).collect();
    answers.extend(log.into_iter().map(|event| ("access-log".to_owned(), event)));
    // Those that need programs of others.
    place.run("issue server --dns localhost --out site").good();
    place
        .run("setup nginx --cert site/tls.crt --key site/tls.key --ca site/ca.crt --out site/nginx")
        .good();
    for line in [
        "setup verify nginx --json",
        "setup verify curl --json",
        "verify-config site/nginx/handfast.conf --json",
        "lab run HF-206 --compare --json",
    ] {
        answers.push(named(place.run(line).json()));
    }
    capture::scene(&place, "-tls1_3", "web");
    answers.push(named(
        place
            .run("doctor pcap capture.pcapng --keylog keys.log --json")
            .json(),
    ));
    let wrong = wrong(&answers);
    assert!(wrong.is_empty(), "{wrong}");

    let seen: BTreeSet<&str> = answers.iter().map(|(name, _)| name.as_str()).collect();
    let listed = place.run("schema --json").good().json();
    let known = listed["schemas"].as_array().expect("schemas").iter();
    let known: BTreeSet<&str> = known.map(|one| one["name"].as_str().expect("a name")).collect();
    assert_eq!(seen, known);
}

/// The test above would be worth nothing if everything were valid.
#[test]
fn an_answer_with_another_key_or_kind_of_value_is_not_valid() {
    let place = Place::with_authority();
    let good = place
        .run("issue server --dns localhost --out own --json")
        .good()
        .json();
    let answer = |change: Change| {
        let mut answer = good.clone();
        change(&mut answer);
        ("issue".to_owned(), answer)
    };
    assert_eq!(wrong(&[answer(|_| {})]), "");
    let answers: [(Change, &str); 4] = [
        (
            |answer| answer["certificate"]["more"] = json!(1),
            "'more' was unexpected",
        ),
        (
            |answer| answer["cut_short"] = json!("no"),
            "is not of type 'boolean'",
        ),
        (
            |answer| answer["schema"] = json!("handfast-issue/2"),
            "was expected",
        ),
        (
            |answer| answer["certificate"]["identity"]["fingerprint"] = json!("12"),
            "does not match",
        ),
    ];
    for (change, reason) in answers {
        let said = wrong(&[answer(change)]);
        assert!(said.contains(reason), "{reason}: {said}");
    }
}
