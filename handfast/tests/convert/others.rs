//! What OpenSSL and Java make of it, and what they make for us.

use crate::{cast, program::Place, public, subjects};

const WRITE: &str = "convert client/tls.crt --key client/tls.key --with-root --chain client/ca.crt --new-password-file secret";

#[test]
fn openssl_reads_both_ages_of_pkcs_12_and_finds_the_algorithms_that_were_promised() {
    let place = cast();
    for (flags, out, cipher, mac) in [
        ("", "new.p12", "AES-256-CBC", "MAC: sha256"),
        (
            "--legacy",
            "old.p12",
            "pbeWithSHA1And3-KeyTripleDES-CBC",
            "MAC: sha1",
        ),
    ] {
        place.run(&format!("{WRITE} --to p12 {flags} --out {out}")).good();
        // Without -legacy: what needs OpenSSL's old provider is read by fewer and fewer.
        let ran = place
            .shell(&format!(
                "openssl pkcs12 -in {out} -passin file:secret -info -nodes -out {out}.pem"
            ))
            .good();
        assert!(
            ran.stderr.contains(cipher) && ran.stderr.contains(mac),
            "{ran:#?}"
        );
        assert!(!ran.stderr.contains("RC2"), "{ran:#?}");
        assert_eq!(
            public(&place, &format!("{out}.pem")),
            public(&place, "client/tls.key")
        );
        assert_eq!(subjects(&place, &format!("{out}.pem")).len(), 3);
    }
    place
        .shell("echo wrong > wrong; ! openssl pkcs12 -in new.p12 -passin file:wrong -noout")
        .good();
}

#[test]
fn java_lists_the_key_with_its_chain_and_the_cas_of_a_trust_store() {
    let place = cast();
    for flags in ["", "--legacy"] {
        place
            .run(&format!("{WRITE} --to p12 {flags} --out x.p12 --force"))
            .good();
        let ran = place
            .shell("keytool -list -v -keystore x.p12 -storepass:file secret")
            .good();
        assert!(ran.stdout.contains("PrivateKeyEntry"), "{ran:#?}");
        assert!(ran.stdout.contains("Certificate chain length: 3"), "{ran:#?}");
        place
            .run(&format!(
                "convert client/ca.crt --to p12 {flags} --new-password-file secret --out t.p12 --force"
            ))
            .good();
        let ran = place
            .shell("keytool -list -keystore t.p12 -storepass:file secret")
            .good();
        assert!(ran.stdout.contains("trustedCertEntry"), "{ran:#?}");
    }
}

#[test]
fn openssl_reads_pkcs_7_and_der() {
    let place = cast();
    place.run("convert client/tls.crt --to p7b --out x.p7b").good();
    place.run("convert client/tls.crt --to p7b --out x.pem").good();
    place.run("convert client/tls.crt --to der --out x.der").good();
    for (line, count) in [
        ("openssl pkcs7 -inform der -in x.p7b -print_certs", 2),
        ("openssl pkcs7 -in x.pem -print_certs", 2),
        ("keytool -printcert -file x.p7b | sed 's/^Owner/subject/'", 2),
        ("openssl x509 -inform der -in x.der -noout -subject", 1),
    ] {
        let ran = place.shell(line).good();
        let found = ran
            .stdout
            .lines()
            .filter(|line| line.starts_with("subject"))
            .count();
        assert_eq!(found, count, "{line}: {ran:#?}");
    }
}

