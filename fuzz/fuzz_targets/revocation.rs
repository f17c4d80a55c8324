//! The readers of revocation lists, revocation sets and OCSP requests, behind a good signature as well: what a CA signs
//! may be anything.
#![no_main]

use std::sync::LazyLock;

use handfast_pki::{
    Certificate, KeyKind, PrivateKey, Profile,
    build::{self, Issuer, Plan},
    crl::lint,
    name, ocsp,
    revocation::{list::CrlIndex, set},
    serial::Serial,
};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;

static CA: LazyLock<(PrivateKey, Certificate)> = LazyLock::new(|| {
    let key = PrivateKey::generate(KeyKind::Ed25519).expect("a key");
    let subject = name::distinguished("Fuzz", None).expect("a name");
    let issuer = Issuer::itself(subject.clone(), &key);
    let plan = Plan {
        profile: Profile::Root.rules(),
        serial: Serial::from_random([1; 20]),
        subject,
        names: Vec::new(),
        roles: Vec::new(),
        not_before: now(),
        not_after: now() + SignedDuration::from_hours(1),
        public_key: key.public_key(),
    };
    let tbs = build::to_be_signed(&plan, &issuer).expect("planned");
    let signature = key.sign(&tbs).expect("signed");
    let certificate = build::assemble(&tbs, &issuer.algorithm, &signature).expect("assembled");
    (key, certificate)
});

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

fuzz_target!(|input: &[u8]| {
    let (key, certificate) = &*CA;
    let issuers = [certificate.clone()];
    let _ = CrlIndex::read([input], &issuers, now());
    let _ = set::RevocationSets::read(input, now());
    let _ = lint::check(input);
    if let Ok(request) = ocsp::Request::from_der(input) {
        let plan = ocsp::Plan {
            signer: certificate,
            this_update: now(),
            next_update: now(),
            nonce: request.nonce.as_deref(),
        };
        let answers: Vec<_> = request
            .asked
            .into_iter()
            .map(|id| (id, ocsp::Status::Unknown))
            .collect();
        assert!(ocsp::to_be_signed(&plan, &answers).is_ok());
    }
    // A list and a set have the same outer form.
    let signature = key.sign(input).expect("signed");
    if let Ok(signed) = set::build::assemble(input, &key.signature_algorithm(), &signature) {
        let _ = CrlIndex::read([&signed[..]], &issuers, now());
        if let Ok(sets) = set::build::file(&[&signed]).map(|file| set::RevocationSets::read(&file, now()))
            && let Ok(sets) = sets
        {
            for read in sets.iter() {
                assert!(read.revoked_indexes().all(|index| read.indexes().contains(&index)));
            }
        }
    }
});
