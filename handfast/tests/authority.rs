//! The authority on the command line: init, issue, sign, inspect, verify. Needs nothing but the program.

mod program;

use std::{collections::HashSet, fs, process::Stdio, thread, time::Duration};

use handfast_ca::{Authority, State};
use handfast_pki::{
    Certificate, KeyKind, PrivateKey, PublicKey,
    build::{self, Issuer, Plan, Serial},
    name::{self, AltName},
    pem,
};
use jiff::{SignedDuration, Timestamp};
use program::Place;

fn certificates(place: &Place, name: &str) -> Vec<Certificate> {
    pem::certificates(place.read(name).as_bytes()).expect("certificates")
}

/// A certificate that the program would never make, signed by `signer`.
struct Odd<'a> {
    profile: handfast_pki::Profile,
    subject: &'a str,
    issuer: &'a str,
    dns: &'a str,
    ends: SignedDuration,
    holder: PublicKey,
    signer: &'a PrivateKey,
}

impl Odd<'_> {
    fn make(&self) -> Certificate {
        let now = Timestamp::now();
        let issuer = Issuer::itself(
            name::distinguished(self.issuer, None).expect("a name"),
            self.signer,
        );
        let plan = Plan {
            profile: self.profile,
            serial: Serial::from_random([7; 20]),
            subject: name::distinguished(self.subject, None).expect("a name"),
            names: if self.profile.is_ca() {
                Vec::new()
            } else {
                vec![AltName::dns(self.dns).expect("a name")]
            },
            not_before: now - SignedDuration::from_hours(24 * 30),
            not_after: now + self.ends,
            public_key: self.holder.clone(),
        };
        let tbs = build::to_be_signed(&plan, &issuer).expect("built");
        build::assemble(&tbs, &issuer.algorithm, &self.signer.sign(&tbs).expect("signed")).expect("assembled")
    }
}

