//! `init --names`: a CA that can speak for its own names alone.

use crate::program::Place;

fn limited(names: &[&str]) -> Place {
    let place = Place::new();
    let flags: Vec<String> = names.iter().map(|name| format!("--names {name}")).collect();
    place.run(&format!("init --name Acme {}", flags.join(" "))).good();
    place
}

#[test]
fn a_name_within_the_limits_is_issued_and_verified_and_one_outside_is_refused() {
    let place = limited(&["dns:*.acme.example", "uri:spiffe://acme/**"]);
    for (flags, out) in [
        ("server --dns api.acme.example", "api"),
        ("client --uri spiffe://acme/ns/web", "web"),
        ("peer --dns db.acme.example --uri spiffe://acme/db", "db"),
    ] {
        let issued = place.run(&format!("issue {flags} --out {out}")).good();
        place.shell(&issued.next()).good();
    }
    for flags in [
        "server --dns api.other.example",
        "server --dns api.acme.example --dns api.other.example",
        // The certificates say it more widely, and the CA keeps to what it was told.
        "server --dns a.b.acme.example",
        "server --dns acme.example",
        "client --uri spiffe://other/web",
        "client --email me@acme.example",
        "server --ip 127.0.0.1",
        "client --uri spiffe://acme/web --name api.other.example",
    ] {
        let ran = place
            .run(&format!("issue {flags} --out other"))
            .refused(2, "HF-211");
        assert!(ran.stderr.contains("its names are"), "{ran:#?}");
        assert!(!place.path("other").exists());
    }
    // Nothing was signed, and the refusals are written down.
    let planned = place.run("ca list --state planned --json").good().json();
    assert_eq!(planned["certificates"].as_array().map(Vec::len), Some(0));
    let refused = place.run("ca journal --event refused --json").good().json();
    assert_eq!(refused["lines"].as_array().map(Vec::len), Some(8));
}

/// PostgreSQL, Mosquitto and others take the common name for the user.
#[test]
fn a_common_name_is_one_of_the_names_or_one_that_the_profile_says() {
    let bound = limited(&["dns:*.acme.example", "uri:spiffe://acme/**"]);
    let open = Place::with_authority();
    let profiles = "[profile.server]\nnames = [\"dns:**.acme.example\"]\n\
                    [profile.client]\nnames = [\"dns:**.acme.example\", \"uri:spiffe://acme/**\", \"cn:postgres\"]\n\
                    [profile.gate]\nlike = \"client\"\nnames = [\"dns:**.acme.example\"]\nsubject = [\"CN=Acme Gate\"]\n";
    open.write("handfast/ca.toml", profiles);
    let mut made = 0;
    let mut issued = |place: &Place, flags: &str| {
        made += 1;
        place.run(&format!("issue {flags} --out made{made}")).good();
    };
    for flags in [
        "server --dns api.acme.example",
        "server --dns api.acme.example --name API.acme.example",
        "client --uri spiffe://acme/web --name spiffe://acme/web",
    ] {
        issued(&bound, flags);
        issued(&open, flags);
    }
    issued(&open, "client --dns db.acme.example --name postgres");
    issued(&open, "gate --dns gate.acme.example");
    // No names, no limit.
    issued(&open, "peer --dns db.other.example --name postgres");

    let refused = |place: &Place, what: &str, code: &str, hint: &str| {
        let ran = place.run(&format!("{what} --out other")).refused(2, code);
        assert!(
            ran.stderr.contains("common name") && ran.stderr.contains(hint),
            "{what}: {ran:#?}"
        );
        assert!(!place.path("other").exists());
    };
    for name in ["postgres", "www.acme.example"] {
        let flags = format!("issue client --dns db.acme.example --name {name}");
        refused(&bound, &flags, "HF-211", "[profile.client]");
    }
    for (flags, hint) in [
        (
            "server --dns api.acme.example --name www.evil.example",
            "[profile.server]",
        ),
        (
            "server --dns api.acme.example --name postgres",
            "\"cn:postgres\" in names",
        ),
        ("client --dns db.acme.example --name admin", "[profile.client]"),
    ] {
        refused(&open, &format!("issue {flags}"), "HF-820", hint);
    }
    open.run("csr --dns api.acme.example --name www.evil.example --out asked")
        .good();
    refused(&open, "sign asked/tls.csr server", "HF-820", "[profile.server]");
    open.run("csr --dns api.acme.example --name api.acme.example --out asks")
        .good();
    open.run("sign asks/tls.csr server --out asks.crt").good();
}

#[test]
fn every_ca_of_the_chain_says_its_limits_and_init_tells_how_others_read_them() {
    let place = Place::new();
    let answer = place
        .run("init --name Acme --names dns:*.acme.example --names ip:10.0.0.0/8 --json")
        .good()
        .json();
    assert_eq!(answer["names"][0], "dns:*.acme.example");
    assert_eq!(answer["read_as"][0], "dns:acme.example");
    for file in ["root.crt", "issuing.crt"] {
        let shown = place.run(&format!("inspect handfast/{file}")).good().stdout;
        assert!(shown.contains("acme.example"), "{file}: {shown}");
    }
}

#[test]
fn limits_that_no_certificate_can_say_are_refused_and_nothing_is_made() {
    let place = Place::with_authority();
    for names in ["uri:spiffe://acme/ns/prod/**", "cn:web", "any"] {
        let ran = place
            .run(&format!("init --name Other --dir other --names {names}"))
            .refused(2, "HF-830");
        assert!(ran.stderr.contains(names), "{ran:#?}");
    }
    let below = "init --dir other --from-cert handfast/root.crt --from-key handfast/root.key --intermediate";
    place
        .run(&format!("{below} --names uri:spiffe://acme/**"))
        .refused(2, "HF-830");
    assert!(!place.path("other").exists());
    place.run(&format!("{below} --names dns:*.acme.example")).good();
    place
        .run("issue server --dns api.other.example --dir other --out api")
        .refused(2, "HF-211");
}
