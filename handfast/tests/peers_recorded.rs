//! What cannot be run here is read by tools of others: units by systemd, objects by the schemas of Kubernetes.

mod program;

use program::{Place, Ran};

/// A place with the files of `target` in a folder of its name.
fn set_up(target: &str) -> Place {
    let place = Place::with_authority();
    place.run("issue server --dns api.example --out server").good();
    place
        .run(&format!(
            "setup {target} --cert server/tls.crt --key server/tls.key --ca server/ca.crt --host api.example --out {target}"
        ))
        .good();
    place
}

/// Every object of `file`, with no member that the schema does not know.
fn by_schema(place: &Place, file: &str) -> Ran {
    let validate = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/peers/venv/bin/kubernetes-validate"
    );
    place.shell(&format!("'{validate}' --strict {file} 2>&1"))
}

#[test]
fn systemd_reads_the_units_and_would_name_a_word_that_it_does_not_know() {
    let place = set_up("systemd");
    place.shell("sh systemd/check.sh").good();
    let text = place.read("systemd/handfast.conf");
    place.write("systemd/handfast.conf", text.replace("PrivateTmp", "PrivateTemp"));
    let ran = place.shell("sh systemd/check.sh");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(ran.stderr.contains("Unknown key 'PrivateTemp'"), "{ran:#?}");
}

#[test]
fn the_ingress_is_good_by_the_schema_of_kubernetes_and_a_wrong_one_is_not() {
    let place = set_up("kubernetes");
    by_schema(&place, "kubernetes/ingress.yaml").good();
    let text = place.read("kubernetes/ingress.yaml");
    for (word, other, reason) in [
        (
            "pathType: Prefix",
            "pathTyp: Prefix",
            "'pathType' is a required property",
        ),
        ("number: 8080", "number: \"8080\"", "is not of type 'integer'"),
    ] {
        assert!(text.contains(word), "{text}");
        place.write("kubernetes/ingress.yaml", text.replace(word, other));
        let ran = by_schema(&place, "kubernetes/ingress.yaml");
        assert_eq!(ran.exit, 1, "{ran:#?}");
        assert!(ran.stdout.contains(reason), "{ran:#?}");
    }
}

#[test]
fn a_secret_is_good_by_the_schema_of_kubernetes() {
    let place = set_up("kubernetes");
    place
        .run("convert server/tls.crt --key server/tls.key --to k8s --name handfast-tls --out tls.yaml")
        .good();
    let ran = by_schema(&place, "tls.yaml").good();
    assert!(ran.stdout.contains("secret/handfast-tls"), "{ran:#?}");
}
