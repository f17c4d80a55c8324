//! Files that cannot be used: what programs say of their own certificates, keys, containers, CAs and tokens.

use crate::{
    assert_among, assert_first,
    cast::cast,
    clients::trusted,
    others::{Other, is_here, line},
};

#[test]
fn files_that_do_not_fit_are_named_by_the_words_of_those_who_read_them() {
    let place = cast();
    // curl reads its files once it is connected.
    let server = Other::start(
        &place,
        "openssl s_server -accept PORT -www -cert server.crt -key server.key",
    );
    let curl = |words: &str| format!("curl -sS {words} https://localhost:{}/", server.port);
    let python =
        |call: &str| format!("python3 -c \"import ssl; c = ssl.create_default_context(); c.{call}\"");
    let pem = |pair: &str| curl(&format!("--cacert ca.crt {pair}"));
    let p12 = |file: &str, password: &str| pem(&format!("--cert-type P12 --cert {file}:{password}"));
    let words = [
        // A key of somebody else; a chain that begins with the intermediate.
        (pem("--cert client.crt --key stranger.key"), "HF-401"),
        (python("load_cert_chain('client.crt', 'stranger.key')"), "HF-401"),
        (python("load_cert_chain('order.crt', 'below.key')"), "HF-401"),
        // A password.
        (
            python("load_cert_chain('client.crt', 'encrypted.key', password='x')"),
            "HF-403",
        ),
        (
            "openssl pkey -in encrypted.key -passin pass:wrong -noout".to_owned(),
            "HF-403",
        ),
        (
            "openssl pkcs12 -in client.p12 -passin pass:wrong -nodes".to_owned(),
            "HF-403",
        ),
        (p12("client.p12", "wrong"), "HF-403"),
        // Containers.
        (p12("legacy.p12", "secret"), "HF-404"),
        (
            "openssl pkcs12 -in legacy.p12 -passin pass:secret -nodes".to_owned(),
            "HF-404",
        ),
        (p12("nokey.p12", "secret"), "HF-406"),
        // Not there.
        (pem("--cert nobody.crt --key client.key"), "HF-408"),
        // Something else.
        (pem("--cert der.crt --key client.key"), "HF-409"),
        (pem("--cert client.key --key client.crt"), "HF-409"),
        ("openssl x509 -in client.csr -noout".to_owned(), "HF-409"),
        ("openssl req -in client.crt -noout".to_owned(), "HF-409"),
        // Too weak.
        (pem("--cert weak.crt --key weak.key"), "HF-212"),
        (python("load_cert_chain('weak.crt', 'weak.key')"), "HF-212"),
        (
            "openssl verify -auth_level 2 -CAfile ca.crt weak.crt".to_owned(),
            "HF-212",
        ),
        // CAs.
        (curl("--cacert empty.pem"), "HF-309"),
        (curl("--cacert nobody.pem"), "HF-309"),
        (python("load_verify_locations('client.key')"), "HF-309"),
        (python("load_verify_locations('nobody.pem')"), "HF-309"),
        // A token without its engine.
        (
            pem("--engine pkcs11 --key-type ENG --key pkcs11:token=x --cert client.crt"),
            "HF-410",
        ),
    ];
    for (words, code) in words {
        let ran = line(&place, &words);
        assert_first(&place, &words, &ran.stdout, code);
    }
    // Not enough is said to put the right one first.
    for (words, code) in [
        (pem("--cert client.crt --key nobody.key"), "HF-408"),
        (pem("--cert order.crt --key below.key"), "HF-402"),
        (python("load_cert_chain('der.crt', 'client.key')"), "HF-409"),
        (python("load_cert_chain('client.crt')"), "HF-406"),
        (python("load_cert_chain('client.crt', 'nobody.key')"), "HF-408"),
    ] {
        let ran = line(&place, &words);
        assert_among(&place, &words, &ran.stdout, code);
    }
}

#[test]
fn node_says_what_is_wrong_with_its_files() {
    if !is_here("node") {
        return;
    }
    let place = cast();
    let node = |options: &str| {
        format!(
            "node -e \"const f = require('fs').readFileSync; require('tls').createSecureContext({options})\""
        )
    };
    for (options, code) in [
        ("{cert: f('client.crt'), key: f('stranger.key')}", "HF-401"),
        ("{cert: f('client.crt'), key: f('encrypted.key')}", "HF-403"),
        (
            "{cert: f('client.crt'), key: f('encrypted.key'), passphrase: 'x'}",
            "HF-403",
        ),
        ("{pfx: f('client.p12'), passphrase: 'x'}", "HF-403"),
        ("{pfx: f('legacy.p12'), passphrase: 'secret'}", "HF-404"),
        ("{pfx: f('nokey.p12'), passphrase: 'secret'}", "HF-406"),
        ("{pfx: f('client.crt'), passphrase: 'secret'}", "HF-409"),
        ("{cert: f('der.crt'), key: f('client.key')}", "HF-409"),
    ] {
        let ran = line(&place, &node(options));
        assert_first(&place, options, &ran.stdout, code);
    }
}

#[test]
fn java_says_what_is_wrong_with_its_key_stores() {
    if !is_here("keytool") {
        return;
    }
    let place = cast();
    trusted(&place, "ca");
    for (words, code) in [
        ("keytool -list -keystore client.p12 -storepass wrong", "HF-403"),
        ("keytool -list -keystore client.crt -storepass secret", "HF-409"),
        ("keytool -list -keystore ca.trust -storepass changeit", "HF-406"),
    ] {
        let ran = line(&place, words);
        assert_first(&place, words, &ran.stdout, code);
    }
}

#[test]
fn a_token_says_why_it_does_not_sign() {
    if !is_here("softhsm2-util") || !is_here("pkcs11-tool") {
        return;
    }
    let place = cast();
    std::fs::create_dir(place.path("tokens")).expect("a folder");
    place.write(
        "softhsm.conf",
        format!("directories.tokendir = {}\n", place.path("tokens").display()),
    );
    let module = ["/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm"]
        .map(|folder| format!("{folder}/libsofthsm2.so"))
        .into_iter()
        .find(|module| std::path::Path::new(module).exists())
        .expect("a module");
    let hsm = |words: &str| format!("env SOFTHSM2_CONF=softhsm.conf {words}");
    line(
        &place,
        &hsm("softhsm2-util --init-token --free --label t --pin 1234 --so-pin 5678"),
    )
    .good();
    let tool = |words: &str| hsm(&format!("pkcs11-tool --module {module} {words}"));
    line(
        &place,
        &tool("--token-label t --login --pin 1234 --keypairgen --key-type EC:prime256v1 --id 01"),
    )
    .good();
    for words in [
        tool("--token-label t --login --pin 9999 -O"),
        tool("--token-label nobody --login --pin 1234 -O"),
        tool("--slot 77 --login --pin 1234 -O"),
        tool("--token-label t --login --pin 1234 --sign -m GOSTR3410 --id 01 -i ca.crt -o /dev/null"),
        tool("--token-label t --login --pin 1234 --sign -m ECDSA --id 02 -i ca.crt -o /dev/null"),
        hsm("pkcs11-tool --module /nowhere.so -L"),
        "openssl pkey -in 'pkcs11:token=t;object=k' -noout".to_owned(),
    ] {
        let ran = line(&place, &words);
        assert_first(&place, &words, &ran.stdout, "HF-410");
    }
}
