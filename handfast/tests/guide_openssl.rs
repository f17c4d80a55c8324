//! What the guide's openssl commands make: it is read, named and repaired. The other way round is in
//! `openssl_verifies_ours.rs`.

mod program;

use handfast_testkit::factorable;
use program::{Place, guide::CERTIFICATES};

/// What the guide leaves behind when every question of `openssl req` is answered with the return key.
fn guide() -> Place {
    let place = Place::new();
    place.write("return-key", "\n".repeat(20));
    for line in CERTIFICATES.lines().filter(|line| line.starts_with("openssl")) {
        place.shell(&format!("{line} < return-key")).good();
    }
    place
}

/// OpenSSL made version 1 out of the guide's lines up to 3.1, and version 3 without names from 3.2 on.
fn makes_version_1(place: &Place) -> bool {
    place
        .shell("openssl x509 -in server.crt -noout -text")
        .good()
        .stdout
        .contains("Version: 1 (0x0)")
}

#[test]
fn the_guides_certificates_are_named_with_code_and_fix() {
    let place = guide();
    let version_1 = makes_version_1(&place);
    for leaf in ["server", "client"] {
        let inspected = place.run(&format!("inspect {leaf}.crt")).good();
        assert_eq!(inspected.stdout.contains("[HF-207]"), version_1, "{inspected:#?}");
        assert!(inspected.stdout.contains("[HF-304]"), "{inspected:#?}");
        assert!(
            inspected.stdout.contains("handfast sign REQUEST.csr"),
            "{inspected:#?}"
        );
    }
    let verify = "verify server.crt --ca ca.crt --host localhost";
    place
        .run(verify)
        .refused(5, if version_1 { "HF-207" } else { "HF-304" });
    let verify = "verify client.crt --ca ca.crt --purpose client";
    place
        .run(verify)
        .refused(5, if version_1 { "HF-207" } else { "HF-201" });
    assert!(
        place
            .run("inspect ca.crt")
            .good()
            .stdout
            .contains("root CA certificate, X.509 version 3")
    );
}

#[test]
fn the_guides_authority_is_taken_over_and_its_requests_become_good_certificates() {
    let place = guide();
    place.run("init --from-cert ca.crt --from-key ca.key").good();
    let signed = place
        .run("sign server.csr server --dns localhost --out good-server.crt")
        .good();
    assert!(signed.stdout.contains("handfast/root.crt"), "{signed:#?}");
    assert!(signed.stdout.contains("ignored the subject"), "{signed:#?}");
    place.shell(&signed.next()).good();
    place
        .run("sign client.csr client --dns client.example --out good-client.crt")
        .good();
    place
        .shell("openssl verify -CAfile ca.crt -purpose sslserver -verify_hostname localhost good-server.crt")
        .good();
    place
        .shell("openssl verify -CAfile ca.crt -purpose sslclient good-client.crt")
        .good();
    assert_ne!(
        place
            .shell("openssl verify -CAfile ca.crt -purpose sslserver good-client.crt")
            .exit,
        0
    );
    // Certificate and the guide's key are a pair.
    let public = |line: &str| place.shell(line).good().stdout;
    assert_eq!(
        public("openssl x509 -in good-server.crt -noout -pubkey"),
        public("openssl pkey -in server.key -pubout")
    );
    place
        .run("sign server.csr server --out none.crt")
        .refused(2, "HF-304");
    place
        .run("sign server.csr server --dns localhost --out good-server.crt")
        .refused(2, "HF-801");
    place
        .run("sign server.csr server --dns localhost --lifetime 4000d --out none.crt")
        .refused(2, "HF-805");
    place
        .run("sign server.crt server --dns localhost --out none.crt")
        .refused(2, "HF-409");
    assert!(!place.path("none.crt").exists());
}

