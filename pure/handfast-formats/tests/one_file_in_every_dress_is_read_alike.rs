//! A container is read alike in DER and BER, under every label, as text and as bytes; and what does not open says why.

use aws_lc_rs::{digest, hmac};
use handfast_formats::{
    container::{self, Age, Lock},
    gather::{Form, Gathered, Opening, gather},
    open::{certificates, open, private_key},
    pkcs7,
};
use handfast_pki::{Error, Profile, certificate::chain_to_pem, pem::write as pem};
use handfast_testkit::{Ca, Leaf, Pair};

const PASSWORD: &str = "secret";

fn pair() -> Pair {
    let middle = Ca::root("Root").below("Middle");
    middle.issue(&Leaf::of(Profile::Client, "spiffe://acme/web"))
}

fn unlocked(bytes: &[u8], password: &str) -> Result<Gathered, Error> {
    gather(
        bytes,
        Opening {
            password: Some(password),
            alias: None,
        },
    )
}

/// The values in `bytes`, each with its tag and contents.
fn values(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [tag, said, rest @ ..] = bytes {
        let (length, rest) = match said {
            0..0x80 => (usize::from(*said), rest),
            _ => {
                let (digits, rest) = rest.split_at(usize::from(said & 0x7f));
                (
                    digits
                        .iter()
                        .fold(0, |sum, digit| sum * 256 + usize::from(*digit)),
                    rest,
                )
            }
        };
        let (content, rest) = rest.split_at(length);
        found.push((*tag, content));
        bytes = rest;
    }
    found
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let digits = content.len().to_be_bytes();
    [&[tag, 0x88][..], &digits, content].concat()
}

/// `der` with indefinite lengths, and its strings in two pieces.
fn ber(der: &[u8]) -> Vec<u8> {
    let one = |(tag, content): (u8, &[u8])| match tag {
        _ if tag & 0x20 != 0 => [&[tag, 0x80][..], &ber(content), &[0, 0]].concat(),
        4 => {
            let (first, second) = content.split_at(content.len() / 2);
            [&[0x24, 0x80][..], &value(4, first), &value(4, second), &[0, 0]].concat()
        }
        // EncryptedContent of RFC 5652, `[0] IMPLICIT OCTET STRING`.
        0x80 => [&[0xa0, 0x80][..], &value(4, content), &[0, 0]].concat(),
        _ => value(tag, content),
    };
    values(der).into_iter().flat_map(one).collect()
}

/// The derivation of RFC 7292 appendix B for a MAC of SHA-256 in one block.
fn mac_key(salt: &[u8], rounds: usize) -> Vec<u8> {
    let bmp: Vec<u8> = PASSWORD
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_be_bytes)
        .collect();
    let filled = |part: &[u8]| -> Vec<u8> {
        let length = part.len().div_ceil(64) * 64;
        part.iter().copied().cycle().take(length).collect()
    };
    let first = [vec![3; 64], filled(salt), filled(&bmp)].concat();
    (0..rounds).fold(first, |sum, _| {
        digest::digest(&digest::SHA256, &sum).as_ref().to_vec()
    })
}

/// The container `der` with its safe in BER and a MAC over that.
fn ber_inside(der: &[u8]) -> Vec<u8> {
    let pfx = values(der)[0].1;
    let [version, safe, mac] = values(pfx)[..] else {
        panic!("no PFX with a MAC");
    };
    let [kind, content] = values(safe.1)[..] else {
        panic!("no ContentInfo");
    };
    let string = values(content.1)[0].1;
    let [info, salt, rounds] = values(mac.1)[..] else {
        panic!("no MacData");
    };
    let rounds = rounds
        .1
        .iter()
        .fold(0, |sum, digit| sum * 256 + usize::from(*digit));
    let key = |string: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &mac_key(salt.1, rounds));
        hmac::sign(&key, string).as_ref().to_vec()
    };
    let [algorithm, digest] = values(info.1)[..] else {
        panic!("no DigestInfo");
    };
    assert_eq!(key(string), digest.1, "the derivation of this test is right");
    let again = ber(string);
    let safe = [value(kind.0, kind.1), value(0xa0, &value(4, &again))].concat();
    let info = [value(algorithm.0, algorithm.1), value(4, &key(&again))].concat();
    let mac = [
        value(0x30, &info),
        value(salt.0, salt.1),
        value(2, values(mac.1)[2].1),
    ]
    .concat();
    let pfx = [value(version.0, version.1), value(0x30, &safe), value(0x30, &mac)].concat();
    value(0x30, &pfx)
}

fn p12(pair: &Pair, age: Age) -> Vec<u8> {
    let lock = Lock {
        password: PASSWORD,
        age,
    };
    container::write(&pair.key, &pair.chain, "web", lock)
        .expect("a container")
        .to_vec()
}

#[test]
fn pkcs_12_is_read_in_ber_as_in_der_and_only_with_its_password() {
    let pair = pair();
    let modern = p12(&pair, Age::Modern);
    let legacy = p12(&pair, Age::Legacy);
    for bytes in [
        ber(&legacy),
        ber(&modern),
        ber_inside(&modern),
        ber(&ber_inside(&modern)),
        modern,
        legacy,
    ] {
        let opened = unlocked(&bytes, PASSWORD).expect("opened");
        assert_eq!(opened.form, Form::Pkcs12);
        assert_eq!(opened.certificates[..2], pair.chain);
        assert_eq!(
            opened.key.map(|key| key.public_key()),
            Some(pair.key.public_key())
        );
        let refused = unlocked(&bytes, "wrong").expect_err("refused");
        assert!(matches!(refused, Error::Password { .. }), "{refused}");
        let without = gather(&bytes, Opening::default()).expect_err("locked");
        assert_eq!(without, Error::Encrypted);
        assert!(!container::protection(&bytes).expect("read").encryption.is_empty());
    }
}

