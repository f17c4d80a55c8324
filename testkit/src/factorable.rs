//! RSA keys whose primes anybody finds, as they came out of bad generators. For tests of their refusal alone.

use der::{
    Decode, Encode, Sequence,
    asn1::{BitString, SetOfVec, Uint},
};
use handfast_pki::{PrivateKey, PublicKey, name};
use num_bigint::BigUint;
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::request::{CertReq, CertReqInfo, Version};

use crate::forge::rsa_public;

/// The first prime above the digits of SHA-256 of "handfast p 0" to 3, with its two highest bits set.
const PRIME: &str = "\
    f7e1787209f8e90195e7a9b44f534e732cd8b383976a30fb36c9986668f89d98\
    304644fdc48eedce4607ac8ff46af8c59d16ec3afd3ded126c312ba6b2c86d74\
    9c6e6040561700260834f28547dc3d9bff25c6dce6575117e7b441ed26e3ee21\
    758b362065c368fd4cd9035a151169683b7b7e9bb4fb5ea574922bcf0d1772df";

/// The same of "handfast q 0" to 3.
const OTHER_PRIME: &str = "\
    dbfd18bfd0b1a5ac225dd04ae3172072f61e1e0a9fe4caabea2431a68ccb0226\
    8aa687ac16ad55a6d9eb580ce2c5a269e4d1b12a66da0db077dec8200766f14e\
    38d23eacb76e7581caf39d47c104204699042cc127981b3937f7cf4a911d536b\
    a3c0e744dcdd5ef7e46f11175136b1bab25bcf6cfee80b6b82a5fa5edafd4ad3";

/// The next prime above [`PRIME`] is this much higher.
const GAP: u32 = 92;

/// RSAPrivateKey (RFC 8017 appendix A.1.2).
#[derive(Sequence)]
struct Pkcs1 {
    version: u8,
    modulus: Uint,
    public_exponent: Uint,
    private_exponent: Uint,
    prime1: Uint,
    prime2: Uint,
    exponent1: Uint,
    exponent2: Uint,
    coefficient: Uint,
}

/// Two primes that are neighbours.
pub fn close_primes() -> PublicKey {
    let prime = number(PRIME);
    public(&(&prime * (&prime + GAP)))
}

/// A prime, squared.
pub fn square() -> PublicKey {
    public(&number(PRIME).pow(2))
}

/// Two good primes and `factor`.
pub fn with_factor(factor: u32) -> PublicKey {
    public(&(number(PRIME) * number(OTHER_PRIME) * factor))
}

/// Two numbers of the form that Infineon's library gave primes of 1024 bits (CVE-2017-15361). They need not be
/// prime: nobody who has the product alone can tell.
pub fn roca() -> PublicKey {
    let product = (2u32..=701)
        .filter(|number| (2..*number).all(|divisor| !number.is_multiple_of(divisor)))
        .fold(BigUint::from(1u32), |product, prime| product * prime);
    let shaped = |exponent: u32| {
        let multiple = number(PRIME) / &product + exponent;
        &product * multiple + BigUint::from(65537u32).modpow(&exponent.into(), &product)
    };
    public(&(shaped(31_415_926) * shaped(27_182_818)))
}

/// The private key of [`close_primes`].
pub fn close_primes_key() -> PrivateKey {
    key_of(&number(PRIME), &(number(PRIME) + GAP))
}

/// A private key of two good primes, as a twin.
pub fn good_key() -> PrivateKey {
    key_of(&number(PRIME), &number(OTHER_PRIME))
}

/// Another private key of two good primes, one of which is that of [`good_key`].
pub fn sharing_key() -> PrivateKey {
    key_of(&(number(PRIME) + GAP), &number(OTHER_PRIME))
}

/// A certificate request of `key` (RFC 2986) without names.
pub fn request(key: &PrivateKey) -> Vec<u8> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: Decode::from_der(&name::distinguished("web", None).expect("a name").der()).expect("a name"),
        public_key: SubjectPublicKeyInfoOwned::from_der(key.public_key().spki_der()).expect("a key"),
        attributes: SetOfVec::new(),
    };
    let signature = key.sign(&info.to_der().expect("encoded")).expect("signed");
    let request = CertReq {
        info,
        algorithm: key.signature_algorithm(),
        signature: BitString::from_bytes(&signature).expect("bits"),
    };
    request.to_der().expect("encoded")
}

fn key_of(one: &BigUint, other: &BigUint) -> PrivateKey {
    let uint = |number: &BigUint| Uint::new(&number.to_bytes_be()).expect("a number");
    let exponent = BigUint::from(65537u32);
    let (p, q) = if one > other { (one, other) } else { (other, one) };
    let (below_p, below_q) = (p - 1u32, q - 1u32);
    let private = exponent.modinv(&(&below_p * &below_q)).expect("coprime");
    let der = Pkcs1 {
        version: 0,
        modulus: uint(&(p * q)),
        public_exponent: uint(&exponent),
        prime1: uint(p),
        prime2: uint(q),
        exponent1: uint(&(&private % &below_p)),
        exponent2: uint(&(&private % &below_q)),
        private_exponent: uint(&private),
        coefficient: uint(&q.modinv(p).expect("coprime")),
    };
    PrivateKey::from_der(&der.to_der().expect("encoded")).expect("a key")
}

fn public(modulus: &BigUint) -> PublicKey {
    rsa_public(&modulus.to_bytes_be(), &[1, 0, 1])
}

fn number(digits: &str) -> BigUint {
    BigUint::parse_bytes(digits.as_bytes(), 16).expect("digits")
}
