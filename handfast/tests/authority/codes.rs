//! Each refusal has the code of what it is about, and its own words.

use std::fs;

use crate::program::Place;

#[test]
fn parts_of_lists_without_an_address_or_with_one_of_https_are_a_matter_of_ca_toml() {
    let place = Place::with_authority();
    let none = place
        .run("ca crl --out ca.crl --shards parts")
        .refused(2, "HF-701");
    assert!(none.stderr.contains("help: write crl-shards = "), "{none:#?}");
    for key in ["crl-shards = ", "crl = [", "ca-issuers = [", "ocsp = ["] {
        let end = if key.ends_with('[') { "]" } else { "" };
        let with = |scheme: &str| {
            place.write(
                "handfast/ca.toml",
                format!("[profile.client]\n{key}\"{scheme}://pki.acme.example/x\"{end}\n"),
            );
            place.run("ca profiles")
        };
        let refused = with("https").refused(2, "HF-701");
        assert!(refused.stderr.contains("expected http://"), "{key}: {refused:#?}");
        with("http").good();
    }
    place.write(
        "handfast/ca.toml",
        "[profile.client]\ncrl-shards = \"http://pki.acme.example/crl\"\n",
    );
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place.run("ca crl --out ca.crl --shards parts").good();
}

#[test]
fn a_signer_of_ocsp_answers_that_is_none_is_refused_for_what_it_is() {
    let place = Place::with_authority();
    place.run("init --name Other --dir other").good();
    for (dir, profile, code, said) in [
        ("handfast", "server", "HF-201", "not OCSPSigning"),
        ("other", "server", "HF-103", "has not issued it"),
    ] {
        place
            .run(&format!(
                "issue {profile} --dns a.example --out {dir}-a --dir {dir}"
            ))
            .good();
        let refused = place
            .run(&format!(
                "ca ocsp --out answers --signer {dir}-a/tls.crt --signer-key {dir}-a/tls.key"
            ))
            .refused(2, code);
        assert!(refused.stderr.contains(said), "{refused:#?}");
        assert!(refused.stderr.contains("help: make one"), "{refused:#?}");
    }
    place.run("ca issuer ocsp-signer").good();
    place
        .run(
            "ca ocsp --out answers --signer handfast/ca/ocsp-issuing-1.crt --signer-key handfast/ca/ocsp-issuing-1.key",
        )
        .good();
}

#[test]
fn an_output_that_is_called_as_stdin_is_refused_and_becomes_no_file() {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place.run("csr --dns a.example --out a").good();
    let before = place.names();
    for line in [
        "ca crl --out",
        "ca set --out",
        "ca ocsp --out",
        "ca crl --out other.crl --shards",
        "ca export --since 1d --out",
        "ca audit prove web/tls.crt --out",
        "ca audit checkpoint --out",
        "ca backup --out",
        "ca list --html",
        "ca cross-sign handfast/root.crt --out",
        "ca issuer add --name other --csr",
        "sign a/tls.csr server --out",
        "csr --dns b.example --out",
    ] {
        let refused = place.run(&format!("{line} -")).refused(2, "HF-901");
        assert!(refused.stderr.contains("\"./-\""), "{line}: {refused:#?}");
        let _ = fs::remove_file(place.path("other.crl"));
        assert_eq!(place.names(), before, "{line}");
    }
    // One answer of OCSP goes to stdout, as it does without a name.
    place
        .shell("openssl ocsp -issuer handfast/issuing.crt -cert web/tls.crt -reqout ask.der && handfast ca ocsp --respond ask.der --out - > answer.der && openssl ocsp -respin answer.der -text -noverify")
        .good();
    assert!(!place.path("-").exists());
    place.run("ca crl --out ./-").good();
    assert!(place.read("-").contains("X509 CRL"));
}

#[test]
fn what_is_no_backup_or_a_damaged_one_is_told_without_words_of_the_database() {
    let place = Place::with_authority();
    place.run("ca backup --out kept").good();
    place.write("text", "this is no backup\n".repeat(100));
    let whole = fs::read(place.path("kept")).expect("a backup");
    place.write("cut", &whole[..whole.len() / 2]);
    let mut damaged = whole.clone();
    let end = damaged.len() - 4096;
    damaged[end..].fill(0xff);
    place.write("damaged", damaged);
    for file in ["text", "cut", "damaged"] {
        let refused = place
            .run(&format!("ca restore {file} --dir x"))
            .refused(2, "HF-843");
        for words in ["database", "malformed", "Tree", "page"] {
            assert!(!refused.stderr.contains(words), "{file}: {refused:#?}");
        }
        assert!(!place.path("x").exists());
    }
    place.run("ca restore kept --dir x").good();
}

#[test]
fn names_of_a_request_that_stand_beside_those_of_flags_are_told() {
    let place = Place::with_authority();
    place
        .run("csr --dns a.example --uri https://a.example/x --out a")
        .good();
    let note = "note: these names are the request's";
    let both = place
        .run("sign a/tls.csr server --dns a.example --out one.crt")
        .good();
    let told = both.stderr.lines().find(|line| line.starts_with(note));
    assert!(
        told.is_some_and(|line| line.ends_with(": uri:https://a.example/x")),
        "{both:#?}"
    );
    for line in [
        "sign a/tls.csr server --out two.crt",
        "sign a/tls.csr server --dns a.example --uri https://a.example/x --out three.crt",
    ] {
        let silent = place.run(line).good();
        assert!(!silent.stderr.contains(note), "{silent:#?}");
    }
}

#[test]
fn a_payment_service_provider_without_its_identifier_gets_no_certificate() {
    let place = Place::with_authority();
    place.write(
        "handfast/ca.toml",
        "[profile.psd2]\nnca-name = \"Bafin\"\nnca-id = \"DE-BAFIN\"\n",
    );
    let issue = |identifier: &str| {
        place.run(&format!(
            "issue psd2 --dns bank.example --name bank.example --country DE --organization Bank \
             --attribute organizationIdentifier={identifier} --psd2-role PSP_PI --out bank --force"
        ))
    };
    for bad in ["nonsense", "PSDDE-BAFIN", "VATDE-123456789", "PSDFR-ACPR-1"] {
        let refused = issue(bad).refused(2, "HF-820");
        assert!(
            refused.stderr.contains(&format!("found \"{bad}\"")),
            "{refused:#?}"
        );
    }
    issue("PSDDE-BAFIN-123456").good();
}

#[test]
fn what_becomes_of_the_keys_of_a_backup_is_told() {
    let place = Place::with_authority();
    place.write("phrase", "open sesame\n");
    place.run("ca backup --out kept --passphrase-file phrase").good();
    let locked = place.run("ca restore kept --dir locked").good();
    assert!(
        locked
            .stderr
            .contains("encrypted with the passphrase of the backup"),
        "{locked:#?}"
    );
    assert!(place.read("locked/issuing.key").contains("ENCRYPTED"));
    let open = place
        .run("ca restore kept --dir open --passphrase-file phrase")
        .good();
    assert!(open.stderr.contains("not encrypted now"), "{open:#?}");
    assert!(!place.read("open/issuing.key").contains("ENCRYPTED"));
    let one = place.run("ca issuer list").good();
    assert!(!one.stdout.contains("1 valid certificates"), "{one:#?}");
    place.run("issue client --uri spiffe://acme/web --out web").good();
    let one = place.run("ca issuer list").good();
    assert!(one.stdout.contains(" 1 valid certificate, the last"), "{one:#?}");
}
