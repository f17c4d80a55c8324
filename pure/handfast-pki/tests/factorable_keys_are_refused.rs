//! RSA keys whose primes anybody finds are refused by name, and keys as they should be are not.

use handfast_pki::{Error, KeyKind, PrivateKey, PublicKey, Request, code};
use handfast_testkit::factorable;

/// At random between 2^29 and 2^30.
const FACTORS_OF_30_BITS: [u32; 20] = [
    599_146_781,
    795_280_841,
    669_802_249,
    663_349_361,
    600_867_181,
    859_260_949,
    905_675_123,
    1_018_802_959,
    771_169_727,
    968_133_149,
    982_792_147,
    541_266_391,
    986_711_291,
    603_709_003,
    711_142_633,
    646_800_169,
    612_371_687,
    760_158_407,
    1_056_384_419,
    904_773_343,
];

fn refused_as(verdict: handfast_pki::Result<()>) -> String {
    let error = verdict.expect_err("a weak key");
    assert_eq!(error.code(), code::WEAK_KEY);
    match error {
        Error::WeakKey { found, .. } => found,
        other => panic!("{other}"),
    }
}

fn refused(key: &PublicKey) -> String {
    refused_as(key.must_be_worth_certifying())
}

#[test]
fn a_key_with_the_pattern_of_roca_is_refused_at_each_handshake_and_named() {
    let name = "RSA-2048 with the pattern of CVE-2017-15361 (ROCA)";
    assert_eq!(refused_as(factorable::roca().must_be_strong()), name);
    assert_eq!(refused(&factorable::roca()), name);
}

#[test]
fn a_key_of_two_close_primes_is_not_certified_and_named() {
    let name = "RSA-2048 with two close primes";
    assert_eq!(refused(&factorable::close_primes()), name);
    assert_eq!(refused(&factorable::square()), name);
}

#[test]
fn a_key_with_a_factor_of_16_bits_is_not_certified_and_the_factor_is_named() {
    for factor in [3, 167, 173, 751, 65_521] {
        assert!(
            refused(&factorable::with_factor(factor)).ends_with(&format!(" with the small factor {factor}"))
        );
    }
    assert!(refused_as(factorable::with_factor(167).must_be_strong()).ends_with("the small factor 167"));
}

/// The search misses about one in 180. It misses one of these, and must not miss more.
#[test]
fn nearly_every_key_with_a_factor_of_30_bits_is_not_certified_and_the_factor_is_named() {
    let escaped = FACTORS_OF_30_BITS.iter().filter(|factor| {
        let key = factorable::with_factor(**factor);
        let verdict = key.must_be_worth_certifying();
        if verdict.is_err() {
            let found = refused_as(verdict.clone());
            assert!(
                found.ends_with(&format!(" with the small factor {factor}")),
                "{found}"
            );
        }
        verdict.is_ok()
    });
    assert!(escaped.count() <= 1);
}

#[test]
fn new_keys_and_keys_of_good_primes_are_worth_certifying() {
    for kind in KeyKind::ALL {
        let key = PrivateKey::generate(kind).expect("a key").public_key();
        assert_eq!(key.must_be_worth_certifying(), Ok(()), "{kind:?}");
    }
    let key = factorable::good_key().public_key();
    assert_eq!(key.must_be_worth_certifying(), Ok(()));
}

#[test]
fn a_private_key_and_a_request_are_read_without_the_long_search() {
    let key = factorable::close_primes_key();
    assert_eq!(key.public_key().must_be_strong(), Ok(()));
    assert!(Request::from_der(&factorable::request(&key)).is_ok());
}

#[test]
fn keys_that_share_a_prime_are_found_among_others_and_the_same_key_twice_is_none() {
    let good = factorable::good_key().public_key();
    let others: Vec<PublicKey> = (0..3)
        .map(|_| {
            PrivateKey::generate(KeyKind::Rsa2048)
                .expect("a key")
                .public_key()
        })
        .collect();
    let p256 = PrivateKey::generate(KeyKind::P256).expect("a key").public_key();
    let mut keys = vec![
        good.clone(),
        others[0].clone(),
        p256,
        others[1].clone(),
        good,
        others[2].clone(),
    ];
    assert_eq!(handfast_pki::key::sharing_primes(&keys), Vec::<usize>::new());
    keys.push(factorable::sharing_key().public_key());
    assert_eq!(handfast_pki::key::sharing_primes(&keys), [0, 6]);
    assert_eq!(handfast_pki::key::sharing_primes(&[]), Vec::<usize>::new());
}
