//! Requests that are malformed, oversized, or about a key that nobody should certify are refused before anything is signed,
//! each with its code.

use der::{
    Any,
    asn1::{BitString, ObjectIdentifier},
};
use handfast_pki::{Code, Error, KeyKind, PrivateKey, PublicKey, Request, code};
use handfast_testkit::{factorable, forge::rsa_public};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

const EC: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";

fn spki(algorithm: &str, parameters: Option<Any>, bits: &[u8]) -> PublicKey {
    PublicKey::from_spki(&SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new(algorithm).expect("an identifier"),
            parameters,
        },
        subject_public_key: BitString::from_bytes(bits).expect("bits"),
    })
}

fn named_curve(curve: &str) -> Option<Any> {
    let curve = ObjectIdentifier::new(curve).expect("an identifier");
    Some(Any::encode_from(&curve).expect("encoded"))
}

/// A request for `key`, with a signature of somebody else: the key is judged first.
fn request_for(key: &PublicKey) -> Vec<u8> {
    let mine = PrivateKey::generate(KeyKind::P256).expect("a key");
    let der = factorable::request(&mine);
    replaced(&der, mine.public_key().spki_der(), key.spki_der())
}

/// One value in the contents of a request, replaced, with all lengths around it.
fn replaced(der: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let inner = |bytes: &[u8]| -> (usize, usize) {
        match bytes[1] {
            0x81 => (3, usize::from(bytes[2])),
            0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
            short => (2, usize::from(short)),
        }
    };
    let wrap = |content: &[u8]| {
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        [&[0x30, 0x84][..], &length, content].concat()
    };
    let minimal = |content: &[u8]| match content.len() {
        0..=0x7f => [&[0x30, content.len() as u8][..], content].concat(),
        0x80..=0xff => [&[0x30, 0x81, content.len() as u8][..], content].concat(),
        0x100..=0xffff => [
            &[0x30, 0x82, (content.len() >> 8) as u8, content.len() as u8][..],
            content,
        ]
        .concat(),
        _ => wrap(content),
    };
    let (at, length) = inner(der);
    let outer = &der[at..at + length];
    let (info_at, info_length) = inner(outer);
    let info = &outer[info_at..info_at + info_length];
    let place = info
        .windows(old.len())
        .position(|part| part == old)
        .expect("it is there");
    let info = [&info[..place], new, &info[place + old.len()..]].concat();
    minimal(&[minimal(&info), outer[info_at + info_length..].to_vec()].concat())
}

#[track_caller]
fn refused(key: &PublicKey, expected: Code, says: &str) {
    let error = Request::from_der(&request_for(key)).expect_err(says);
    assert_eq!(error.code(), expected, "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn every_weak_or_odd_key_is_refused_by_name_and_a_good_one_is_not() {
    let good = PrivateKey::generate(KeyKind::P256).expect("a key");
    assert!(Request::from_der(&factorable::request(&good)).is_ok());
    // A good key with the signature of another is another fault.
    let error = Request::from_der(&request_for(&good.public_key())).expect_err("not signed by it");
    assert_eq!(error, Error::RequestSignature);

    let odd = |bytes: usize| vec![0xff; bytes];
    let mut even = odd(256);
    even[255] = 0xfe;
    refused(&rsa_public(&odd(128), &[1, 0, 1]), code::WEAK_KEY, "RSA-1024");
    refused(
        &rsa_public(&odd(2048), &[1, 0, 1]),
        code::CANNOT_VERIFY,
        "RSA-16384",
    );
    refused(&rsa_public(&even, &[1, 0, 1]), code::WEAK_KEY, "an even modulus");
    for exponent in [&[1][..], &[3], &[17], &[0xff, 0xff], &[1, 0, 0]] {
        refused(
            &rsa_public(&odd(256), exponent),
            code::WEAK_KEY,
            "a bad public exponent",
        );
    }
    refused(&factorable::roca(), code::WEAK_KEY, "ROCA");
    refused(
        &factorable::with_factor(167),
        code::WEAK_KEY,
        "the small factor 167",
    );

    let point = good.public_key().spki_der()[26..].to_vec();
    let mut off = point.clone();
    off[64] ^= 1;
    refused(
        &spki(EC, named_curve(P256), &off),
        code::WEAK_KEY,
        "not on the curve",
    );
    refused(
        &spki(EC, named_curve(P256), &[0]),
        code::WEAK_KEY,
        "not on the curve",
    );
    refused(
        &spki(EC, named_curve("1.3.132.0.10"), &point),
        code::CANNOT_VERIFY,
        "secp256k1",
    );
    let explicit = Any::new(der::Tag::Sequence, [2, 1, 1]).expect("a sequence");
    refused(
        &spki(EC, Some(explicit), &point),
        code::CANNOT_VERIFY,
        "explicit parameters",
    );
    let ed25519 = |bits: &[u8]| spki("1.3.101.112", None, bits);
    let mut one = [0; 32];
    one[0] = 1;
    let mut signed_one = one;
    signed_one[31] = 0x80;
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    for small in [[0; 32], one, signed_one, minus_one] {
        refused(&ed25519(&small), code::WEAK_KEY, "small order");
    }
    refused(&ed25519(&[7; 31]), code::CANNOT_VERIFY, "not supported");
}

#[test]
fn what_is_too_large_or_too_deep_is_refused_at_once() {
    let good = factorable::request(&PrivateKey::generate(KeyKind::P256).expect("a key"));
    let large = [&good[..], &vec![0; 70_000]].concat();
    let error = Request::from_der(&large).expect_err("too large");
    assert_eq!(error.code(), code::WRONG_FORMAT);
    assert!(error.to_string().contains("at most 65536"), "{error}");
    let mut nested = vec![0x30, 0];
    for _ in 0..20_000 {
        let length = nested.len() as u32;
        nested.splice(0..0, [&[0x30, 0x83][..], &length.to_be_bytes()[1..]].concat());
        if nested.len() > 60_000 {
            break;
        }
    }
    assert_eq!(
        Request::from_der(&nested).expect_err("no request").code(),
        code::WRONG_FORMAT
    );
    for cut in 0..good.len() {
        assert!(Request::from_der(&good[..cut]).is_err(), "{cut}");
    }
    let trailing = [&good[..], &[0]].concat();
    assert!(Request::from_der(&trailing).is_err());
}

/// Whatever bit is wrong, the request proves nothing any more; nothing panics.
#[test]
fn a_request_with_one_bit_changed_is_refused_or_is_the_same_request() {
    let good = factorable::request(&PrivateKey::generate(KeyKind::P256).expect("a key"));
    for place in 0..good.len() * 8 {
        let mut changed = good.clone();
        changed[place / 8] ^= 1 << (place % 8);
        assert!(Request::from_der(&changed).is_err(), "bit {place}");
    }
}