#[test]
fn the_parts_of_a_secret_are_what_kubernetes_wants() {
    let place = cast();
    place
        .run("convert client/tls.crt --key client/tls.key --chain client/ca.crt --to k8s --name web-tls --namespace prod --out web.yaml")
        .good();
    let text = place.read("web.yaml");
    for line in [
        "kind: Secret",
        "type: kubernetes.io/tls",
        "  name: \"web-tls\"",
        "  namespace: \"prod\"",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    for (part, file) in [
        ("tls.crt", "client/tls.crt"),
        ("tls.key", "client/tls.key"),
        ("ca.crt", "client/ca.crt"),
    ] {
        let line = format!("sed -n 's/^  {part}: //p' web.yaml | base64 -d");
        assert_eq!(place.shell(&line).good().stdout, place.read(file), "{part}");
    }
    // As `kubectl get secret -o json` shows it.
    place
        .shell(
            "python3 -c 'import json, re; t = open(\"web.yaml\").read(); \
             print(json.dumps({\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"uid\": \"1\"}, \
             \"data\": dict(re.findall(r\"^  (\\S+\\.(?:crt|key)): (\\S+)$\", t, re.M))}))' > web.json",
        )
        .good();
    place
        .run("convert web.json --to pem --key-out k/k.pem --out k/c.pem")
        .good();
    assert_eq!(place.read("k/c.pem"), place.read("client/tls.crt"));
    assert_eq!(place.read("k/k.pem"), place.read("client/tls.key"));
}

#[test]
fn what_openssl_writes_is_read() {
    let place = cast();
    let chain = place.read("client/tls.crt");
    place
        .shell("mkdir in; cat client/ca.crt handfast/issuing.crt > in/mixed.pem")
        .good();
    for (make, from, password) in [
        (
            "openssl pkcs12 -export -in client/tls.crt -inkey client/tls.key -passout file:secret -out in/a.p12",
            "in/a.p12",
            true,
        ),
        (
            "openssl pkcs12 -export -legacy -in client/tls.crt -inkey client/tls.key -passout file:secret -out in/b.p12",
            "in/b.p12",
            true,
        ),
        (
            "openssl pkcs12 -export -in client/tls.crt -inkey client/tls.key -passout file:secret -out c.p12 && \
             cp secret again && openssl pkcs12 -in c.p12 -passin file:secret -passout file:again -out in/c.pem",
            "in/c.pem",
            true,
        ),
        (
            "openssl pkcs8 -topk8 -in client/tls.key -passout file:secret -out k.pem && cat k.pem client/tls.crt > in/d.pem",
            "in/d.pem",
            true,
        ),
        (
            "openssl pkcs8 -topk8 -in client/tls.key -passout file:secret -scrypt -out k.pem && cat k.pem client/tls.crt > in/e.pem",
            "in/e.pem",
            true,
        ),
        (
            "cat client/tls.key client/tls.crt client/ca.crt | sed 's/$/\\r/' > in/f.pem",
            "in/f.pem",
            false,
        ),
    ] {
        place.shell(make).good();
        let password = if password { "--password-file secret" } else { "" };
        place
            .run(&format!(
                "convert {from} {password} --to pem --key-out out/k.pem --out out/c.pem --force"
            ))
            .good();
        assert_eq!(place.read("out/c.pem"), chain, "{make}");
        assert_eq!(place.read("out/k.pem"), place.read("client/tls.key"), "{make}");
    }
    for (make, from) in [
        (
            "openssl crl2pkcs7 -nocrl -certfile in/mixed.pem -certfile client/tls.crt -out in/g.p7b",
            "in/g.p7b",
        ),
        (
            "openssl crl2pkcs7 -nocrl -certfile in/mixed.pem -certfile client/tls.crt -outform der -out in/h.p7b",
            "in/h.p7b",
        ),
    ] {
        place.shell(make).good();
        place
            .run(&format!("convert {from} --to pem --out out/c.pem --force"))
            .good();
        assert_eq!(place.read("out/c.pem"), chain, "{make}");
    }
}

/// Two keys of keytool in `store.jks`, the second with a password of its own.
fn keystore(place: &Place) {
    let make = "keytool -genkeypair -keyalg RSA -keysize 2048 -storetype JKS -keystore store.jks -storepass:file secret -dname";
    place
        .shell(&format!("{make} CN=one -alias one -keypass:file secret"))
        .good();
    place.write("other", "another\n");
    place
        .shell(&format!("{make} CN=two -alias two -keypass:file other"))
        .good();
}

#[test]
fn keys_and_certificates_come_out_of_a_keystore_that_keytool_made() {
    let place = cast();
    keystore(&place);
    place
        .run("convert store.jks --to pem --out x.pem")
        .refused(2, "HF-403");
    place
        .run("convert store.jks --password-file other --to pem --out x.pem")
        .refused(2, "HF-409");
    let ran = place
        .run("convert store.jks --password-file secret --alias two --to pem --out x.pem")
        .refused(2, "HF-409");
    assert!(ran.stderr.contains("key in the Java keystore"), "{ran:#?}");
    place
        .run("convert store.jks --password-file secret --alias One --to pem --out x.pem")
        .good();
    assert_eq!(subjects(&place, "x.pem"), ["CN=one"]);
    let theirs = place
        .shell("keytool -exportcert -rfc -alias one -keystore store.jks -storepass:file secret | openssl x509 -noout -pubkey")
        .good();
    assert_eq!(public(&place, "x.pem"), theirs.stdout);
    place
        .shell("keytool -delete -alias two -keystore store.jks -storepass:file secret")
        .good();
    // Into the keystore that Java wants today, and Java agrees.
    place
        .run("convert store.jks --password-file secret --to p12 --new-password-file secret --out store.p12")
        .good();
    let ran = place
        .shell("keytool -list -keystore store.p12 -storepass:file secret")
        .good();
    assert!(ran.stdout.contains("PrivateKeyEntry"), "{ran:#?}");
}

#[test]
fn a_trust_store_of_java_needs_no_password_to_give_its_cas() {
    let place = cast();
    place
        .shell("keytool -importcert -noprompt -storetype JKS -alias acme -file client/ca.crt -keystore t.jks -storepass:file secret")
        .good();
    place.run("convert t.jks --to pem --out t.pem").good();
    assert_eq!(place.read("t.pem"), place.read("client/ca.crt"));
}

#[test]
fn one_of_two_keys_in_a_container_is_chosen_by_its_alias() {
    let place = cast();
    place
        .shell(
            "for n in one two; do keytool -genkeypair -keyalg EC -groupname secp256r1 -storetype PKCS12 -keystore two.p12 \
             -storepass:file secret -dname CN=$n -alias $n; done",
        )
        .good();
    let ran = place
        .run("convert two.p12 --password-file secret --to pem --out x.pem")
        .refused(2, "HF-409");
    assert!(
        ran.stderr.contains("--alias NAME") && ran.stderr.contains("\"one\", \"two\""),
        "{ran:#?}"
    );
    place
        .run("convert two.p12 --password-file secret --alias three --to pem --out x.pem")
        .refused(2, "HF-409");
    place
        .run("convert two.p12 --password-file secret --alias two --to pem --out x.pem")
        .good();
    assert_eq!(subjects(&place, "x.pem"), ["CN=two"]);
}

#[test]
fn a_certificate_with_trust_settings_is_read_and_the_settings_are_left_out_aloud() {
    let place = cast();
    place
        .shell(
            "openssl x509 -in client/ca.crt -trustout -addreject clientAuth -out settings.crt && openssl x509 -in client/ca.crt \
             -trustout -out plain.crt && sed 's/ CERT/ TRUSTED CERT/' client/ca.crt > labelled.crt",
        )
        .good();
    let expected = subjects(&place, "client/ca.crt");
    for (file, has_settings) in [
        ("settings.crt", true),
        ("plain.crt", false),
        ("labelled.crt", false),
    ] {
        assert!(place.read(file).contains("BEGIN TRUSTED CERTIFICATE"), "{file}");
        let shown = place.run(&format!("inspect {file}")).good();
        assert_eq!(
            shown.stdout.contains("trust settings of OpenSSL"),
            has_settings,
            "{shown:#?}"
        );
        let written = place
            .run(&format!("convert {file} --to pem --out out-{file}"))
            .good();
        let said = format!("{}{}", written.stdout, written.stderr);
        assert_eq!(
            said.contains("left out: trust settings of OpenSSL"),
            has_settings,
            "{written:#?}"
        );
        assert_eq!(subjects(&place, &format!("out-{file}")), expected);
        assert!(
            place
                .read(&format!("out-{file}"))
                .starts_with("-----BEGIN CERTIFICATE-----")
        );
        // What OpenSSL rejects for clients must not become a CA of clients.
        let verified = place.run(&format!("verify client/tls.crt --ca {file} --purpose client"));
        if has_settings {
            let said = verified.refused(2, "HF-409");
            assert!(said.stderr.contains("trust settings of OpenSSL"), "{said:#?}");
        } else {
            verified.good();
        }
    }
}

#[test]
fn what_follows_a_value_of_der_is_counted() {
    let place = cast();
    place
        .shell(
            "openssl x509 -in client/tls.crt -outform der -out good.der && openssl req -new -key client/tls.key -subj /CN=a \
             -outform der -out csr.der && for f in good csr; do (cat $f.der; printf abc) > $f-more.der; done && (echo \
             -----BEGIN CERTIFICATE-----; base64 good-more.der; echo -----END CERTIFICATE-----) > more.pem",
        )
        .good();
    for (file, what) in [
        ("good-more.der", "a certificate"),
        ("csr-more.der", "a certificate request (CSR)"),
        ("more.pem", "a certificate"),
    ] {
        let ran = place.run(&format!("inspect {file}")).refused(2, "HF-409");
        let is_counted = ran.stderr.contains(what) && ran.stderr.contains("and 3 more follow");
        assert!(is_counted, "{ran:#?}");
    }
    for file in ["good.der", "csr.der"] {
        place.run(&format!("inspect {file}")).good();
    }
}
