//! The index in the serial numbers of leaves: counted per issuer, given once, and known by the records.

mod place;

use std::{collections::BTreeSet, fs, panic::AssertUnwindSafe, process::Command, thread};

use handfast_ca::{Authority, ExistingAuthority, Issued, Query, Reason, Requester};
use handfast_pki::{Certificate, Profile, serial};

use crate::place::{Scratch, Step, around, authority, now, request};

fn issue(authority: &Authority) -> Issued {
    authority
        .issue(request(Profile::Client, "a.example"), now())
        .expect("issued")
}

fn index(certificate: &Certificate) -> Option<u64> {
    serial::index(certificate.serial_octets())
}

#[test]
fn leaves_are_counted_from_zero_and_the_cas_own_certificates_are_not() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let indexes: Vec<_> = (0..3).map(|_| index(issue(&authority).certificate())).collect();
    assert_eq!(indexes, [Some(0), Some(1), Some(2)]);
    assert!(authority.chain().iter().all(|ca| index(ca).is_none()));
    let heads = authority.heads().expect("heads");
    let next: Vec<_> = heads.iter().map(|head| head.next_index).collect();
    assert_eq!(next, [None, Some(3)], "of the root and of the issuing CA");
}

#[test]
fn openssl_reads_the_serial_number_that_the_records_have() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let issued = issue(&authority);
    let file = scratch.at("leaf.crt");
    fs::write(&file, issued.certificate().to_pem()).expect("written");
    let openssl = Command::new("openssl")
        .args(["x509", "-noout", "-serial", "-in"])
        .arg(&file)
        .output()
        .expect("openssl runs");
    let printed = String::from_utf8_lossy(&openssl.stdout).to_lowercase();
    let serial = issued.certificate().serial();
    assert_eq!(printed.trim(), format!("serial={serial}"));
    assert!(authority.find_serial(&serial).expect("a store").is_some());
    // The same index with other random bits is another number, which was never given.
    let other = format!("2{}{}", "0".repeat(27), &serial[28..]);
    assert_eq!(authority.find_serial(&other).expect("a store"), None);
}

#[test]
fn many_handles_give_every_index_once_and_leave_none_out() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    drop(authority(&place));
    let indexes: Vec<u64> = thread::scope(|scope| {
        let running: Vec<_> = (0..4)
            .map(|_| {
                let authority = Authority::open(&place).expect("opens");
                let one = move || index(issue(&authority).certificate()).expect("an index");
                scope.spawn(move || (0..10).map(|_| one()).collect::<Vec<_>>())
            })
            .collect();
        let all = running.into_iter().map(|thread| thread.join().expect("no panic"));
        all.flatten().collect()
    });
    let each: BTreeSet<u64> = indexes.iter().copied().collect();
    assert_eq!((indexes.len(), each), (40, (0..40).collect()));
}

#[test]
fn an_index_that_a_crash_has_taken_is_not_given_again() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let dies = |step: Step| {
        assert!(step != ("begin", true), "the process dies here");
        Ok(())
    };
    let broken = authority(&place).with_store(|store| around(store, dies));
    let crashed = std::panic::catch_unwind(AssertUnwindSafe(|| issue(&broken)));
    assert!(crashed.is_err());
    drop(broken);
    let again = Authority::open(&place).expect("opens");
    assert_eq!(index(issue(&again).certificate()), Some(1));
}

#[test]
fn what_an_imported_ca_signs_has_no_index_and_what_its_new_issuing_ca_signs_has_one() {
    let scratch = Scratch::new();
    let source = scratch.at("source");
    let root = authority(&source).root().expect("a root").clone();
    let import = |place: &str, intermediate| {
        let pem = fs::read(source.join("root.key")).expect("a file");
        let existing = ExistingAuthority {
            chain: vec![root.clone()],
            key: handfast_pki::pem::private_key(&pem).expect("a key"),
            intermediate,
        };
        Authority::import(&scratch.at(place), existing, now()).expect("imported")
    };
    let direct = import("direct", None);
    let leaf = issue(&direct);
    assert_eq!(index(leaf.certificate()), None);
    let serial = leaf.certificate().serial();
    direct
        .revoke(
            std::slice::from_ref(&serial),
            Reason::Superseded,
            &Requester::Owner,
            now(),
        )
        .expect("revoked");
    let revoked = direct.find_serial(&serial).expect("a store").expect("a row");
    assert!(revoked.revoked.is_some());
    let through = import("through", Some(place::new_authority()));
    assert_eq!(index(issue(&through).certificate()), Some(0));
}

#[test]
fn two_issuers_count_for_themselves() {
    let scratch = Scratch::new();
    let first = authority(&scratch.at("first"));
    let second = authority(&scratch.at("second"));
    let serials = [&first, &second].map(|authority| issue(authority).certificate().clone());
    assert_eq!(serials.each_ref().map(index), [Some(0), Some(0)]);
    assert_ne!(serials[0].serial(), serials[1].serial());
    let rows = first.find(&Query::default()).expect("a store").rows;
    assert_eq!(rows.len(), 3, "the root, the issuing CA and the leaf");
}
