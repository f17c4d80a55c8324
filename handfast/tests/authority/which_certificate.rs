//! Certificates are named by their serial numbers: in every writing, and what is none is told apart from what is not recorded.

use crate::program::Place;

#[test]
fn a_serial_number_is_known_in_every_writing() {
    let place = Place::with_authority();
    let issued = place
        .run("issue server --dns a.example --out a --json")
        .good()
        .json();
    let serial = issued["certificate"]["serial"].as_str().expect("a serial number");
    let pairs: Vec<&str> = (0..serial.len())
        .step_by(2)
        .map(|at| &serial[at..at + 2])
        .collect();
    for writing in [
        serial.to_owned(),
        serial.to_uppercase(),
        format!("0x{serial}"),
        pairs.join(":"),
    ] {
        let shown = place.run(&format!("ca show {writing}")).good();
        assert!(shown.stdout.contains("dns:a.example"), "{shown:#?}");
    }
}

#[test]
fn what_is_no_serial_number_is_a_wrong_argument_and_one_that_is_not_recorded_is_said_so() {
    let place = Place::with_authority();
    for command in ["ca show", "ca revoke --yes", "ca audit prove"] {
        for text in ["zz", "web", "0x", "-1", "12 34", ":"] {
            let mut run = place.handfast(command);
            let ran = crate::program::Ran::new(command, {
                run.args(["--", text]);
                run
            });
            let refused = ran.refused(2, "HF-901");
            assert!(refused.stderr.contains("is no serial number"), "{refused:#?}");
        }
        for serial in [
            "0",
            "00",
            "1f",
            "1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c5b6a7988",
        ] {
            let refused = place.run(&format!("{command} {serial}")).refused(1, "HF-811");
            assert!(!refused.stderr.contains("records of the CA fail"), "{refused:#?}");
        }
    }
}

#[test]
fn a_root_with_the_name_of_a_ca_of_ours_is_not_vouched_for() {
    let place = Place::with_authority();
    for (name, dir) in [("Acme", "same"), ("Beta", "other")] {
        place.run(&format!("init --name {name} --dir {dir}")).good();
    }
    for root in ["same", "handfast"] {
        let refused = place
            .run(&format!("ca cross-sign {root}/root.crt --out {root}.crt"))
            .refused(2, "HF-801");
        assert!(
            refused.stderr.contains("no verifier could tell them apart"),
            "{refused:#?}"
        );
        assert!(!place.path(&format!("{root}.crt")).exists());
    }
    place.run("ca cross-sign other/root.crt --out other.crt").good();
}

/// The same key in two writings has two fingerprints, and a blocked key is known by its fingerprint.
#[test]
fn a_key_in_another_writing_than_the_usual_one_gets_no_certificate() {
    let place = Place::with_authority();
    place
        .shell(
            "openssl ecparam -name prime256v1 -genkey -noout -out usual.pem && \
             openssl ec -in usual.pem -conv_form compressed -out compressed.pem && \
             for key in usual compressed; do openssl req -new -key $key.pem -subj / \
             -addext subjectAltName=DNS:$key.example -out $key.csr; done",
        )
        .good();
    place.run("sign usual.csr server --out usual.crt").good();
    let refused = place.run("sign compressed.csr server --out compressed.crt");
    assert_eq!(refused.exit, 2, "{refused:#?}");
    assert!(refused.stderr.contains("a point uncompressed"), "{refused:#?}");
    assert!(!place.path("compressed.crt").exists());
}

#[test]
fn no_output_takes_the_place_of_a_file_of_a_ca() {
    let place = Place::with_authority();
    place.run("csr --dns a.example --out a").good();
    place.run("ca issuer add --name more").good();
    for file in [
        "authority.db",
        "root.crt",
        "issuing.crt",
        "ca.toml",
        "audit.pub",
        "ca/more.crt",
    ] {
        let before = std::fs::read(place.path(&format!("handfast/{file}"))).expect("a file");
        for line in [
            "ca crl --out",
            "ca set --out",
            "ca list --html",
            "sign a/tls.csr server --force --out",
        ] {
            let refused = place.run(&format!("{line} handfast/{file}")).refused(2, "HF-801");
            assert!(refused.stderr.contains("is a file of a CA"), "{refused:#?}");
        }
        let after = std::fs::read(place.path(&format!("handfast/{file}"))).expect("a file");
        assert_eq!(before, after, "{file}");
    }
    // What is not the CA's may lie beside.
    for _ in 0..2 {
        place.run("ca crl --out handfast/all.crl").good();
    }
    assert_eq!(
        place.run("ca list --json").good().json()["certificates"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
}

#[test]
fn what_may_not_be_written_is_refused_before_anything_is_signed() {
    let place = Place::with_authority();
    place.run("csr --dns a.example --out a").good();
    place
        .run("sign a/tls.csr server --force --out a/tls.key")
        .refused(2, "HF-801");
    let recorded = || place.run("ca list --identity dns:a.example --json").good().json();
    assert_eq!(recorded()["certificates"].as_array().map(Vec::len), Some(0));
    place.run("sign a/tls.csr server --force --out a/tls.crt").good();
    assert_eq!(recorded()["certificates"].as_array().map(Vec::len), Some(1));
}
