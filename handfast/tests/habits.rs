//! What people type who come from another program is answered: taken where it means the same, taught where it does not.
//! `src/habits.rs` and `pure/handfast-habits` test the table; here is what it comes to.

mod program;

use std::fs;

use program::Place;

/// The command after `run: `.
#[track_caller]
fn to_run(place: &Place, line: &str) -> String {
    let ran = place.run(line).refused(2, "HF-901");
    let run = ran
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("  run:  handfast "));
    run.unwrap_or_else(|| panic!("nothing to run: {ran:#?}"))
        .to_owned()
}

#[test]
fn what_means_the_same_works_in_the_words_of_others() {
    let place = Place::with_authority();
    place.run("issue server -d localhost,127.0.0.1 -o server").good();
    place
        .run("verify server/tls.crt -CAfile server/ca.crt -verify_hostname localhost")
        .good();
    place.run("inspect -in server/tls.crt -noout -text").good();
    place
        .run("convert server/tls.crt --key server/tls.key --to pfx --out server.p12")
        .good();
    place
        .run("trust add --for requests --cacert server/ca.crt --dir trusted")
        .good();
    place
        .run("trust uninstall --for requests --cacert server/ca.crt --dir trusted")
        .good();
    place.run("x509 -in server/tls.crt").good();
    let help = place.run("help issue --json").good().json();
    assert!(
        help["help"]
            .as_str()
            .is_some_and(|help| help.contains("--lifetime")),
        "{help:#}"
    );
}

#[test]
fn what_is_taught_comes_with_a_command_that_works() {
    let place = Place::with_authority();
    for line in [
        "issue server --san localhost,127.0.0.1 --days 30 --out server",
        "issue client --subject /O=Acme/CN=web --dns web.example -newkey rsa:2048 --out client",
        "doctor explain HF-103",
        "install --for chrome --ca server/ca.crt --dry-run",
    ] {
        let run = to_run(&place, line);
        // The profile of a browser that is not here; what counts is that the command is understood.
        let ran = place.run(&run);
        assert!(ran.exit == 0 || !ran.stderr.contains("HF-901"), "{run}: {ran:#?}");
    }
    let issued = place.run("inspect client/tls.crt --json").good().json();
    assert_eq!(issued["items"][0]["subject"], "CN=web,O=Acme", "{issued:#}");
    assert_eq!(issued["items"][0]["key"], "RSA-2048", "{issued:#}");
}

#[test]
fn verification_is_not_turned_off_and_nothing_is_sent() {
    let place = Place::new();
    for flag in ["-k", "--insecure", "--no-check-certificate"] {
        let run = to_run(&place, &format!("get https://localhost:1/x {flag}"));
        assert_eq!(run, "inspect https://localhost:1");
    }
}

#[test]
fn usage_errors_have_the_form_of_all_others() {
    let place = Place::new();
    for (line, run) in [
        ("get", "handfast get --help"),
        ("doctor posture --nothing", "handfast doctor posture --help"),
        ("nothing", "handfast --help"),
        ("convert x --to nothing --out y", "handfast convert --help"),
    ] {
        let ran = place.run(&format!("{line} --json")).refused(2, "HF-901");
        let error = &ran.json()["error"];
        assert_eq!(
            (&error["code"], &error["command"]),
            (&"HF-901".into(), &run.into()),
            "{error:#}"
        );
        assert!(ran.stderr.starts_with("handfast: error: "), "{ran:#?}");
        assert!(
            ran.stderr.ends_with("  more: handfast explain HF-901\n"),
            "{ran:#?}"
        );
    }
    // What is missing is shown by an example.
    let ran = place.run("get");
    assert!(
        ran.stderr.contains("help: for example: handfast get https://"),
        "{ran:#?}"
    );
}

/// One cause, one exit code, whichever command meets it.
#[test]
fn a_key_of_another_certificate_and_a_missing_file_end_alike_everywhere() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    place
        .run("issue client --uri spiffe://acme/web --out client")
        .good();
    let pair = "--cert server/tls.crt --key client/tls.key";
    for line in [
        format!("setup nginx {pair} --ca server/ca.crt"),
        format!(
            "proxy --listen 127.0.0.1:0 --to http://127.0.0.1:1 {pair} --client-ca server/ca.crt --allow any"
        ),
        "convert server/tls.crt --key client/tls.key --to pem --out x.pem".to_owned(),
        format!("get https://localhost:1/ {pair} --ca server/ca.crt"),
    ] {
        place.run(&line).refused(2, "HF-401");
    }
    for line in [
        "setup nginx --cert none/tls.crt --key none/tls.key --ca server/ca.crt",
        "verify none/tls.crt --ca server/ca.crt",
        "proxy --listen 127.0.0.1:0 --to http://127.0.0.1:1 --cert none/tls.crt --key none/tls.key --client-ca server/ca.crt --allow any",
        "check none/handfast.toml",
        "proxy --config none/handfast.toml",
        "env --for psql --cert none/tls.crt --key none/tls.key",
    ] {
        let ran = place.run(line).refused(2, "HF-408");
        assert!(ran.stderr.contains("none/"), "{ran:#?}");
    }
    let ran = place.run("setup nginx --cert none/tls.crt --key none/tls.key --ca server/ca.crt");
    assert!(ran.stderr.contains("there is no folder \"none\""), "{ran:#?}");
    assert!(
        ran.stderr
            .contains("run:  handfast issue server --dns localhost --out none"),
        "{ran:#?}"
    );
}

#[test]
fn the_doctor_knows_a_file_from_a_server() {
    let place = Place::with_authority();
    place
        .run("issue client --uri spiffe://acme/web --out client")
        .good();
    let run = to_run(&place, "doctor client/tls.crt");
    assert_eq!(run, "doctor --client-files client/tls.crt");
    place.run(&run).good();
    fs::write(place.path("site.conf"), "events {}\n").expect("written");
    assert_eq!(to_run(&place, "doctor ./site.conf"), "doctor config ./site.conf");
    // The folder `handfast` is here, and a host may have that name.
    assert_eq!(place.run("doctor handfast:1").exit, 3);
}

#[test]
fn output_that_is_lost_is_no_success() {
    let place = Place::new();
    for line in [
        "explain HF-103",
        "--help",
        "--version",
        "schema --json",
        "completions bash",
    ] {
        let ran = place.shell(&format!("handfast {line} > /dev/full"));
        assert_eq!(ran.exit, 1, "{line}: {ran:#?}");
        assert!(ran.stderr.contains("[HF-903]"), "{line}: {ran:#?}");
    }
    place.shell("handfast explain HF-103 > /dev/null").good();
}

#[test]
fn errors_and_findings_name_their_page() {
    let place = Place::with_authority();
    let ran = place.run("init --name Acme").refused(2, "HF-801");
    assert!(
        ran.stderr.ends_with("  more: handfast explain HF-801\n"),
        "{ran:#?}"
    );
    place.write("said.log", "tlsv1 alert unknown ca\n");
    let found = place.run("doctor text said.log");
    assert!(found.stdout.contains("handfast explain HF-103"), "{found:#?}");
}