#[test]
fn init_makes_an_authority_and_its_next_command_works() {
    let place = Place::new();
    let ran = place.run("init --name Acme").good();
    for said in [
        "root.crt",
        "issuing.crt",
        "issuing.key",
        "in 10 years",
        "in 5 years",
        "back the folder up",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
    assert_eq!(place.mode("handfast"), 0o700);
    assert_eq!(
        (
            place.mode("handfast/root.key"),
            place.mode("handfast/issuing.key")
        ),
        (0o600, 0o600)
    );
    let issued = place.shell(&ran.next()).good();
    place.shell(&issued.next()).good();
}

#[test]
fn init_puts_the_authority_where_the_flag_or_the_environment_says() {
    let place = Place::new();
    let ran = place.run("init --name Acme --dir elsewhere").good();
    place.shell(&ran.next()).good();
    let mut command = place.handfast("init --name Acme");
    assert!(
        command
            .env("HANDFAST_DIR", "by-environment")
            .output()
            .expect("runs")
            .status
            .success()
    );
    assert!(place.path("by-environment/root.crt").exists());
    assert!(!place.path("handfast").exists());
}

#[test]
fn init_overwrites_nothing() {
    let place = Place::with_authority();
    let before = place.read("handfast/root.crt");
    place.run("init --name Other").refused(2, "HF-801");
    assert_eq!(place.read("handfast/root.crt"), before);
    place.run("init --name Other --dir other").good();
    place.write("file", "");
    place.run("init --name Other --dir file").refused(2, "HF-801");
}

#[test]
fn init_refuses_flags_that_would_change_nothing_or_are_missing() {
    let place = Place::with_authority();
    let adopt = "init --dir adopted --from-cert handfast/root.crt --from-key handfast/root.key";
    for line in [
        format!("{adopt} --key p384"),
        format!("{adopt} --name Other"),
        "init".into(),
        "init --name A --key dsa".into(),
    ] {
        assert_eq!(place.run(&line).exit, 2, "{line}");
    }
    place
        .run(&format!("init --dir empty-name --name {}", "x".repeat(65)))
        .refused(2, "HF-803");
    assert!(!place.path("adopted").exists() && !place.path("empty-name").exists());
    place.run(adopt).good();
    place
        .run(
            &format!("{adopt} --dir through --intermediate --name Below --key p384")
                .replace("--dir adopted ", ""),
        )
        .good();
    assert_eq!(
        certificates(&place, "through/issuing.crt")[0].called(),
        "CN=Below Issuing CA,O=Below"
    );
}

#[test]
fn issue_writes_chain_key_and_ca_that_verify_for_their_purpose_only() {
    let place = Place::with_authority();
    for (profile, server, client) in [("server", 0, 5), ("client", 5, 0), ("peer", 0, 0)] {
        place
            .run(&format!("issue {profile} --dns localhost --out {profile}"))
            .good();
        assert_eq!(certificates(&place, &format!("{profile}/tls.crt")).len(), 2);
        assert_eq!(place.mode(&format!("{profile}/tls.key")), 0o600);
        assert!(
            place
                .read(&format!("{profile}/tls.key"))
                .starts_with("-----BEGIN PRIVATE KEY-----")
        );
        assert_eq!(
            place.read(&format!("{profile}/ca.crt")),
            place.read("handfast/root.crt")
        );
        for (purpose, exit) in [("server", server), ("client", client)] {
            let line = format!("verify {profile}/tls.crt --ca {profile}/ca.crt --purpose {purpose}");
            let ran = place.run(&line);
            assert_eq!(ran.exit, exit, "{ran:#?}");
            assert_eq!(exit == 5, ran.stdout.contains("[HF-201]"), "{ran:#?}");
        }
    }
}

#[test]
fn every_kind_of_key_can_be_issued_under_every_kind_of_authority() {
    let place = Place::new();
    for ca in ["p256", "p384", "ed25519", "rsa2048"] {
        place
            .run(&format!("init --name {ca} --dir {ca} --key {ca}"))
            .good();
        for kind in ["p256", "p384", "ed25519", "rsa2048"] {
            let ran = place
                .run(&format!(
                    "issue peer --dns localhost --dir {ca} --key {kind} --out {ca}-{kind}"
                ))
                .good();
            place.shell(&ran.next()).good();
        }
    }
}

#[test]
fn issue_overwrites_only_with_force_and_leaves_nothing_after_a_refusal() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    let before = place.read("server/tls.key");
    place
        .run("issue server --dns localhost --out server")
        .refused(2, "HF-801");
    assert_eq!(place.read("server/tls.key"), before);
    place
        .run("issue server --dns localhost --out server --force")
        .good();
    assert_ne!(place.read("server/tls.key"), before);
    for (line, code) in [
        ("issue server --out none", "HF-304"),
        ("issue client --name web --out none", "HF-304"),
        ("issue server --dns a..b --out none", "HF-803"),
        ("issue server --ip localhost --out none", "HF-803"),
        ("issue client --uri spiffe://Acme/web --out none", "HF-803"),
        (
            "issue client --uri spiffe://acme/a --uri spiffe://acme/b --out none",
            "HF-803",
        ),
        ("issue server --dns localhost --lifetime 90 --out none", "HF-803"),
        ("issue server --dns localhost --lifetime 0d --out none", "HF-803"),
        (
            "issue server --dns localhost --lifetime 4000d --out none",
            "HF-805",
        ),
        ("issue server --dns localhost --dir nowhere --out none", "HF-802"),
        (
            "issue server --dns localhost --p12 a.p12 --p12-password-file missing --out none",
            "HF-408",
        ),
        (
            "issue server --dns localhost --p12 server/tls.key --out none",
            "HF-801",
        ),
    ] {
        place.run(line).refused(2, code);
        assert_eq!(place.names(), ["handfast", "server"], "{line}");
    }
    assert_eq!(place.run("issue root --dns localhost --out none").exit, 2);
}

#[test]
fn a_common_name_alone_is_refused_with_the_flag_that_would_work() {
    let place = Place::with_authority();
    for (name, hint) in [
        ("web", "--dns web"),
        ("me@acme.example", "--email me@acme.example"),
        ("spiffe://acme/web", "--uri spiffe://acme/web"),
        ("127.0.0.1", "--ip 127.0.0.1"),
    ] {
        let ran = place
            .run(&format!("issue client --name {name} --out none"))
            .refused(2, "HF-304");
        assert!(ran.stderr.contains(hint), "{ran:#?}");
        place
            .run(&format!("issue client {hint} --out out --force"))
            .good();
    }
}