#[test]
fn a_container_in_ber_whose_contents_were_changed_is_refused() {
    let bytes = ber_inside(&p12(&pair(), Age::Modern));
    let middle = bytes.len() / 2;
    let mut changed = bytes.clone();
    changed[middle] ^= 1;
    assert!(unlocked(&bytes, PASSWORD).is_ok());
    assert!(unlocked(&changed, PASSWORD).is_err());
}

#[test]
fn pkcs_7_is_read_under_every_label_and_in_every_dress() {
    let pair = pair();
    let der = pkcs7::write(&pair.chain).expect("PKCS#7");
    let text = pem("CERTIFICATE", &der);
    let body: String = text
        .lines()
        .filter(|line| !line.starts_with('-'))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let sixteen: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [
        &der[..],
        &ber(&der),
        text.as_bytes(),
        pem("CERTIFICATE", &ber(&der)).as_bytes(),
        pem("PKCS7", &der).as_bytes(),
        pem("CMS", &ber(&der)).as_bytes(),
        format!("\u{feff}Certificates from the CA:\r\n{text}").as_bytes(),
        &sixteen,
    ] {
        let opened = open(bytes, &[]).expect("opened");
        assert_eq!(opened.form, Form::Pkcs7);
        let read = certificates(bytes).expect("certificates");
        assert_eq!(read, pair.chain, "the leaf comes first");
    }
    let bare = open(body.as_bytes(), &[]).expect("opened");
    assert_eq!((bare.form, bare.parts.len()), (Form::Base64, 2));
}

#[test]
fn a_wrong_label_hides_nothing_and_a_broken_block_is_no_other_kind() {
    let pair = pair();
    let key = pem("CERTIFICATE", pair.key.pkcs8());
    assert!(private_key(key.as_bytes()).is_ok());
    let refused = certificates(key.as_bytes()).expect_err("refused").to_string();
    assert_eq!(refused, "expected a certificate, found a private key");
    let certificate = pem("PRIVATE KEY", pair.chain[0].der());
    assert_eq!(
        certificates(certificate.as_bytes()).expect("read"),
        pair.chain[..1]
    );
    let broken = pem("CERTIFICATE", b"\x30\x03\x02\x01\x01");
    let refused = certificates(broken.as_bytes()).expect_err("refused").to_string();
    assert!(refused.starts_with("malformed certificate"), "{refused}");
    let chain = chain_to_pem(&pair.chain);
    let noise = format!("Bag Attributes\n    friendlyName: web\nsubject=CN = web\n{chain}trailing text\n");
    assert_eq!(certificates(noise.as_bytes()).expect("read"), pair.chain);
}

#[test]
fn stores_that_are_not_read_are_named() {
    let complaint = |bytes: &[u8]| certificates(bytes).expect_err("refused").to_string();
    let bks = [&[0, 0, 0, 2, 0, 0, 0, 20][..], &[7; 40]].concat();
    assert!(complaint(&bks).contains("Bouncy Castle (BKS or UBER)"));
    // EncryptedObjectStoreData with PBES2, and the check of its integrity.
    let algorithm = value(0x30, &value(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13]));
    let store = value(0x30, &[algorithm.clone(), value(4, &[1; 40])].concat());
    let bcfks = value(0x30, &[store, value(0x30, &algorithm)].concat());
    let bcfks = handfast_pki::pem::ber::definite(&bcfks).expect("DER");
    assert!(
        complaint(&bcfks).contains("Bouncy Castle (BCFKS)"),
        "{}",
        complaint(&bcfks)
    );
    assert!(complaint(b"PK\x03\x04....").contains("a ZIP archive"));
    assert!(complaint(b"ssh-ed25519 AAAA").contains("a public key of SSH"));
    let locked = p12(&pair(), Age::Modern);
    assert!(complaint(&locked).contains("PKCS#12 container cannot be opened: it is encrypted"));
}

#[test]
fn a_secret_gives_the_leaf_whatever_its_entries_are_called() {
    let pair = pair();
    let root = Ca::root("Clients").certificate;
    let block = |text: &str| {
        text.lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    let secret = format!(
        "kind: Secret\nstringData:\n  ca.crt: |\n{}  user.crt: |\n{}  user.key: |\n{}  user.password: secret\n  \
         username: my-user\ndata:\n  user.p12: {}\n",
        block(&chain_to_pem([&root])),
        block(&chain_to_pem(&pair.chain)),
        block(&pair.key.to_pem()),
        base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            p12(&pair, Age::Modern)
        ),
    );
    let opened = gather(secret.as_bytes(), Opening::default()).expect("opened");
    assert_eq!(opened.certificates.first(), pair.chain.first());
    assert_eq!(opened.certificates.last(), Some(&root));
    assert_eq!(
        opened.key.map(|key| key.public_key()),
        Some(pair.key.public_key())
    );
    let told: Vec<String> = opened.passed_over.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["the entry \"username\", which is neither a certificate nor a key"]
    );
    let other = secret.replace("password: secret", "password: other");
    let opened = gather(other.as_bytes(), Opening::default()).expect("the key stands there by itself, too");
    assert_eq!(opened.certificates.first(), pair.chain.first());
    let told = opened.passed_over.first().expect("said").to_string();
    assert_eq!(
        told,
        "the entry \"user.p12\", a PKCS#12 container that was not opened"
    );
}
