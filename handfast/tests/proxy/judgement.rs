//! The proxy, `verify` and the doctor judge the same path in the same way, on real sockets and on files.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use handfast_pki::certificate::chain_to_pem;
use handfast_testkit::forge::{Forge, Usages, uri};

use crate::program::{
    Place,
    caller::Call,
    pki::{DOOR, cast},
    service::Service,
};

/// Writes a client into the folder `out` whose issuing CA and root are as they are told.
fn client(place: &Place, out: &str, root: &Forge, issuing: &Forge) {
    let root = root.root();
    let issuing = issuing.by(&root);
    let leaf = Forge::client("web", vec![uri("spiffe://acme/web")]).by(&issuing);
    let folder = place.path(out);
    fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    write(
        "tls.crt",
        &chain_to_pem([&leaf.certificate, &issuing.certificate]),
    );
    write("tls.key", &leaf.key.to_pem());
    let owner_alone = Permissions::from_mode(0o600);
    fs::set_permissions(folder.join("tls.key"), owner_alone).expect("a mode");
    write("client-ca.crt", &root.certificate.to_pem());
    write("ca.crt", &place.read("server/ca.crt"));
}

/// What makes a client's path bad, and the code.
type Case = (&'static str, fn() -> (Forge, Forge), &'static str);

const CASES: [Case; 3] = [
    (
        "no-cert-sign",
        || {
            (
                Forge::ca("Root"),
                Forge::ca("Issuing").usages(Usages::DigitalSignature),
            )
        },
        "HF-209",
    ),
    (
        "path-length",
        || (Forge::ca("Root").path_length(0), Forge::ca("Issuing")),
        "HF-210",
    ),
    (
        "version-1",
        || {
            let old = Forge {
                version: 1,
                ..Forge::ca("Issuing")
            };
            (Forge::ca("Root"), old)
        },
        "HF-207",
    ),
];

#[test]
fn a_fault_of_a_ca_is_found_by_the_proxy_by_verify_and_by_the_doctor() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    for (name, made, code) in CASES {
        let (root, issuing) = made();
        client(&place, name, &root, &issuing);
        let words = DOOR.replace(
            "--client-ca server/ca.crt",
            &format!("--client-ca {name}/client-ca.crt"),
        );
        let proxy = place.open(&format!("{words} --to {} --allow any", service.url()));
        let answer = Call::of(&place, name).get(proxy.port);
        assert!(answer.is_err(), "{name}: {answer:?}");
        let record = proxy.connection(1);
        assert_eq!(
            (&record["verdict"], &record["code"]),
            (&"refused".into(), &code.into()),
            "{record}"
        );
        place
            .run(&format!(
                "verify {name}/tls.crt --ca {name}/client-ca.crt --purpose client"
            ))
            .refused(5, code);
        let files = place.run(&format!("doctor --client-files {name}"));
        assert!(files.stdout.contains(code), "{name}: {files:#?}");
        let pair = format!("--cert {name}/tls.crt --key {name}/tls.key --ca {name}/ca.crt");
        let live = place.run(&format!("doctor https://localhost:{}/ {pair} --json", proxy.port));
        assert_eq!(live.json()["findings"][0]["code"], code, "{name}: {live:#?}");
    }
}

#[test]
fn the_same_without_the_fault_is_accepted_by_all_three() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    client(
        &place,
        "good",
        &Forge::ca("Root").path_length(1),
        &Forge::ca("Issuing").path_length(0),
    );
    let words = DOOR.replace("--client-ca server/ca.crt", "--client-ca good/client-ca.crt");
    let proxy = place.open(&format!("{words} --to {} --allow any", service.url()));
    assert_eq!(Call::of(&place, "good").get(proxy.port), Ok(200));
    place
        .run("verify good/tls.crt --ca good/client-ca.crt --purpose client")
        .good();
    let files = place.run("doctor --client-files good").good();
    assert!(files.stdout.contains("no finding"), "{files:#?}");
}

#[test]
fn a_trusted_ca_that_may_not_sign_stops_the_start() {
    let place = Place::new();
    cast(&place);
    client(
        &place,
        "root",
        &Forge::ca("Root").usages(Usages::CRLSign),
        &Forge::ca("Issuing"),
    );
    let words = DOOR.replace("--client-ca server/ca.crt", "--client-ca root/client-ca.crt");
    place
        .run(&format!("{words} --to http://127.0.0.1:9 --allow any"))
        .refused(2, "HF-209");
    place
        .run("verify root/tls.crt --ca root/client-ca.crt --purpose client")
        .refused(2, "HF-209");
    let files = place.run("doctor --client-files root");
    assert!(files.stdout.contains("HF-209"), "{files:#?}");
}

#[test]
fn the_identity_that_no_rule_allows_is_named_by_text_and_page() {
    let place = Place::new();
    cast(&place);
    let service = Service::start(|_, _| {});
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web",
        service.url()
    ));
    let ask = |pair: &str| {
        place.run(&format!(
            "doctor https://localhost:{}/ --ca web/ca.crt --cert {pair}/tls.crt --key {pair}/tls.key --html {pair}.html",
            proxy.port
        ))
    };
    let denied = ask("api").stdout;
    assert!(denied.contains("HF-609"), "{denied}");
    assert!(denied.contains("identity: uri:spiffe://acme/api"), "{denied}");
    let page = place.read("api.html");
    assert!(
        page.contains("<dt>identity</dt><dd><code>uri:spiffe://acme/api</code></dd>"),
        "{page}"
    );
    // With another refusal it is not the identity that is to blame.
    let unknown = ask("stranger").stdout;
    assert!(unknown.contains("HF-103"), "{unknown}");
    assert!(!unknown.contains("identity: "), "{unknown}");
}
