//! `handfast csr`, and subjects: a key and a request that a CA signs.

mod program;

use handfast_pki::pem;
use program::Place;

#[test]
fn a_request_of_every_kind_of_key_is_signed_by_a_ca() {
    let place = Place::with_authority();
    for kind in ["p256", "p384", "ed25519", "rsa2048", "mldsa65"] {
        let ran = place
            .run(&format!(
                "csr --uri spiffe://acme/{kind} --key {kind} --out {kind}"
            ))
            .good();
        assert_eq!(
            ran.next(),
            format!("handfast sign {kind}/tls.csr server --out {kind}/tls.crt")
        );
        assert_eq!(place.mode(&format!("{kind}/tls.key")), 0o600);
        let run = format!("sign {kind}/tls.csr client --out {kind}/tls.crt");
        place.run(&run).good();
        let key = pem::private_key(place.read(&format!("{kind}/tls.key")).as_bytes()).expect("a key");
        let chain = pem::certificates(place.read(&format!("{kind}/tls.crt")).as_bytes()).expect("a chain");
        assert_eq!(chain[0].public_key(), key.public_key());
        assert_eq!(chain[0].identity().names(), [format!("uri:spiffe://acme/{kind}")]);
    }
}

#[test]
fn a_request_without_a_name_is_refused_and_nothing_is_written() {
    let place = Place::new();
    place.run("csr --name web --out web").refused(2, "HF-304");
    place.run("csr --dns not_a_name! --out web").refused(2, "HF-803");
    place
        .run("csr --dns web.example --country Germany --out web")
        .refused(2, "HF-803");
    assert!(!place.path("web").exists());
    place.run("csr --dns web.example --country DE --out web").good();
}

#[test]
fn neither_key_nor_request_is_overwritten_unasked() {
    let place = Place::new();
    place.run("csr --dns web.example --out web").good();
    let key = place.read("web/tls.key");
    place.run("csr --dns web.example --out web").refused(2, "HF-801");
    assert_eq!(place.read("web/tls.key"), key);
    place.run("csr --dns web.example --out web --force").good();
    assert_ne!(place.read("web/tls.key"), key);
}

#[test]
fn an_organization_stands_in_the_subject_only_where_the_ca_is_told_so() {
    let place = Place::with_authority();
    let of = "--organization Acme --unit ops --country DE";
    place
        .run(&format!("issue server --dns localhost {of} --out server"))
        .good();
    let subject = |file: &str| {
        let inspected = place.run(&format!("inspect {file} --json")).good().json();
        inspected["items"][0]["subject"]
            .as_str()
            .map(str::to_owned)
            .unwrap_or_default()
    };
    assert_eq!(subject("server/tls.crt"), "OU=ops,O=Acme,C=DE");
    place.run(&format!("csr --dns localhost {of} --out asked")).good();
    let signed = place.run("sign asked/tls.csr server --out asked/tls.crt").good();
    assert!(signed.stdout.contains("ignored the subject"), "{signed:#?}");
    assert_eq!(subject("asked/tls.crt"), "(empty)");
    place
        .run(&format!("sign asked/tls.csr server {of} --out told.crt"))
        .good();
    assert_eq!(subject("told.crt"), "OU=ops,O=Acme,C=DE");
}

#[test]
fn a_certificate_goes_into_a_pipe_with_its_key_and_nowhere_else() {
    let place = Place::with_authority();
    let ran = place.run("issue server --dns localhost --out -").good();
    let key = pem::private_key(ran.stdout.as_bytes()).expect("a key");
    let chain = pem::certificates(ran.stdout.as_bytes()).expect("a chain");
    assert_eq!(chain.len(), 2, "the leaf and the CA that issued it");
    assert_eq!(chain[0].public_key(), key.public_key());
    assert!(!ran.stderr.contains("PRIVATE KEY"), "{}", ran.stderr);
    assert_eq!(place.names(), ["handfast"], "no file is written");
}

#[test]
fn a_key_goes_into_no_json_and_beside_no_container() {
    let place = Place::with_authority();
    let json = place
        .run("issue server --dns localhost --out - --json")
        .refused(2, "HF-901");
    assert!(!json.stdout.contains("PRIVATE KEY"), "{json:#?}");
    place
        .run("issue server --dns localhost --out - --p12 x.p12")
        .refused(2, "HF-901");
    assert_eq!(place.names(), ["handfast"]);
}

#[test]
fn a_plain_listener_is_for_this_machine_unless_that_is_said() {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    let files = "--to localhost:1 --cert web/tls.crt --key web/tls.key --ca web/ca.crt";
    for address in ["0.0.0.0:0", ":0", "[::]:0"] {
        let ran = place
            .run(&format!("tunnel --listen {address} {files}"))
            .refused(2, "HF-723");
        assert!(ran.stderr.contains("--unsafe-listen"), "{ran:#?}");
    }
    drop(place.open(&format!("tunnel --listen 127.0.0.1:0 {files}")));
    drop(place.open(&format!("tunnel --listen 0.0.0.0:0 --unsafe-listen {files}")));
}

#[test]
fn a_file_with_two_requests_is_refused_and_one_request_is_signed() {
    let place = Place::with_authority();
    place
        .shell(
            "for n in a b; do openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $n.key -subj /CN=$n \
             -addext subjectAltName=DNS:$n.example -out $n.csr; done && cat a.csr b.csr > both.csr",
        )
        .good();
    let ran = place
        .run("sign both.csr server --out both.crt")
        .refused(2, "HF-409");
    assert!(
        ran.stderr
            .contains("expected one certificate request (CSR), found 2 of them"),
        "{ran:#?}"
    );
    assert!(!place.path("both.crt").exists());
    place.run("sign a.csr server --out a.crt").good();
}

#[test]
fn attributes_of_a_request_are_listed_as_ignored_without_their_values() {
    let place = Place::with_authority();
    place.write(
        "config",
        "[req]\ndistinguished_name=dn\nattributes=attributes\nprompt=no\nreq_extensions=extensions\n[dn]\nCN=a\n\
         [attributes]\nchallengePassword=pass-of-the-enrolment\nunstructuredName=somebody\n[extensions]\n\
         subjectAltName=DNS:a.example\n",
    );
    place
        .shell("openssl req -new -newkey rsa:2048 -nodes -keyout a.key -config config -out a.csr")
        .good();
    let ran = place.run("sign a.csr server --out a.crt").good();
    for name in ["challengePassword", "unstructuredName"] {
        assert!(ran.stdout.contains(&format!("ignored {name}")), "{ran:#?}");
    }
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!said.contains("pass-of-the-enrolment"), "{ran:#?}");
}

#[test]
fn a_request_signed_with_sha_1_is_refused_for_its_digest() {
    let place = Place::with_authority();
    for digest in ["sha1", "sha256"] {
        place
            .shell(&format!(
                "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {digest}.key -subj /CN=a \
                 -addext subjectAltName=DNS:a.example -{digest} -out {digest}.csr && openssl req -in {digest}.csr -outform der \
                 -out {digest}.der"
            ))
            .good();
        for form in ["csr", "der"] {
            let ran = place.run(&format!("sign {digest}.{form} server --out {digest}-{form}.crt"));
            if digest == "sha256" {
                ran.good();
                continue;
            }
            assert_eq!(ran.exit, 2, "{ran:#?}");
            let expected = "is not supported here, expected RSA or ECDSA with SHA-256";
            assert!(ran.stderr.contains(expected), "{ran:#?}");
            assert!(ran.stderr.contains("ecdsa-with-SHA1"), "{ran:#?}");
        }
    }
}
