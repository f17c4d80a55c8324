//! Whatever bytes come from files and peers, reading ends with a value or an error.

use std::sync::LazyLock;

use handfast_formats::{
    gather::{Opening, gather},
    kubernetes, pkcs7,
};
use handfast_pki::{
    Anchors, Certificate, PrivateKey, Profile, Purpose, Request, Trust,
    chain::{Spare, repair},
    conceal,
    crl::RevocationList,
    pem, verify,
};
use handfast_testkit::{Ca, Leaf, Pair};
use jiff::Timestamp;
use proptest::prelude::*;
use rustls_pki_types::CertificateDer;

struct Good {
    root: Ca,
    pair: Pair,
}

static GOOD: LazyLock<Good> = LazyLock::new(|| {
    let root = Ca::root("Root");
    let pair = root.issue(&Leaf::of(Profile::Client, "spiffe://acme/web").dns("web.acme.example"));
    Good { root, pair }
});

fn read_everything(bytes: &[u8]) {
    let _ = pem::read(bytes);
    let _ = pem::private_key(bytes);
    let _ = pkcs7::read(bytes);
    let _ = kubernetes::read(bytes);
    if let Ok(opened) = gather(bytes, Opening::default()) {
        let spare = Spare {
            certificate: GOOD.root.certificate.clone(),
            from: String::new(),
        };
        let _ = repair(&opened.certificates, opened.key.as_ref(), &[spare]);
    }
    if let Ok(certificate) = Certificate::from_der(bytes) {
        let _ = (
            certificate.identity(),
            certificate.called(),
            certificate.public_key().must_be_strong(),
        );
        let _ = (
            certificate.key_usage_names(),
            certificate.extended_key_usage_names(),
            certificate.not_after(),
        );
    }
    let _ = Request::from_der(bytes);
    let _ = RevocationList::from_der(bytes);
    let _ = PrivateKey::from_der(bytes);
    let anchors = Anchors::new(vec![GOOD.root.certificate.clone()], Timestamp::now()).expect("an anchor");
    let trust = Trust::from(anchors);
    let _ = verify::verify(
        &[CertificateDer::from(bytes)],
        &trust,
        Purpose::Client,
        Timestamp::now(),
    );
}

/// `bytes` with some of them changed, one piece taken out and one put in.
fn spoiled(bytes: &[u8], changes: &[(usize, u8)], cut: (usize, usize), more: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, value) in changes {
        let at = at % bytes.len();
        bytes[at] = *value;
    }
    let from = cut.0 % bytes.len();
    let to = (from + cut.1 % 8).min(bytes.len());
    bytes.splice(from..to, more.iter().copied());
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_everything(&bytes);
    }

    #[test]
    fn spoiled_certificates_are_read_without_panic_and_never_believed(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in (any::<usize>(), any::<usize>()),
        more in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let good = GOOD.pair.certificate.der();
        let bad = spoiled(good, &changes, cut, &more);
        read_everything(&bad);
        if bad != good.as_ref() {
            let anchors = Anchors::new(vec![GOOD.root.certificate.clone()], Timestamp::now()).expect("an anchor");
            let trust = Trust::from(anchors);
            let judged = verify::verify(&[CertificateDer::from(bad)], &trust, Purpose::Client, Timestamp::now());
            prop_assert!(judged.is_err());
        }
    }

    #[test]
    fn spoiled_pem_is_read_without_panic(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in (any::<usize>(), any::<usize>()),
        more in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let text = format!("{}{}", GOOD.pair.certificate.to_pem(), *GOOD.pair.key.to_pem());
        read_everything(&spoiled(text.as_bytes(), &changes, cut, &more));
    }

    #[test]
    fn spoiled_pkcs7_and_secrets_are_read_without_panic(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cut in (any::<usize>(), any::<usize>()),
        more in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let der = pkcs7::write(&GOOD.pair.chain).expect("PKCS#7");
        read_everything(&spoiled(&der, &changes, cut, &more));
        let secret = kubernetes::write(&kubernetes::Wanted {
            name: "web",
            namespace: None,
            key: &GOOD.pair.key,
            chain: &GOOD.pair.chain,
            roots: &[],
        });
        read_everything(&spoiled(secret.expect("a Secret").as_bytes(), &changes, cut, &more));
    }
}

#[test]
fn bombs_are_refused_quickly() {
    let mut nested = Vec::new();
    for _ in 0..10_000 {
        nested.extend([0x30, 0x83, 0x01, 0x00, 0x00]);
    }
    read_everything(&nested);
    read_everything(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x00]);
    let endless = "-----BEGIN CERTIFICATE-----\n".to_owned() + &"QUJD\n".repeat(200_000);
    read_everything(endless.as_bytes());
    read_everything("-----BEGIN CERTIFICATE-----\n".repeat(20_000).as_bytes());
    read_everything("-----BEGIN PKCS7-----\n".repeat(20_000).as_bytes());
    for text in [
        "--BEGIN x ",
        "x -----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "aA1",
        "0a:",
        "7, ",
    ] {
        let long = text.repeat(100_000);
        read_everything(long.as_bytes());
        let _ = conceal::concealed(&long);
    }
    let laughs: String = (1..30)
        .map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(10)))
        .collect();
    read_everything(format!("kind: Secret\na0: &a0 [x]\n{laughs}").as_bytes());
    read_everything(format!("kind: Secret\ndata: {}", "[".repeat(100_000)).as_bytes());
}