#[test]
fn the_guides_authority_can_have_an_issuing_ca_under_it() {
    let place = guide();
    place
        .run("init --from-cert ca.crt --from-key ca.key --intermediate --name Acme")
        .good();
    place
        .run("sign server.csr server --dns localhost --out good.crt")
        .good();
    place.shell("openssl verify -CAfile ca.crt -untrusted good.crt -purpose sslserver -verify_hostname localhost good.crt").good();
    place.run("verify good.crt --ca ca.crt --host localhost").good();
    let text = place
        .shell("openssl x509 -in handfast/issuing.crt -noout -text")
        .good()
        .stdout;
    assert!(text.contains("CA:TRUE, pathlen:0"), "{text}");
}

#[test]
fn what_a_request_wishes_beside_names_is_not_heard_and_that_is_said() {
    let place = Place::with_authority();
    place.shell(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.key -out k.csr -subj '/O=Evil/CN=wished' \
         -addext 'subjectAltName=DNS:wished.example,IP:10.0.0.1' -addext 'basicConstraints=critical,CA:TRUE' \
         -addext 'keyUsage=keyCertSign' -addext 'extendedKeyUsage=codeSigning'",
    )
    .good();
    let inspected = place.run("inspect k.csr").good();
    assert!(
        inspected.stdout.contains("dns:wished.example") && inspected.stdout.contains("ignored"),
        "{inspected:#?}"
    );
    let signed = place
        .run("sign k.csr client --uri spiffe://acme/web --out k.crt --json")
        .good()
        .json();
    let identity = &signed["certificate"]["identity"];
    assert_eq!(identity["called"], "uri:spiffe://acme/web");
    for (key, names) in [
        ("uris", serde_json::json!(["spiffe://acme/web"])),
        ("dns", serde_json::json!(["wished.example"])),
        ("emails", serde_json::json!([])),
        ("ips", serde_json::json!(["10.0.0.1"])),
        ("common_name", serde_json::json!("wished")),
    ] {
        assert_eq!(identity[key], names, "{key}");
    }
    assert_eq!(signed["ignored"].as_array().map(Vec::len), Some(4), "{signed:#}");
    let text = place.shell("openssl x509 -in k.crt -noout -text").good().stdout;
    assert!(
        text.contains("CA:FALSE") && text.contains("TLS Web Client Authentication"),
        "{text}"
    );
    assert!(
        !text.contains("Code Signing") && !text.contains("Certificate Sign"),
        "{text}"
    );
}

#[test]
fn a_forged_or_weak_request_is_refused() {
    let place = Place::with_authority();
    place
        .shell("openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -out weak.csr -subj /CN=weak")
        .good();
    place
        .run("sign weak.csr server --dns a --out a.crt")
        .refused(2, "HF-212");
    let found = factorable::request(&factorable::close_primes_key());
    place.write("found.csr", found);
    let ran = place
        .run("sign found.csr server --dns a --out a.crt")
        .refused(2, "HF-212");
    assert!(
        ran.stderr.contains("RSA-2048 with two close primes"),
        "{}",
        ran.stderr
    );
    assert!(!place.path("a.crt").exists());
    // The last octet of the signature is turned over.
    place
        .shell("openssl req -new -newkey rsa:2048 -nodes -keyout k.key -out k.csr -outform DER -subj /CN=k")
        .good();
    let mut der = std::fs::read(place.path("k.csr")).expect("a request");
    *der.last_mut().expect("not empty") ^= 1;
    place.write("forged.csr", der);
    place
        .run("sign forged.csr server --dns a --out a.crt")
        .refused(2, "HF-804");
    place.run("sign k.csr server --dns a --out a.crt").good();
}

