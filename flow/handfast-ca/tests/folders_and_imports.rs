//! How a CA is made, imported and opened again: whole, for its owner alone, and not from what is no CA.

mod place;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use handfast_ca::{Applicant, Authority, CertRequest, Error, ExistingAuthority, StoreError};
use handfast_pki::{KeyKind, PrivateKey, Profile, Purpose, code};
use handfast_testkit::{factorable, forge::Forge};
use jiff::Timestamp;

use crate::place::{Scratch, authority, days, is_trusted, new_authority, now, request};

#[test]
fn keys_and_folder_are_for_their_owner_alone() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    authority(&place);
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for name in ["root.key", "issuing.key", "authority.db"] {
        assert_eq!(mode(&place.join(name)), 0o600, "{name}");
    }
    assert!(Authority::open(&place).is_ok());
    fs::set_permissions(place.join("issuing.key"), fs::Permissions::from_mode(0o640)).expect("chmod");
    let error = signs_nothing(&place);
    assert_eq!(error.code(), code::UNREADABLE);
    assert!(error.to_string().contains("640"), "{error}");
}

/// Why the authority, which can be read, issues nothing.
fn signs_nothing(place: &Path) -> Error {
    let authority = Authority::open(place).expect("it can be read");
    let issued = authority.issue(request(Profile::Server, "a.example"), now());
    issued.expect_err("its key must be refused")
}

#[test]
fn an_authority_is_never_overwritten() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    authority(&place);
    let before = fs::read(place.join("root.crt")).expect("a file");
    let Err(error) = Authority::create(&place, &new_authority(), now()) else {
        panic!("must be refused")
    };
    assert_eq!(error.code(), code::EXISTS);
    assert_eq!(fs::read(place.join("root.crt")).expect("a file"), before);
    let left: Vec<_> = fs::read_dir(&scratch.0).expect("a folder").collect();
    assert_eq!(left.len(), 1, "nothing stays beside it: {left:?}");
}

#[test]
fn a_folder_with_a_missing_or_foreign_file_is_no_authority() {
    let scratch = Scratch::new();
    for (index, file) in ["root.crt", "issuing.crt", "authority.db"]
        .into_iter()
        .enumerate()
    {
        let place = scratch.at(&index.to_string());
        authority(&place);
        fs::remove_file(place.join(file)).expect("removed");
        let Err(error) = Authority::open(&place) else {
            panic!("{file} is missing")
        };
        assert_eq!(error.code(), code::NOT_AN_AUTHORITY, "{file}");
        assert!(error.to_string().contains(file), "{error}");
    }
    let (one, other) = (scratch.at("one"), scratch.at("other"));
    authority(&one);
    authority(&other);
    let key = fs::read(one.join("issuing.key")).expect("a file");
    fs::write(
        one.join("issuing.key"),
        fs::read(other.join("issuing.key")).expect("a file"),
    )
    .expect("written");
    assert_eq!(signs_nothing(&one).code(), code::KEY_MISMATCH);
    fs::remove_file(one.join("issuing.key")).expect("removed");
    assert_eq!(signs_nothing(&one).code(), code::KEY_AWAY);
    fs::write(one.join("issuing.key"), key).expect("restored");
    fs::set_permissions(one.join("issuing.key"), fs::Permissions::from_mode(0o600)).expect("chmod");
    let file = "root.crt";
    let own = fs::read(one.join(file)).expect("a file");
    fs::write(one.join(file), fs::read(other.join(file)).expect("a file")).expect("written");
    let Err(error) = Authority::open(&one) else {
        panic!("{file} is of another authority")
    };
    assert_eq!(error.code(), code::NOT_AN_AUTHORITY, "{file}");
    fs::write(one.join(file), own).expect("restored");
    assert!(Authority::open(&one).is_ok());
}

#[test]
fn records_of_a_newer_program_are_refused() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    authority(&place);
    let database = rusqlite::Connection::open(place.join("authority.db")).expect("a database");
    database.pragma_update(None, "user_version", 99).expect("written");
    drop(database);
    let Err(error) = Authority::open(&place) else {
        panic!("must be refused")
    };
    assert_eq!(error.code(), code::STORE);
    assert!(matches!(
        error,
        Error::Store(StoreError::TooNew { found: 99, .. })
    ));
}