#[test]
fn issue_writes_a_container_that_opens_with_the_password_beside_it() {
    let place = Place::with_authority();
    let ran = place
        .run("issue client --email me@acme.example --out client --p12 client/me.p12 --json")
        .good();
    let files = &ran.json()["files"];
    assert_eq!(files["p12_password"], "client/me.p12.password");
    assert_eq!(
        (place.mode("client/me.p12"), place.mode("client/me.p12.password")),
        (0o600, 0o600)
    );
    let locked = place.run("inspect client/me.p12 --json").good().json();
    assert_eq!(locked["items"][0]["kind"], "pkcs12");
    let opened = place
        .run("inspect client/me.p12 --password-file client/me.p12.password --json")
        .good()
        .json();
    let kinds: Vec<_> = opened["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| &item["kind"])
        .collect();
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "certificate").count(),
        3,
        "{opened:#}"
    );
    assert_eq!(kinds.iter().filter(|kind| **kind == "key").count(), 1);
    place.write("wrong", "wrong\n");
    place
        .run("inspect client/me.p12 --password-file wrong")
        .refused(2, "HF-409");
    place.write("mine", "my own\r\n");
    place
        .run("issue client --dns a --out other --p12 other.p12 --p12-password-file mine")
        .good();
    place.run("inspect other.p12 --password-file mine").good();
    assert!(!place.path("other.p12.password").exists());
}

#[test]
fn a_leaf_without_common_name_has_an_empty_subject_and_is_called_by_its_name() {
    let place = Place::with_authority();
    place.run("issue server --dns a.example --out without").good();
    assert!(certificates(&place, "without/tls.crt")[0].subject().is_empty());
    place
        .run("issue server --dns a.example --name shown --out with")
        .good();
    assert_eq!(certificates(&place, "with/tls.crt")[0].called(), "CN=shown");
}

#[test]
fn lifetimes_are_read_in_minutes_hours_days_and_weeks() {
    let place = Place::with_authority();
    for (text, minutes) in [
        ("30m", 30),
        ("24h", 24 * 60),
        ("2d", 2 * 24 * 60),
        ("3w", 3 * 7 * 24 * 60),
    ] {
        place
            .run(&format!("issue server --dns a --lifetime {text} --out {text}"))
            .good();
        let leaf = &certificates(&place, &format!("{text}/tls.crt"))[0];
        let backdate = SignedDuration::from_mins(5);
        let lifetime = leaf.not_after().duration_since(leaf.not_before());
        // An authority this young backdates to its own beginning.
        let (least, most) = (
            SignedDuration::from_mins(minutes),
            SignedDuration::from_mins(minutes) + backdate,
        );
        assert!((least..=most).contains(&lifetime), "{text}: {lifetime:#}");
    }
}

#[test]
fn verify_names_what_is_wrong_with_a_chain() {
    let place = Place::with_authority();
    place.run("init --name Other --dir other").good();
    place.run("issue server --dns a.example --out server").good();
    place.write("leaf.crt", certificates(&place, "server/tls.crt")[0].to_pem());
    let ca = "--ca server/ca.crt --purpose server";
    place
        .run(&format!("verify server/tls.crt {ca} --host a.example"))
        .good();
    place
        .run(&format!("verify server/tls.crt {ca} --host b.example"))
        .refused(5, "HF-303");
    place
        .run(&format!("verify server/tls.crt {ca} --host 127.0.0.1"))
        .refused(5, "HF-305");
    place
        .run(&format!("verify server/tls.crt {ca} --at 2020-01-01T00:00:00Z"))
        .refused(5, "HF-203");
    place
        .run(&format!("verify server/tls.crt {ca} --at 2030-01-01T00:00:00Z"))
        .refused(5, "HF-202");
    place
        .run(&format!("verify server/tls.crt {ca} --at 2060-01-01T00:00:00Z"))
        .refused(5, "HF-202");
    place
        .run("verify server/tls.crt --ca other/root.crt --purpose server")
        .refused(5, "HF-301");
    place
        .run("verify server/tls.crt --ca other/root.crt --purpose client")
        .refused(5, "HF-201");
    place.run(&format!("verify leaf.crt {ca}")).refused(5, "HF-301");
    place
        .run(&format!("verify handfast/issuing.crt {ca}"))
        .refused(5, "HF-208");
    place
        .run("verify server/tls.crt --ca server/tls.key")
        .refused(2, "HF-409");
    place
        .run("verify server/tls.crt --ca leaf.crt")
        .refused(2, "HF-309");
    place
        .run("verify server/tls.crt --ca missing")
        .refused(2, "HF-408");
    place
        .run(&format!("verify server/tls.crt {ca} --host a..b"))
        .refused(2, "HF-803");
}