#[test]
fn der_old_key_forms_encrypted_keys_and_bundles_are_read() {
    let place = guide();
    place.shell("openssl x509 -in ca.crt -outform DER -out ca.der && openssl req -in server.csr -outform DER -out server.der").good();
    place.shell("openssl pkey -in ca.key -traditional -out old.key && openssl pkey -in ca.key -aes256 -passout pass:x -out locked.key")
        .good();
    place
        .shell("openssl pkcs12 -export -in server.crt -inkey server.key -passout pass:x -out server.p12")
        .good();
    for (file, said) in [
        ("ca.der", "root CA certificate"),
        ("server.der", "certificate request (CSR)"),
        ("old.key", "private key, not shown"),
        ("locked.key", "encrypted private key"),
        ("server.p12", "PKCS#12 container, locked"),
    ] {
        let ran = place.run(&format!("inspect {file}")).good();
        assert!(ran.stdout.contains(said), "{file}: {ran:#?}");
    }
    place
        .run("init --from-cert ca.crt --from-key locked.key")
        .refused(2, "HF-403");
    place
        .run("init --from-cert ca.crt --from-key server.key")
        .refused(2, "HF-401");
    place
        .run("init --from-cert server.crt --from-key server.key")
        .refused(2, "HF-209");
    place.run("init --from-cert ca.der --from-key old.key").good();
    place
        .run("sign server.der server --dns localhost --out good.crt")
        .good();
    place
        .shell("openssl verify -CAfile ca.crt -purpose sslserver good.crt")
        .good();
}

#[test]
fn an_expired_certificate_of_openssl_is_named() {
    let place = guide();
    let expired = "openssl req -x509 -new -key server.key -subj /CN=old -addext subjectAltName=DNS:old -days";
    place.shell(&format!("{expired} 1 -out fresh.crt")).good();
    let day = place.run("inspect fresh.crt").good();
    assert!(!day.stdout.contains("[HF-202]"), "{day:#?}");
    place
        .run("verify fresh.crt --ca fresh.crt --purpose server --at 2099-01-01T00:00:00Z")
        .refused(5, "HF-202");
    place
        .run("verify fresh.crt --ca ca.crt --purpose server")
        .refused(5, "HF-208");
}

#[test]
fn a_revocation_list_of_openssl_is_shown_with_its_serials() {
    let place = guide();
    place.write(
        "ca.cnf",
        "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\ncrlnumber = number\ndefault_md = sha256\ndefault_crl_days = 30\n",
    );
    place.write("index.txt", "");
    place.write("number", "0a\n");
    let ca = "openssl ca -config ca.cnf -cert ca.crt -keyfile ca.key";
    place
        .shell(&format!("{ca} -revoke server.crt && {ca} -gencrl -out list.crl"))
        .good();
    let serial = place
        .shell("openssl x509 -in server.crt -noout -serial")
        .good()
        .stdout;
    let serial = serial.trim().trim_start_matches("serial=").to_lowercase();
    let shown = place.run("inspect list.crl").good();
    for said in ["revocation list (CRL)", "in 30 days", "1 certificate\n", &serial] {
        assert!(shown.stdout.contains(said), "{said}: {shown:#?}");
    }
    assert!(!shown.stdout.contains("version"), "{shown:#?}");
    // Without numbers and extensions openssl makes the first version.
    let first = place.read("ca.cnf").replace("crlnumber = number\n", "");
    place.write("first.cnf", first);
    place
        .shell(&format!(
            "{} -gencrl -out first.crl",
            ca.replace("ca.cnf", "first.cnf")
        ))
        .good();
    let shown = place.run("inspect first.crl").good();
    for said in ["1, which rustls and others refuse", "1 certificate\n", &serial] {
        assert!(shown.stdout.contains(said), "{said}: {shown:#?}");
    }
    place
        .shell("openssl crl -in list.crl -outform DER -out list.der")
        .good();
    assert_eq!(
        place.run("inspect list.der --json").good().json()["items"][0]["revoked"][0],
        serial
    );
}

#[test]
fn a_name_outside_of_what_an_adopted_authority_may_sign_is_not_handed_out() {
    let place = Place::new();
    place
        .shell(
            "openssl req -x509 -new -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=narrow \
             -addext keyUsage=critical,keyCertSign -addext 'nameConstraints=critical,permitted;DNS:acme.example'",
        )
        .good();
    place.run("init --from-cert ca.crt --from-key ca.key").good();
    place
        .run("issue server --dns other.example --out outside")
        .refused(2, "HF-211");
    assert!(!place.path("outside").exists());
    place.run("issue server --dns a.acme.example --out inside").good();
    place
        .shell("openssl verify -x509_strict -CAfile ca.crt -purpose sslserver inside/tls.crt")
        .good();
}
