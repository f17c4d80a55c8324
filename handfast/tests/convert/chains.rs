//! The chain is put into order, filled where that can be proven, and everything is said.

use crate::{cast, program::Place, subjects};

/// `leaf.pem`, `issuing.pem` and `root.pem`, each in a folder of its own.
fn apart() -> Place {
    let place = cast();
    place
        .shell("mkdir leaf issuing root && openssl x509 -in client/tls.crt -out leaf/leaf.pem && cp handfast/issuing.crt issuing/ && cp handfast/root.crt root/")
        .good();
    place
}

#[test]
fn a_chain_in_any_order_comes_out_leaf_first_and_that_is_said() {
    let place = apart();
    let whole = place.read("client/tls.crt");
    for order in [
        "root/root.crt issuing/issuing.crt leaf/leaf.pem",
        "issuing/issuing.crt leaf/leaf.pem leaf/leaf.pem",
        "leaf/leaf.pem root/root.crt issuing/issuing.crt",
    ] {
        place
            .shell(&format!("mkdir -p mixed && cat {order} > mixed/mixed.pem"))
            .good();
        let ran = place
            .run("convert mixed/mixed.pem --to pem --out out/chain.pem --force")
            .good();
        assert_eq!(place.read("out/chain.pem"), whole, "{order}");
        assert!(ran.stderr.contains("put into order"), "{ran:#?}");
        assert_eq!(
            ran.stderr.contains("more than once"),
            order.matches("leaf.pem").count() > 1,
            "{ran:#?}"
        );
        assert_eq!(
            ran.stderr.contains("left out: the root"),
            order.contains("root"),
            "{ran:#?}"
        );
        // openssl believes the result and did not believe what there was.
        place
            .shell("openssl verify -CAfile root/root.crt -untrusted out/chain.pem out/chain.pem")
            .good();
    }
    let ran = place
        .run("convert client/tls.crt --to pem --out out/chain.pem --force")
        .good();
    assert!(!ran.stderr.contains("put into order"), "{ran:#?}");
}

#[test]
fn the_root_comes_along_only_when_it_is_wanted() {
    let place = apart();
    place
        .run("convert client/tls.crt --chain root/root.crt --to pem --out a.pem")
        .good();
    assert_eq!(subjects(&place, "a.pem").len(), 2);
    place
        .run("convert client/tls.crt --chain root/root.crt --with-root --to pem --out b.pem")
        .good();
    assert_eq!(subjects(&place, "b.pem").len(), 3);
}

#[test]
fn a_missing_intermediate_is_named_and_found_in_chain_and_in_the_folder() {
    let place = apart();
    let whole = place.read("client/tls.crt");
    let ran = place.run("convert leaf/leaf.pem --to pem --out out/a.pem").good();
    assert!(
        ran.stderr.contains("is not here") && ran.stderr.contains("CN=web"),
        "{ran:#?}"
    );
    assert_ne!(place.read("out/a.pem"), whole);
    let ran = place
        .run("convert leaf/leaf.pem --chain issuing/issuing.crt --to pem --out out/b.pem")
        .good();
    assert!(
        ran.stderr.contains("taken from \"issuing/issuing.crt\""),
        "{ran:#?}"
    );
    assert_eq!(place.read("out/b.pem"), whole);
    place
        .shell("cp issuing/issuing.crt leaf/; echo junk > leaf/junk.pem; mkdir leaf/folder.crt")
        .good();
    let ran = place.run("convert leaf/leaf.pem --to pem --out out/c.pem").good();
    assert!(ran.stderr.contains("taken from \"leaf/issuing.crt\""), "{ran:#?}");
    assert_eq!(place.read("out/c.pem"), whole);
}

#[test]
fn an_intermediate_of_the_right_name_and_another_key_is_not_taken() {
    let place = apart();
    // The same names, made anew.
    place.run("init --name Acme --dir again").good();
    place.shell("cp again/issuing.crt leaf/").good();
    let ran = place.run("convert leaf/leaf.pem --to pem --out out/a.pem").good();
    assert!(ran.stderr.contains("with another key"), "{ran:#?}");
    assert_eq!(place.read("out/a.pem"), place.read("leaf/leaf.pem"));
    place.shell("cp issuing/issuing.crt leaf/right.crt").good();
    place.run("convert leaf/leaf.pem --to pem --out out/b.pem").good();
    assert_eq!(place.read("out/b.pem"), place.read("client/tls.crt"));
}

#[test]
fn a_key_of_somebody_else_is_refused() {
    let place = cast();
    place.run("issue client --dns other --out other").good();
    for to in ["pem", "p12", "k8s", "der"] {
        place
            .run(&format!(
                "convert client/tls.crt --key other/tls.key --to {to} --out x.{to}"
            ))
            .refused(2, "HF-401");
    }
    place.shell("cat client/tls.crt client/tls.key > both.pem").good();
    place
        .run("convert both.pem --key other/tls.key --to pem --out x.pem")
        .refused(2, "HF-401");
    place
        .run("convert both.pem --key client/tls.key --to pem --out x.pem")
        .good();
}

#[test]
fn of_several_leaves_the_one_of_the_key_is_taken_and_the_rest_is_named() {
    let place = cast();
    place
        .run("issue client --dns other --name other --out other")
        .good();
    place.shell("cat other/tls.crt client/tls.crt > all.pem").good();
    let ran = place
        .run("convert all.pem --key client/tls.key --to pem --key-out k --out x.pem")
        .good();
    assert_eq!(place.read("x.pem"), place.read("client/tls.crt"));
    assert!(ran.stderr.contains("left out: \"CN=other\""), "{ran:#?}");
}