#[test]
fn verify_takes_several_anchors_and_shows_every_path() {
    let place = Place::with_authority();
    place.run("init --name Other --dir other").good();
    place
        .run("issue client --uri spiffe://acme/web --out client")
        .good();
    place.write(
        "both.crt",
        place.read("other/root.crt") + &place.read("handfast/root.crt"),
    );
    let ran = place
        .run("verify client/tls.crt --ca both.crt --json")
        .good()
        .json();
    assert_eq!(
        (&ran["trusted"], &ran["purpose"]),
        (&true.into(), &"client".into())
    );
    assert_eq!(ran["identity"]["uris"][0], "spiffe://acme/web");
    assert_eq!(ran["paths"][0]["certificates"].as_array().map(Vec::len), Some(3));
    let ran = place
        .run("verify client/tls.crt --ca other/root.crt")
        .refused(5, "HF-103");
    assert!(
        ran.stdout
            .contains("CN=Acme Root CA,O=Acme  (neither presented nor trusted)"),
        "{ran:#?}"
    );
}

#[test]
fn an_authority_with_the_right_name_and_another_key_is_told_from_an_unknown_one() {
    let place = Place::with_authority();
    place.run("init --name Acme --dir again").good();
    place.run("issue client --dns a --out client").good();
    place.run("verify client/tls.crt --ca client/ca.crt").good();
    place
        .run("verify client/tls.crt --ca again/root.crt")
        .refused(5, "HF-215");
}

#[test]
fn a_short_lived_authority_cuts_the_usual_lifetime_and_says_so() {
    let place = Place::new();
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let root = Odd {
        profile: handfast_pki::Profile::Root,
        subject: "short",
        issuer: "short",
        dns: "",
        ends: SignedDuration::from_hours(24 * 10),
        holder: key.public_key(),
        signer: &key,
    };
    let made = root.make();
    place.write("ca.crt", made.to_pem());
    place.write("ca.key", key.to_pem().as_bytes());
    place.run("init --from-cert ca.crt --from-key ca.key").good();
    let ran = place.run("issue server --dns a --out server").good();
    assert!(ran.stdout.contains("cut short"), "{ran:#?}");
    assert_eq!(
        certificates(&place, "server/tls.crt")[0].not_after(),
        made.not_after()
    );
    place
        .run("issue server --dns a --lifetime 11d --out other")
        .refused(2, "HF-805");
    place.run("issue server --dns a --lifetime 9d --out other").good();
    let ended = Odd {
        ends: SignedDuration::from_hours(-1),
        ..root
    };
    place.write("ended.crt", ended.make().to_pem());
    place
        .run("init --from-cert ended.crt --from-key ca.key --dir ended")
        .refused(2, "HF-202");
    place
        .run("init --from-cert ca.crt --from-key server/tls.key --dir ended")
        .refused(2, "HF-401");
    place
        .run("init --from-cert server/tls.crt --from-key server/tls.key --dir ended")
        .refused(2, "HF-209");
}

