//! Requests that a second person has to approve, as people type them: who asked is on record, and nobody approves his own.

mod program;

use std::os::unix::fs::MetadataExt;

use program::{Place, Ran};

const CONFIG: &str =
    "[profile.admin]\nlike = \"client\"\nnames = [\"email:*@acme.example\"]\napprover = [\"another\"]\n";

fn place() -> Place {
    let place = Place::with_authority();
    place.write("handfast/ca.toml", CONFIG);
    place
}

#[track_caller]
fn assert_code(ran: &Ran, exit: i32, code: &str) {
    assert_eq!(ran.exit, exit, "{ran:?}");
    assert!(ran.stderr.contains(code), "{ran:?}");
}

/// The number of the only request that waits.
fn waiting(place: &Place) -> String {
    let listed = place.run("ca requests --json").good().json();
    assert_eq!(listed["requests"].as_array().map(Vec::len), Some(1), "{listed:#}");
    listed["requests"][0]["id"].as_str().expect("a number").to_owned()
}

#[test]
fn a_request_waits_with_its_reason_and_its_maker_cannot_approve_it() {
    let place = place();
    let mut command = place.handfast("issue admin --email me@acme.example --out me --reason");
    command.arg("ticket 4711");
    assert_code(&Ran::new("issue admin", command), 1, "HF-821");
    assert!(place.path("me/tls.key").exists());
    assert!(!place.path("me/tls.crt").exists());
    let id = waiting(&place);
    let listed = place.run("ca requests --json").good().json();
    assert_eq!(listed["requests"][0]["reason"], "ticket 4711");
    let own = place.run(&format!("ca approve {id} --out me.crt"));
    assert_code(&own, 6, "HF-822");
    assert!(!place.path("me.crt").exists());
    assert_eq!(waiting(&place), id);
    let journal = place.run("ca journal").good().stdout;
    assert!(
        journal.contains("ticket 4711") && journal.contains("HF-822"),
        "{journal}"
    );
    // What one has asked for can be taken back by oneself.
    place.run(&format!("ca approve {id} --deny")).good();
    assert_code(&place.run(&format!("ca approve {id} --out me.crt")), 2, "HF-823");
    assert_code(
        &place.run("issue admin --email me@other.example --out me2"),
        2,
        "HF-820",
    );
}

/// Who approves a certificate has to see all that it would say.
#[test]
fn what_waits_is_shown_as_a_whole() {
    let place = place();
    let asked = "issue admin --email me@acme.example --name me@acme.example --organization Evil --lifetime 36h --key p384 --out me";
    assert_code(&place.run(asked), 1, "HF-821");
    let listed = place.run("ca requests").good().stdout;
    for part in [
        "CN=me@acme.example,O=Evil",
        "email:me@acme.example",
        "36h",
        "P-384",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let answer = place.run("ca requests --json").good().json();
    let request = &answer["requests"][0];
    assert_eq!(request["key_kind"], "P-384");
    assert_eq!(request["lifetime_seconds"], 36 * 3600);
    assert_eq!(request["psd2_roles"], serde_json::json!([]));
    let other = "issue admin --email other@acme.example --out other";
    assert_code(&place.run(other), 1, "HF-821");
    let listed = place.run("ca requests").good().stdout;
    assert!(listed.contains("that of the profile"), "{listed}");
}

/// Only root can become another user, and who has logged in stays who he is.
#[test]
fn another_user_approves_and_the_records_name_both() {
    let place = place();
    let login = std::fs::read_to_string("/proc/self/loginuid").unwrap_or_default();
    let has_logged_in = login.trim().parse().is_ok_and(|uid: u32| uid != u32::MAX);
    if std::fs::metadata(place.path("handfast")).expect("a folder").uid() != 0 || has_logged_in {
        eprintln!("not run as root without a login: there is no second person");
        return;
    }
    let owner = "chown -R 65534:65534 . && chmod 755 .";
    place.shell(owner).good();
    let as_another = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let asked = place.shell(&format!(
        "{as_another} handfast issue admin --email me@acme.example --reason 'ticket 4711' --out me"
    ));
    if asked.stderr.contains("ermission denied") && !asked.stderr.contains("HF-") {
        panic!("the program cannot be run by another user: {asked:?}");
    }
    assert_code(&asked, 1, "HF-821");
    let id = waiting(&place);
    place
        .run(&format!("ca approve {id} --out me.crt --reason seen"))
        .good();
    let listed = place.run("ca list --profile admin --json").good().json();
    let requester = listed["certificates"][0]["requester"]
        .as_str()
        .expect("a requester")
        .to_owned();
    assert!(requester.contains("65534"), "{requester}");
    let shown = place.run("ca show me.crt").good().stdout;
    assert!(
        shown.contains("because \"ticket 4711\"") && shown.contains("approved by"),
        "{shown}"
    );
    place
        .shell("openssl verify -CAfile handfast/root.crt -untrusted me.crt me.crt")
        .good();
    let again = place.run(&format!("ca approve {id} --out again.crt"));
    assert_code(&again, 2, "HF-823");
    assert!(again.stderr.contains("was issued"), "{again:?}");
    assert!(!place.path("again.crt").exists());
}

#[test]
fn a_renewal_that_waits_keeps_its_new_key_beside_the_old_pair() {
    let place = Place::with_authority();
    place.write(
        "handfast/ca.toml",
        CONFIG.replace("approver = [\"another\"]\n", ""),
    );
    place.run("issue admin --email me@acme.example --out me").good();
    place.write("handfast/ca.toml", CONFIG);
    let pair = ["me/tls.crt", "me/tls.key"].map(|file| place.read(file));
    let same_key = place.run("renew --cert me/tls.crt");
    assert_code(&same_key, 1, "HF-821");
    assert!(!same_key.stderr.contains("private key is in"), "{same_key:?}");
    let first = waiting(&place);
    place.run(&format!("ca approve {first} --deny")).good();
    let waits = place.run("renew --cert me/tls.crt --new-key");
    assert_code(&waits, 1, "HF-821");
    let id = waiting(&place);
    let kept = format!("me/tls-{id}.key");
    assert!(
        waits.stderr.contains(&format!("its private key is in {kept}")),
        "{waits:?}"
    );
    assert_eq!(place.mode(&kept), 0o600);
    assert!(place.read(&kept).contains("PRIVATE KEY") && place.read(&kept) != pair[1]);
    assert_eq!(["me/tls.crt", "me/tls.key"].map(|file| place.read(file)), pair);
}
