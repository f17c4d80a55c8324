//! What cannot be converted is refused with a code, before anything is written.

use handfast_pki::Profile;

use crate::{
    cast,
    program::pki::{Ca, Wanted},
};

#[test]
fn a_wrong_password_is_told_from_none_and_the_right_one_opens() {
    let place = cast();
    place.write("wrong", "wrong\n");
    place.write("empty", "\n");
    place
        .run("convert client/tls.crt --key client/tls.key --to p12 --new-password-file secret --out x.p12")
        .good();
    place
        .shell("openssl pkcs8 -topk8 -in client/tls.key -passout file:secret -out locked.key")
        .good();
    place
        .shell("openssl pkcs8 -topk8 -in client/tls.key -passout file:secret -outform der -out locked.der")
        .good();
    for file in ["x.p12", "locked.key", "locked.der"] {
        let line = format!("convert {file} --to pem --out x.pem");
        let ran = place.run(&line).refused(2, "HF-403");
        assert!(
            ran.stderr.contains("help: ") && ran.stderr.contains("--password-file"),
            "{ran:#?}"
        );
        let ran = place
            .run(&format!("{line} --password-file wrong"))
            .refused(2, "HF-409");
        assert!(ran.stderr.contains("the password does not open"), "{ran:#?}");
        place
            .run(&format!("{line} --password-file empty"))
            .refused(2, "HF-409");
        place
            .run(&format!("{line} --password-file missing"))
            .refused(2, "HF-408");
        assert!(!place.path("x.pem").exists());
        place.run(&format!("{line} --password-file secret")).good();
        place.shell("rm x.pem").good();
    }
}

#[test]
fn truncated_junk_empty_and_huge_files_are_refused_and_leave_nothing_behind() {
    let place = cast();
    let pair = "client/tls.crt --key client/tls.key";
    for (to, out) in [
        ("pem", "a.pem"),
        ("der", "a.der"),
        ("p12 --new-password-file secret", "a.p12"),
        ("p7b", "a.p7b"),
        ("k8s", "a.yaml"),
    ] {
        place
            .run(&format!("convert {pair} --to {to} --out whole/{out}"))
            .good();
        place
            .shell(&format!("mkdir -p cut && head -c 300 whole/{out} > cut/{out}"))
            .good();
        place
            .run(&format!(
                "convert cut/{out} --password-file secret --to pem --out out.pem"
            ))
            .refused(2, "HF-409");
        place
            .run(&format!(
                "convert whole/{out} --password-file secret --to pem --out good/{out}"
            ))
            .good();
    }
    place
        .shell(": > empty; echo hello > junk; head -c 5000 /dev/urandom > random; truncate -s 65M huge")
        .good();
    place
        .shell("(printf '\\060\\204\\010\\000\\000\\000'; truncate -s 70M pad; cat pad) > huge.der; (printf '\\376\\355\\376\\355\\0\\0\\0\\002'; cat pad) > huge.jks; rm pad")
        .good();
    for file in ["empty", "junk", "random", "huge", "huge.der", "huge.jks"] {
        place
            .run(&format!("convert {file} --to pem --out out.pem"))
            .refused(2, "HF-409");
    }
    place
        .run("convert missing --to pem --out out.pem")
        .refused(2, "HF-408");
    place
        .run("convert client --to pem --out out.pem")
        .refused(2, "HF-408");
    assert!(!place.path("out.pem").exists());
}

#[test]
fn what_a_form_cannot_hold_is_refused_with_a_way_out() {
    let place = cast();
    let line = "convert client/tls.crt --key client/tls.key";
    let ran = place
        .run(&format!("{line} --to jks --out x.jks"))
        .refused(2, "HF-409");
    assert!(ran.stderr.contains("--to p12"), "{ran:#?}");
    for (line, hint) in [
        ("convert client/tls.crt --to p12 --out x", "--key FILE"),
        ("convert client/tls.crt --to k8s --out x", "--key FILE"),
        ("convert client/tls.key --to p12 --out x", "--key FILE"),
    ] {
        let ran = place.run(line).refused(2, "HF-409");
        assert!(ran.stderr.contains(hint), "{ran:#?}");
    }
    place
        .run("convert client/tls.key --to p7b --out x")
        .refused(2, "HF-409");
    place
        .run("convert client/tls.crt --to pem --key-out k --out x")
        .refused(2, "HF-409");
    for flags in [
        "--to pem --legacy",
        "--to pem --name a",
        "--to der --new-password-file secret",
        "--to p12 --key-out k",
        "--to p12 --namespace a",
    ] {
        assert_eq!(place.run(&format!("{line} {flags} --out x")).exit, 2, "{flags}");
    }
    for name in ["Web", "a_b", "-a"] {
        place
            .run(&format!("{line} --to k8s --name={name} --out x"))
            .refused(2, "HF-701");
    }
    assert!(!place.path("x").exists());
    place.run(&format!("{line} --to k8s --name a-b.c --out x")).good();
}

#[test]
fn nothing_is_overwritten_without_force_and_nothing_written_before_all_is_free() {
    let place = cast();
    place.write("taken", "mine");
    let line = "convert client/tls.crt --key client/tls.key";
    for flags in [
        "--to pem --out taken",
        "--to pem --key-out taken --out new.pem",
        "--to p12 --out taken",
    ] {
        place.run(&format!("{line} {flags}")).refused(2, "HF-801");
    }
    place.write("b.p12.password", "mine");
    place
        .run(&format!("{line} --to p12 --out b.p12"))
        .refused(2, "HF-801");
    assert_eq!(
        (place.read("taken"), place.read("b.p12.password")),
        ("mine".into(), "mine".into())
    );
    assert!(!place.path("new.pem").exists() && !place.path("b.p12").exists());
    place.run(&format!("{line} --to p12 --out b.p12 --force")).good();
    place.run("inspect b.p12 --password-file b.p12.password").good();
    // A pair of two files is made over itself.
    place
        .run("convert client/tls.crt --key client/tls.key --to pem --out client/tls.crt --force")
        .good();
    assert_eq!(place.mode("client/tls.crt"), 0o600);
}

#[test]
fn what_is_neither_certificate_nor_key_is_named_and_left_out() {
    let place = cast();
    place
        .shell("openssl req -new -key client/tls.key -subj /CN=web -out r.csr && cat client/tls.crt r.csr > both.pem")
        .good();
    let ran = place.run("convert both.pem --to pem --out x.pem").good();
    assert!(
        ran.stderr.contains("left out: a certificate request (CSR)"),
        "{ran:#?}"
    );
    let ran = place
        .run("convert r.csr --to pem --out y.pem")
        .refused(2, "HF-409");
    assert!(ran.stderr.contains("found a certificate request"), "{ran:#?}");
}

#[test]
fn an_expired_certificate_is_converted_and_that_it_ended_is_said() {
    let place = cast();
    let ca = Ca::new(&place, "old");
    ca.issue(
        &place,
        "old",
        &Wanted::expired(Profile::Client),
        &["dns:old.example"],
    );
    let ran = place
        .run("convert old/tls.crt --key old/tls.key --to p12 --out old.p12")
        .good();
    assert!(ran.stderr.contains("[HF-202]"), "{ran:#?}");
    let ran = place
        .run("convert client/tls.crt --key client/tls.key --to p12 --out new.p12")
        .good();
    assert!(!ran.stderr.contains("[HF-202]"), "{ran:#?}");
}