#[test]
fn records_that_know_nothing_of_their_ca_are_refused() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let serial = {
        let authority = authority(&place);
        let issued = authority
            .issue(request(Profile::Server, "web.example"), now())
            .expect("issued");
        issued.certificate().serial()
    };
    let file = place.join("authority.db");
    let kept = fs::read(&file).expect("records");
    let database = || rusqlite::Connection::open(&file).expect("a database");
    let refused = |what: &str| {
        let Err(error) = Authority::open(&place) else {
            panic!("{what}: must be refused")
        };
        assert_eq!(error.code(), code::NOT_AN_AUTHORITY, "{what}");
        assert!(
            matches!(error, Error::Store(StoreError::NotItsRecords { .. })),
            "{what}: {error}"
        );
    };
    fs::write(&file, "").expect("written");
    refused("an empty file");
    // A database without a table, and its header.
    database()
        .execute_batch("CREATE TABLE one (a); DROP TABLE one;")
        .expect("written");
    assert!(fs::metadata(&file).expect("a file").len() > 0);
    refused("no table");
    fs::write(&file, &kept).expect("written");
    // As a folder of an older program: no CA has a row, and its certificate has one.
    database().execute_batch("DELETE FROM ca").expect("written");
    assert!(
        Authority::open(&place)
            .is_ok_and(|authority| authority.find_serial(&serial).is_ok_and(|row| row.is_some()))
    );
    database()
        .execute_batch(
            "PRAGMA foreign_keys = OFF; DROP TRIGGER cert_stays; DELETE FROM ca; DELETE FROM cert;",
        )
        .expect("written");
    refused("no certificate of the CA");
    fs::write(&file, &kept).expect("written");
    assert!(Authority::open(&place).is_ok());
}

#[test]
fn an_imported_authority_signs_directly_or_through_an_issuing_ca() {
    let scratch = Scratch::new();
    let source = scratch.at("source");
    let old = authority(&source);
    let root = old.root().expect("a root").clone();
    let key = || {
        handfast_pki::pem::private_key(&fs::read(source.join("root.key")).expect("a file")).expect("a key")
    };
    let import = |place: &str, intermediate| {
        let existing = ExistingAuthority {
            chain: vec![root.clone()],
            key: key(),
            intermediate,
        };
        Authority::import(&scratch.at(place), existing, now()).expect("imported")
    };
    for (authority, length) in [
        (import("direct", None), 1),
        (import("through", Some(new_authority())), 2),
    ] {
        let issued = authority
            .issue(request(Profile::Client, "a.example"), now())
            .expect("issued");
        assert_eq!(issued.chain().len(), length);
        assert!(is_trusted(&issued, &root, Purpose::Client, now()));
    }
    assert!(
        !scratch.at("through").join("root.key").exists(),
        "the imported key is not copied"
    );
}

#[test]
fn what_is_no_good_ca_is_not_imported() {
    let scratch = Scratch::new();
    let source = scratch.at("source");
    let old = authority(&source);
    let root = old.root().expect("a root").clone();
    let issuing = old.chain()[0].clone();
    let key = |name: &str| {
        handfast_pki::pem::private_key(&fs::read(source.join(name)).expect("a file")).expect("a key")
    };
    let place = scratch.at("imported");
    let refused = |chain, key, intermediate, at| {
        let Err(error) = Authority::import(
            &place,
            ExistingAuthority {
                chain,
                key,
                intermediate,
            },
            at,
        ) else {
            panic!("must be refused")
        };
        assert!(!place.exists(), "nothing is made");
        error.code()
    };
    assert_eq!(
        refused(vec![root.clone()], key("issuing.key"), None, now()),
        code::KEY_MISMATCH
    );
    assert_eq!(
        refused(
            vec![root.clone()],
            key("root.key"),
            None,
            root.not_after() + days(1)
        ),
        code::EXPIRED
    );
    assert_eq!(
        refused(vec![issuing.clone()], key("issuing.key"), None, now()),
        code::WRONG_FORMAT
    );
    assert_eq!(
        refused(Vec::new(), key("issuing.key"), None, now()),
        code::WRONG_FORMAT
    );
    let chain = vec![issuing, root];
    assert_eq!(
        refused(chain.clone(), key("issuing.key"), Some(new_authority()), now()),
        code::PATH_LENGTH
    );
    let leaf_key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let leaf = CertRequest {
        applicant: Applicant::holding(&leaf_key),
        ..request(Profile::Server, "a.example")
    };
    let leaf = old.issue(leaf, now()).expect("issued").certificate().clone();
    assert_eq!(refused(vec![leaf], leaf_key, None, now()), code::NOT_A_CA);
    assert!(
        Authority::import(
            &place,
            ExistingAuthority {
                chain,
                key: key("issuing.key"),
                intermediate: None
            },
            now()
        )
        .is_ok()
    );
}

#[test]
fn a_ca_whose_primes_anybody_finds_is_not_imported() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let import = |key: PrivateKey, copy: PrivateKey| {
        let root = Forge::ca("Old").root_of(key).certificate.clone();
        let existing = ExistingAuthority {
            chain: vec![root],
            key: copy,
            intermediate: None,
        };
        Authority::import(&place, existing, Timestamp::now())
    };
    let weak = factorable::close_primes_key;
    let Err(error) = import(weak(), weak()) else {
        panic!("must be refused")
    };
    assert_eq!(error.code(), code::WEAK_KEY);
    assert!(
        error.to_string().contains("RSA-2048 with two close primes"),
        "{error}"
    );
    assert!(!place.exists(), "nothing is made");
    assert!(import(factorable::good_key(), factorable::good_key()).is_ok());
}
