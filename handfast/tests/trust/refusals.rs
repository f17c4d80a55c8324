//! Who must not be believed, and what must not be touched.

use crate::{
    at_home, everything,
    program::{
        Place,
        pki::{Ca, ago},
    },
};

#[test]
fn what_is_no_ca_or_has_ended_or_holds_a_key_is_refused_and_changes_nothing() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    let old = Ca::founded(&place, "old", ago(365 * 12));
    place.write("old.crt", old.root());
    place.shell("cat handfast/root.crt handfast/root.key > both.pem; cat handfast/root.crt server/tls.crt > mixed.pem; echo junk > junk; : > empty").good();
    place.shell("cat handfast/root.crt old.crt > ended.pem").good();
    let before = everything(&place);
    for target in [
        "curl",
        "python",
        "node",
        "java --truststore t.p12",
        "system --root . --layout debian",
    ] {
        for (file, code) in [
            ("server/tls.crt", "HF-309"),
            ("mixed.pem", "HF-309"),
            ("old.crt", "HF-202"),
            ("ended.pem", "HF-202"),
            ("both.pem", "HF-409"),
            ("handfast/root.key", "HF-409"),
            ("junk", "HF-409"),
            ("empty", "HF-409"),
            ("missing", "HF-408"),
        ] {
            let ran = at_home(
                &place,
                &format!("handfast trust install --for {target} --ca {file}"),
            );
            let ran = ran.refused(2, code);
            assert!(ran.stderr.contains("help: ") || code == "HF-408", "{ran:#?}");
        }
    }
    assert_eq!(everything(&place), before);
    at_home(&place, "handfast trust install --for node --ca handfast/root.crt").good();
}

#[test]
fn what_believing_means_depends_on_what_limits_the_names() {
    let place = Place::new();
    let make = |name: &str, constraints: &str| {
        let limits = if constraints.is_empty() {
            String::new()
        } else {
            format!("-addext nameConstraints=critical,{constraints}")
        };
        place
            .shell(&format!(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN={name} -keyout {name}.key \
                 -out {name}.crt -addext keyUsage=critical,keyCertSign {limits}"
            ))
            .good();
    };
    make("open", "");
    make("dns", "permitted\\;DNS:acme.example");
    make(
        "both",
        "permitted\\;DNS:acme.example,permitted\\;IP:10.0.0.0/255.0.0.0",
    );
    for (name, said) in [
        ("open", "impersonate every host to node"),
        (
            "dns",
            "impersonate to node dns:acme.example, and every host whose kind of name",
        ),
        (
            "both",
            "impersonate dns:acme.example, ip:10.0.0.0/255.0.0.0 to node, and no other host",
        ),
    ] {
        let ran = at_home(
            &place,
            &format!("handfast trust install --for node --ca {name}.crt"),
        )
        .good();
        assert!(ran.stderr.contains(said), "{ran:#?}");
    }
    let authority = Place::with_authority();
    let ran = at_home(
        &authority,
        "handfast trust install --for node --ca handfast/issuing.crt",
    )
    .good();
    assert!(ran.stderr.contains("is an intermediate"), "{ran:#?}");
}

#[test]
fn a_configuration_of_curl_with_another_file_of_cas_is_left_alone() {
    let place = Place::with_authority();
    for line in ["cacert = \"mine.pem\"\n", "--cacert mine.pem\n"] {
        place.write(".curlrc", line);
        let before = everything(&place);
        let ran =
            at_home(&place, "handfast trust install --for curl --ca handfast/root.crt").refused(2, "HF-801");
        assert!(ran.stderr.contains("--curlrc FILE"), "{ran:#?}");
        assert_eq!(everything(&place), before);
    }
    at_home(
        &place,
        "handfast trust install --for curl --ca handfast/root.crt --curlrc other",
    )
    .good();
    assert!(place.read("other").contains("cacert = "));
}

#[test]
fn a_private_configuration_stays_private_and_a_link_stays_a_link() {
    let place = Place::with_authority();
    place.write("dotfile", "user = me:secret\n");
    place.shell("chmod 600 dotfile && ln -s dotfile .curlrc").good();
    at_home(&place, "handfast trust install --for curl --ca handfast/root.crt").good();
    assert_eq!(place.mode("dotfile"), 0o600);
    place.shell("test -L .curlrc").good();
    at_home(&place, "handfast trust remove --for curl --ca handfast/root.crt").good();
    assert_eq!(place.read("dotfile"), "user = me:secret\n");
}

#[test]
fn a_file_of_others_in_our_place_is_never_taken_for_ours() {
    let place = Place::with_authority();
    place
        .shell("mkdir -p d image/usr/local/share/ca-certificates && echo mine > d/node.pem")
        .good();
    for verb in ["install", "remove"] {
        at_home(
            &place,
            &format!("handfast trust {verb} --for node --ca handfast/root.crt --dir d"),
        )
        .refused(2, "HF-801");
    }
    assert_eq!(place.read("d/node.pem"), "mine\n");
    at_home(
        &place,
        "handfast trust install --for system --ca handfast/root.crt --root image",
    )
    .good();
    place
        .shell("for f in image/usr/local/share/ca-certificates/*; do echo mine > $f; done")
        .good();
    at_home(
        &place,
        "handfast trust remove --for system --ca handfast/root.crt --root image",
    )
    .refused(2, "HF-801");
}

#[test]
fn a_ca_that_has_ended_since_can_still_be_taken_away() {
    let place = Place::with_authority();
    at_home(
        &place,
        "handfast trust install --for node --ca handfast/root.crt --dir d",
    )
    .good();
    let old = Ca::founded(&place, "old", ago(365 * 12));
    place.write("old.crt", old.root());
    let head = place.read("d/node.pem");
    let (first, _) = head.split_once('\n').expect("a line");
    place.write("d/node.pem", format!("{first}\n{}", old.root()));
    at_home(&place, "handfast trust remove --for node --ca old.crt --dir d").good();
    assert!(!place.path("d/node.pem").exists());
}

#[test]
fn a_flag_of_another_target_is_refused() {
    let place = Place::with_authority();
    for flags in [
        "curl --truststore t",
        "node --curlrc c",
        "system --profile p",
        "java --dir d",
        "firefox --root r",
        "python --password-file p",
    ] {
        let ran = at_home(
            &place,
            &format!("handfast trust install --for {flags} --ca handfast/root.crt"),
        );
        assert_eq!(ran.exit, 2, "{ran:#?}");
    }
}

#[test]
fn a_tool_that_is_missing_is_named_with_its_package_and_nothing_is_half_done() {
    let place = Place::with_authority();
    place
        .shell("mkdir p bin && ln -s $(command -v handfast) bin/handfast")
        .good();
    let ran = at_home(
        &place,
        "PATH=$PWD/bin; handfast trust install --for firefox --ca handfast/root.crt --profile p",
    );
    let ran = ran.refused(3, "HF-717");
    assert!(ran.stderr.contains("libnss3-tools"), "{ran:#?}");
}