#[test]
fn inspect_says_what_a_file_holds_and_never_shows_a_private_key() {
    let place = Place::with_authority();
    place
        .run("issue server --dns a.example --ip ::1 --out server")
        .good();
    let ran = place.run("inspect server/tls.crt").good();
    let first = ran.stdout.lines().nth(1).expect("a line");
    assert!(
        first.contains("names") && first.contains("dns:a.example"),
        "names come first: {ran:#?}"
    );
    for said in [
        "ip:::1",
        "in 90 days",
        "serverAuth",
        "digitalSignature",
        "P-256",
        "SHA-256",
        "(2 of 2)",
        "(number 2 here)",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
    let key = place.run("inspect server/tls.key").good();
    assert!(key.stdout.contains("private key, not shown"), "{key:#?}");
    let secret = place
        .read("server/tls.key")
        .lines()
        .nth(1)
        .expect("a line")
        .to_owned();
    assert!(!key.stdout.contains(&secret) && !key.stderr.contains(&secret));
    place.write(
        "pair.pem",
        place.read("server/tls.crt") + &place.read("server/tls.key"),
    );
    assert!(
        place
            .run("inspect pair.pem")
            .good()
            .stdout
            .contains("certificate 1 of this file")
    );
    place.run("issue server --dns b.example --out other").good();
    place.write(
        "no-pair.pem",
        place.read("server/tls.crt") + &place.read("other/tls.key"),
    );
    place.run("inspect no-pair.pem").refused(0, "HF-401");
    place.write(
        "reversed.pem",
        place.read("handfast/issuing.crt") + &place.read("server/tls.crt"),
    );
    place.run("inspect reversed.pem").refused(0, "HF-402");
}

#[test]
fn inspect_reads_stdin_and_names_what_it_cannot_read() {
    let place = Place::with_authority();
    place.shell("handfast inspect - < handfast/root.crt").good();
    place.run("inspect -").refused(2, "HF-409");
    place.run("inspect missing").refused(2, "HF-408");
    place.run("inspect handfast").refused(2, "HF-408");
    for place_of_nobody in ["https://", "https://a:b", "https://a/path", "https://::1:1"] {
        assert_eq!(
            place.run(&format!("inspect {place_of_nobody}")).exit,
            2,
            "{place_of_nobody}"
        );
    }
    place.run("inspect https://[::1]:0").refused(3, "HF-713");
    place.write("junk", "hello");
    place.run("inspect junk").refused(2, "HF-409");
    place.write("cut.crt", &place.read("handfast/root.crt")[..200]);
    place.run("inspect cut.crt").refused(2, "HF-409");
}

#[test]
fn json_is_one_object_on_stdout_for_every_command_and_every_refusal() {
    let place = Place::new();
    let json = |line: &str| place.run(&format!("{line} --json")).json();
    assert_eq!(
        json("init --name Acme")["authorities"].as_array().map(Vec::len),
        Some(2)
    );
    let issued = json("issue server --dns localhost --out server");
    assert_eq!(issued["names"][0], "dns:localhost");
    assert_eq!(
        issued["next"],
        "handfast verify server/tls.crt --ca server/ca.crt --purpose server --host localhost"
    );
    assert_eq!(
        json("inspect server/tls.crt")["items"][0]["serial"],
        issued["serial"]
    );
    assert_eq!(json("verify server/tls.crt --ca server/ca.crt")["trusted"], true);
    assert_eq!(json("init --name Acme")["error"]["code"], "HF-801");
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in ["init", "issue", "sign", "inspect", "verify"] {
        let ran = place.run(&format!("{command} --help")).good();
        assert!(ran.stdout.contains("Example"), "{ran:#?}");
    }
}

#[test]
fn many_processes_issue_at_once_without_a_double_serial() {
    let place = Place::with_authority();
    thread::scope(|scope| {
        for index in 0..12 {
            let place = &place;
            scope.spawn(move || {
                place
                    .run(&format!("issue client --dns c{index} --out c{index}"))
                    .good()
            });
        }
    });
    let authority = Authority::open(&place.path("handfast")).expect("open");
    let serials: HashSet<_> = (0..12)
        .map(|index| certificates(&place, &format!("c{index}/tls.crt"))[0].serial())
        .collect();
    assert_eq!(serials.len(), 12);
    assert_eq!(authority.count().expect("records"), 12 + 2);
}

#[test]
fn no_certificate_is_without_a_record_when_the_program_is_killed_at_any_moment() {
    let place = Place::with_authority();
    // Later and later, until it has come to its own end a few times: every moment in between was hit.
    let (mut rounds, mut survived) = (0, 0);
    while survived < 3 && rounds < 2000 {
        let mut command = place.handfast(&format!("issue client --dns k{rounds} --out k{rounds} --json"));
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        thread::sleep(Duration::from_micros(500 * rounds));
        let _ = child.kill();
        survived += u32::from(child.wait().expect("ends").success());
        rounds += 1;
    }
    let authority = Authority::open(&place.path("handfast")).expect("opens after every crash");
    let mut found = 0;
    for round in 0..rounds {
        let Ok(bytes) = fs::read(place.path(&format!("k{round}/tls.crt"))) else {
            continue;
        };
        let leaf = pem::certificates(&bytes).expect("whole or not there").remove(0);
        let row = authority
            .find(&leaf.serial())
            .expect("records")
            .expect("a record");
        assert_eq!(
            (row.state, row.der.as_deref()),
            (State::Issued, Some(leaf.der().as_ref()))
        );
        found += 1;
    }
    assert!(found >= survived, "{found} of {rounds}");
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    for row in authority.unfinished(later).expect("records") {
        assert_eq!(
            row.state == State::Planned,
            row.tbs.is_some(),
            "planned bytes are known"
        );
    }
    place.run("issue client --dns after --out after").good();
}
