//! Whatever form a file has, certificates and key come out of it, and the chain is put into order.

use handfast_formats::{
    container::{self, Age, Lock},
    gather::{Form, Gathered, Opening, gather},
    kubernetes, pkcs7,
};
use handfast_pki::{
    Certificate, Error, PrivateKey, Profile,
    certificate::chain_to_pem,
    chain::{self, Note, Spare},
};
use handfast_testkit::{Ca, Leaf, Pair};

struct Cast {
    root: Ca,
    middle: Ca,
    pair: Pair,
}

fn cast() -> Cast {
    let root = Ca::root("Root");
    let middle = root.below("Middle");
    let pair = middle.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"));
    Cast { root, middle, pair }
}

fn open(bytes: &[u8], password: Option<&str>) -> Result<Gathered, Error> {
    gather(
        bytes,
        Opening {
            password,
            alias: None,
        },
    )
}

fn lock(age: Age) -> Lock<'static> {
    Lock {
        password: "secret",
        age,
    }
}

fn same_key(one: &PrivateKey, other: Option<&PrivateKey>) -> bool {
    other.is_some_and(|other| one.pkcs8() == other.pkcs8())
}

#[test]
fn every_form_that_is_written_is_read_again() {
    let Cast { root, pair, .. } = cast();
    let secret = kubernetes::write(&kubernetes::Wanted {
        name: "web",
        namespace: Some("prod"),
        key: &pair.key,
        chain: &pair.chain,
        roots: std::slice::from_ref(&root.certificate),
    })
    .expect("a manifest");
    let pem = chain_to_pem(&pair.chain) + &pair.key.to_pem();
    let p12 = |age| container::write(&pair.key, &pair.chain, "web", lock(age)).expect("a container");
    for (bytes, form) in [
        (pem.as_bytes(), Form::Pem),
        (&p12(Age::Modern), Form::Pkcs12),
        (&p12(Age::Legacy), Form::Pkcs12),
        (secret.as_bytes(), Form::Kubernetes),
    ] {
        let opened = open(bytes, Some("secret")).expect("opened");
        assert_eq!(opened.form, form);
        assert_eq!(opened.certificates[..2], pair.chain, "{form:?}");
        assert!(same_key(&pair.key, opened.key.as_ref()), "{form:?}");
    }
    let der = pkcs7::write(&pair.chain).expect("PKCS#7");
    let text = handfast_pki::pem::write("PKCS7", &der);
    for bytes in [&der[..], text.as_bytes()] {
        let opened = open(bytes, None).expect("opened");
        assert_eq!(opened.form, Form::Pkcs7);
        assert!(opened.key.is_none());
        assert!(pair.chain.iter().all(|one| opened.certificates.contains(one)));
    }
    let trusted = container::write_trusted(std::slice::from_ref(&root.certificate), lock(Age::Modern))
        .expect("a store");
    let opened = open(&trusted, Some("secret")).expect("opened");
    assert_eq!(opened.certificates, [root.certificate]);
}

#[test]
fn what_is_cut_anywhere_is_refused_and_never_half_read() {
    let Cast { pair, .. } = cast();
    let der = pkcs7::write(&pair.chain).expect("PKCS#7");
    let p12 = container::write(&pair.key, &pair.chain, "web", lock(Age::Legacy)).expect("a container");
    for length in (0..der.len()).step_by(7) {
        assert!(open(&der[..length], None).is_err(), "{length}");
        assert!(pkcs7::read(&der[..length]).is_err(), "{length}");
    }
    for length in (0..p12.len()).step_by(101) {
        assert!(open(&p12[..length], Some("secret")).is_err(), "{length}");
    }
    assert!(open(&der, None).is_ok() && open(&p12, Some("secret")).is_ok());
}

#[test]
fn a_lock_without_a_password_and_a_wrong_one_are_told_apart() {
    let Cast { pair, .. } = cast();
    let p12 = container::write(&pair.key, &pair.chain, "web", lock(Age::Modern)).expect("a container");
    assert_eq!(open(&p12, None).expect_err("locked"), Error::Encrypted);
    assert!(matches!(open(&p12, Some("wrong")), Err(Error::Password { .. })));
    assert!(open(&p12, Some("secret")).is_ok());
}

#[test]
fn two_different_keys_are_refused_and_two_copies_of_one_are_not() {
    let Cast { root, middle, pair } = cast();
    let own = pair.key.to_pem().to_string();
    let twice = own.clone() + &own;
    assert!(open(twice.as_bytes(), None).is_ok());
    let two = own + &root.key.to_pem() + &middle.key.to_pem();
    assert!(matches!(
        open(two.as_bytes(), None),
        Err(Error::Unexpected { .. })
    ));
}

fn spare(certificate: &Certificate) -> Spare {
    Spare {
        certificate: certificate.clone(),
        from: "beside".into(),
    }
}

#[test]
fn a_chain_in_any_order_comes_out_leaf_first_without_root_and_copies() {
    let Cast { root, middle, pair } = cast();
    let (leaf, middle, root) = (&pair.certificate, &middle.certificate, &root.certificate);
    for given in [
        [root, middle, leaf, leaf],
        [middle, leaf, root, middle],
        [root, root, leaf, middle],
    ] {
        let given: Vec<_> = given.into_iter().cloned().collect();
        let repaired = chain::repair(&given, Some(&pair.key), &[]).expect("repaired");
        assert_eq!(repaired.chain, pair.chain);
        assert_eq!(repaired.root.as_ref(), Some(root));
        assert!(matches!(repaired.notes[0], Note::Reordered { .. }));
        assert!(
            repaired
                .notes
                .iter()
                .any(|note| matches!(note, Note::Duplicate { .. }))
        );
    }
    let good = chain::repair(&pair.chain, None, &[spare(root)]).expect("good");
    assert_eq!(good.chain, pair.chain);
    assert!(
        good.notes
            .iter()
            .all(|note| matches!(note, Note::Added { is_root: true, .. }))
    );
}

#[test]
fn a_missing_intermediate_is_taken_from_where_it_lies_and_a_namesake_is_not() {
    let Cast { root, middle, pair } = cast();
    let leaf = std::slice::from_ref(&pair.certificate);
    let namesake = root.below("Middle");
    let repaired = chain::repair(
        leaf,
        None,
        &[spare(&namesake.certificate), spare(&middle.certificate)],
    )
    .expect("repaired");
    assert_eq!(repaired.chain, pair.chain);
    assert!(
        repaired
            .notes
            .iter()
            .any(|note| matches!(note, Note::Added { from, is_root: false, .. } if from == "beside"))
    );
    let alone = chain::repair(leaf, None, &[spare(&namesake.certificate)]).expect("read");
    assert_eq!(alone.chain, leaf);
    assert!(
        matches!(&alone.notes[..], [Note::IssuerNotHere { namesake: true, .. }]),
        "{:?}",
        alone.notes
    );
}

#[test]
fn a_key_that_fits_no_certificate_is_refused() {
    let Cast { root, pair, .. } = cast();
    let refused = chain::repair(&pair.chain, Some(&root.key), &[]).expect_err("refused");
    assert!(matches!(refused, Error::KeyMismatch { .. }));
    assert!(chain::repair(&pair.chain, Some(&pair.key), &[]).is_ok());
}

#[test]
fn cas_alone_are_no_chain_and_stay_as_they_are() {
    let roots = [Ca::root("A").certificate, Ca::root("B").certificate];
    let kept = chain::repair(&roots, None, &[]).expect("read");
    assert!(kept.cas_alone && kept.notes.is_empty());
    assert_eq!(kept.chain, roots);
}
