//! Every form into every other: what comes out is what went in.

use crate::{cast, public};

/// How each form is written from the pair, and what is needed to read it again.
const FORMS: [(&str, &str, &str); 7] = [
    ("pem", "--to pem", ""),
    (
        "der",
        "--to der --key-out der/key.der",
        "--key der/key.der --chain handfast/issuing.crt",
    ),
    (
        "p12",
        "--to p12 --new-password-file secret",
        "--password-file secret",
    ),
    (
        "old",
        "--to p12 --legacy --new-password-file secret",
        "--password-file secret",
    ),
    ("p7b", "--to p7b --key-out p7b/key.pem", "--key p7b/key.pem"),
    (
        "p7b.pem",
        "--to p7b --key-out p7b.pem/key.pem",
        "--key p7b.pem/key.pem",
    ),
    ("yaml", "--to k8s --name web", ""),
];

#[test]
fn every_form_becomes_every_other_and_stays_the_same() {
    let place = cast();
    let (chain, key) = (place.read("client/tls.crt"), place.read("client/tls.key"));
    for (form, write, _) in FORMS {
        place
            .run(&format!(
                "convert client/tls.crt --key client/tls.key {write} --out {form}/x.{form}"
            ))
            .good();
    }
    for (from, _, read) in FORMS {
        for (to, write, again) in FORMS {
            // Each in a folder of its own, so that nothing is taken from beside.
            let (write, again) = (
                write.replace(&format!("{to}/key"), &format!("both/{from}-{to}/key")),
                again.replace(&format!("{to}/key"), &format!("both/{from}-{to}/key")),
            );
            place
                .run(&format!(
                    "convert {from}/x.{from} {read} {write} --out both/{from}-{to}/x.{to}"
                ))
                .good();
            place
                .run(&format!(
                    "convert both/{from}-{to}/x.{to} {again} --to pem --key-out end/{from}-{to}/key.pem --out end/{from}-{to}/x.pem"
                ))
                .good();
            let what = format!("{from} to {to}");
            assert_eq!(place.read(&format!("end/{from}-{to}/x.pem")), chain, "{what}");
            assert_eq!(place.read(&format!("end/{from}-{to}/key.pem")), key, "{what}");
        }
    }
}

#[test]
fn every_kind_of_key_comes_out_as_pkcs_8_from_its_older_forms() {
    let place = cast();
    for (make, from) in [
        ("openssl genrsa -traditional -out rsa.key 2048", "rsa.key"),
        (
            "openssl ecparam -name prime256v1 -genkey -out sec1.key",
            "sec1.key",
        ),
        (
            "openssl ecparam -name secp384r1 -genkey -noout -out sec1.key",
            "sec1.key",
        ),
        ("openssl genpkey -algorithm ed25519 -out ed.key", "ed.key"),
        ("openssl genrsa -out pkcs8.key 2048", "pkcs8.key"),
        (
            "openssl genrsa -traditional 2048 | openssl rsa -traditional -outform der -out der.key",
            "der.key",
        ),
    ] {
        place.shell(make).good();
        place
            .run(&format!("convert {from} --to pem --out out.key --force"))
            .good();
        assert!(
            place.read("out.key").starts_with("-----BEGIN PRIVATE KEY-----"),
            "{make}"
        );
        assert_eq!(place.mode("out.key"), 0o600);
        assert_eq!(public(&place, "out.key"), public(&place, from), "{make}");
        place
            .run(&format!("convert {from} --to der --out out.der --force"))
            .good();
        assert_eq!(public(&place, "out.der"), public(&place, from), "{make}");
    }
}

#[test]
fn private_keys_are_for_their_owner_alone_and_never_said() {
    let place = cast();
    let secret = place
        .read("client/tls.key")
        .lines()
        .nth(1)
        .expect("a line")
        .to_owned();
    for (to, file, mode) in [
        ("pem", "a.pem", 0o600),
        ("p12", "a.p12", 0o600),
        ("k8s --name web", "a.yaml", 0o600),
        ("pem --key-out b.key", "b.pem", 0o644),
        ("der --key-out c.key", "c.der", 0o644),
        ("p7b", "a.p7b", 0o644),
    ] {
        for json in ["", "--json"] {
            let ran = place
                .run(&format!(
                    "convert client/tls.crt --key client/tls.key --to {to} --out {file} --force {json}"
                ))
                .good();
            assert!(
                !ran.stdout.contains(&secret) && !ran.stderr.contains(&secret),
                "{to}"
            );
        }
        assert_eq!(place.mode(file), mode, "{to}");
    }
    for key in ["b.key", "c.key", "a.p12.password"] {
        assert_eq!(place.mode(key), 0o600, "{key}");
    }
    let left: Vec<_> = place
        .names()
        .into_iter()
        .filter(|name| name.contains(".new"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_is_printed_says_what_exists_now_and_the_next_command_works() {
    let place = cast();
    for (to, out) in [
        ("pem", "x.pem"),
        ("der", "x.der"),
        ("p12", "x.p12"),
        ("p7b", "x.p7b"),
        ("p7b", "x.p7b.pem"),
    ] {
        let ran = place
            .run(&format!(
                "convert client/tls.crt --key client/tls.key --to {to} --out {out}"
            ))
            .good();
        assert!(
            ran.stdout.contains("CN=web") && ran.stdout.contains(out),
            "{ran:#?}"
        );
        place.shell(&ran.next()).good();
    }
    let json = place
        .run("convert client/tls.crt --key client/tls.key --to k8s --out web.yaml --json")
        .good()
        .json();
    assert_eq!(json["next"], "kubectl apply -f web.yaml");
    assert_eq!(json["files"][0]["file"], "web.yaml");
    assert_eq!(json["certificates"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_file_of_cas_is_carried_over_whole() {
    let place = cast();
    place.run("init --name Other --dir other").good();
    place
        .shell("cat handfast/root.crt other/root.crt > roots.pem")
        .good();
    for (to, out) in [
        ("p7b", "roots.p7b"),
        ("p12 --new-password-file secret", "roots.p12"),
    ] {
        place
            .run(&format!("convert roots.pem --to {to} --out {out}"))
            .good();
        let password = if out.ends_with("p12") {
            "--password-file secret"
        } else {
            ""
        };
        place
            .run(&format!(
                "convert {out} {password} --to pem --out again.pem --force"
            ))
            .good();
        let sorted = |file: &str| {
            let mut all = crate::subjects(&place, file);
            all.sort();
            all
        };
        assert_eq!(sorted("again.pem"), sorted("roots.pem"));
    }
    place
        .run("convert roots.pem --to der --out roots.der")
        .refused(2, "HF-409");
    place.run("convert other/root.crt --to der --out root.der").good();
}
