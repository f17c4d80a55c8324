//! A CA whose records are lost takes none for new ones: it would forget what it has revoked.

use std::fs;

use crate::program::Place;

#[test]
fn an_emptied_file_of_records_is_refused_by_every_command_and_the_right_one_goes_on() {
    let place = Place::with_authority();
    place.write("phrase", "open sesame\n");
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place
        .shell("openssl req -new -key web/tls.key -subj /CN=web -out web.csr")
        .good();
    place
        .run("ca revoke web/tls.crt --yes --reason keyCompromise")
        .good();
    let kept = fs::read(place.path("handfast/authority.db")).expect("records");
    place.write("handfast/authority.db", "");
    for line in [
        "ca crl --out ca.crl",
        "ca set --out ca.set",
        "sign web.csr client --uri spiffe://acme/new --out new.crt",
        "issue client --uri spiffe://acme/new --out new",
        "ca list",
        "ca audit verify",
        "ca rotate",
        "ca backup --out b",
        "ca key encrypt --passphrase-file phrase",
    ] {
        let refused = place.run(line).refused(2, "HF-802");
        assert!(refused.stderr.contains("handfast ca restore"), "{refused:#?}");
    }
    let check = place.run("ca check").refused(1, "HF-802");
    assert!(check.stdout.contains("handfast ca restore"), "{check:#?}");
    // Nothing was written into it either.
    assert_eq!(
        fs::metadata(place.path("handfast/authority.db"))
            .expect("a file")
            .len(),
        0
    );
    assert!(!place.path("ca.crl").exists() && !place.path("new.crt").exists());
    place.write("handfast/authority.db", kept);
    let listed = place.run("ca crl --out ca.crl --json").good().json();
    assert_eq!(listed["lists"][0]["entries"], 1);
    place
        .run("sign web.csr client --uri spiffe://acme/new --out new.crt")
        .refused(2, "HF-809");
}
