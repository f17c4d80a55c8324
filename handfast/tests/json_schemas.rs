//! Every answer in JSON has the name of its form as first key, and the keys that the file of that form has.

mod program;

use std::collections::BTreeSet;

use program::{Place, answers, schema};
use serde_json::{Value, json};

/// They need programs of others; `peers_json.rs` has them.
const OF_OTHERS: [&str; 2] = ["setup-verify", "verify-config"];

#[test]
fn every_answer_of_every_command_has_a_name_and_the_documented_keys() {
    let place = Place::new();
    let (said, log) = answers::all(&place);
    let seen: BTreeSet<String> = said
        .iter()
        .map(|ran| schema::assert_documented(&ran.json()))
        .collect();
    let listed = place.run("schema --json").good().json();
    let known: BTreeSet<String> = listed["schemas"]
        .as_array()
        .expect("schemas")
        .iter()
        .map(|schema| schema["name"].as_str().expect("a name").to_owned())
        .collect();
    let unseen: Vec<&String> = known
        .difference(&seen)
        .filter(|name| !OF_OTHERS.contains(&name.as_str()) && *name != "access-log")
        .collect();
    assert!(unseen.is_empty(), "nothing prints {unseen:?}");
    // A stream has its name in its first line.
    assert_eq!(schema::assert_documented(&log[0]), "access-log");
    assert_eq!(log[0]["event"], "open");
    assert!(log.len() > 3, "{log:#?}");
}

/// The test above would be worth nothing if everything fitted.
#[test]
fn a_key_that_is_not_documented_is_found_wherever_it_stands() {
    let place = Place::with_authority();
    let good = place
        .run("issue server --dns localhost --out own --json")
        .good()
        .json();
    let fits = |answer: Value| std::panic::catch_unwind(|| schema::assert_documented(&answer)).is_ok();
    assert!(fits(good.clone()));
    for change in [
        |answer: &mut Value| answer["more"] = json!(1),
        |answer: &mut Value| answer["certificate"]["more"] = json!(1),
        |answer: &mut Value| answer["certificate"]["identity"]["more"] = json!(1),
        |answer: &mut Value| answer["next"] = Value::Null,
        |answer: &mut Value| answer["schema"] = json!("handfast-sign/1"),
        |answer: &mut Value| {
            drop(
                answer["certificate"]
                    .as_object_mut()
                    .map(|members| members.remove("serial")),
            )
        },
    ] {
        let mut answer = good.clone();
        change(&mut answer);
        assert!(!fits(answer.clone()), "{answer:#}");
    }
}

#[test]
fn schema_prints_the_file_of_a_form_and_lists_all() {
    let place = Place::new();
    for name in ["doctor", "handfast-doctor/1"] {
        let printed = place.run(&format!("schema {name}")).good().stdout;
        let printed: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(printed, schema::file("doctor"));
    }
    let answer = place.run("schema doctor --json").good().json();
    assert_eq!(answer["describes"], "handfast-doctor/1");
    assert_eq!(answer["file"], schema::file("doctor"));
    let listed = place.run("schema").good().stdout;
    assert!(
        listed.contains("handfast-doctor/1") && listed.contains("handfast-error/1"),
        "{listed}"
    );
    let unknown = place.run("schema doctr");
    assert_eq!(unknown.exit, 2, "{unknown:#?}");
    assert!(
        unknown.stderr.contains("\"doctr\" is not the name of a form"),
        "{unknown:#?}"
    );
}

#[test]
fn an_error_has_what_to_do_and_where_in_keys_of_their_own() {
    let place = Place::new();
    place.write("bad.toml", "[proxy]\nlisten = \"nowhere\"\nto = \"ftp://x\"\n");
    let ran = place.run("proxy --config bad.toml --json");
    assert_eq!(ran.exit, 2, "{ran:#?}");
    let error = &ran.json()["error"];
    let at = |line: u32| json!({ "file": "bad.toml", "line": line, "text": null });
    assert_eq!(error["place"], at(2));
    assert_eq!(error["code"], "HF-701");
    assert_eq!(error["title"], "the configuration is not valid");
    assert_eq!(error["also"].as_array().map(Vec::len), Some(5), "{error:#}");
    assert_eq!(error["also"][0]["place"], at(3), "{error:#}");
    // A key that is missing would stand in the table that begins here.
    assert_eq!(error["also"][1]["place"], at(1), "{error:#}");
    let stderr = &ran.stderr;
    assert!(
        stderr.contains("error: bad.toml:2: address \"nowhere\""),
        "{stderr}"
    );
    assert!(
        stderr.contains("\n  bad.toml:1: \"cert\" is missing  [HF-701]\n"),
        "{stderr}"
    );
    assert!(stderr.contains("\n  help: write ADDRESS:PORT"), "{stderr}");

    let ran = place.run("setup show nowhere --json");
    let error = &ran.json()["error"];
    assert_eq!(error["command"], "handfast setup list", "{error:#}");
    assert!(
        ran.stderr
            .ends_with("\n  run:  handfast setup list\n  more: handfast explain HF-701\n"),
        "{ran:#?}"
    );

    let ran = place.run("issue --no-such-flag --json");
    let error = &ran.json()["error"];
    assert_eq!(
        (&error["code"], &error["command"]),
        (&json!("HF-901"), &json!("handfast issue --help"))
    );
}

/// One shape of an identity: what `inspect` says is what every other command says, and the log.
#[test]
fn an_identity_is_the_same_object_in_every_answer_and_in_the_log() {
    let place = Place::new();
    let (said, log) = answers::all(&place);
    let answer = |line: &str| {
        let ran = place.run(&format!("{line} --json"));
        ran.json()
    };
    let web = &answer("inspect web/tls.crt")["items"][0]["identity"];
    assert_eq!(web["called"], "uri:spiffe://acme/web");
    assert_eq!(web["uris"], json!(["spiffe://acme/web"]));
    assert_eq!(&answer("verify web/tls.crt --ca web/ca.crt")["identity"], web);
    assert_eq!(
        &answer("convert web/tls.crt --to pem --out again.pem")["certificates"][0]["identity"],
        web
    );
    let logged: Vec<&Value> = log.iter().map(|event| &event["identity"]).collect();
    assert!(logged.contains(&web), "{logged:#?}");
    let server = &answer("inspect server/tls.crt")["items"][0]["identity"];
    let gets: Vec<Value> = said
        .iter()
        .map(|ran| ran.json())
        .filter(|answer| answer["schema"] == "handfast-get/1")
        .collect();
    assert!(gets.iter().any(|get| &get["server"] == server), "{gets:#?}");
}
