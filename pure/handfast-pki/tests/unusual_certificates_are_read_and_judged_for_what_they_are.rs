//! What is valid and unusual is read; what is not supported here is neither good nor bad; what is weak or wrong is said so.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair},
};
use const_oid::{
    ObjectIdentifier,
    db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_EXT_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME},
};
use der::Decode;
use handfast_pki::{Certificate, PrivateKey, Purpose, Refusal, Role, Trust, code, link, name::Name, verify};
use handfast_testkit::forge::{Forge, Forged, dns, ed448_public, raw, rsa_public};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;

/// clientAuth and 2.25 with a UUID, as extended key usages.
const WITH_UUID: [u8; 33] = [
    0x30, 31, 0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2, 0x06, 19, 0x69, 0x83, 0xf8, 0x8e, 0xa9, 0xfa, 0xfe, 0xd8,
    0xf4, 0xa3, 0xe8, 0xb2, 0x80, 0xa0, 0x99, 0x87, 0xd6, 0xf4, 0x76,
];

/// One otherName: a UPN of Windows.
const UPN: [u8; 33] = [
    0x30, 31, 0xa0, 29, 0x06, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 3, 0xa0, 15, 0x0c, 13, b'j', b'a',
    b'n', b'e', b'@', b'a', b'c', b'm', b'e', b'.', b'o', b'r', b'g',
];

fn leaf() -> Forge {
    Forge::client("web", vec![dns("web.acme.example")])
}

fn trust(root: &Forged) -> Trust {
    let anchors = handfast_pki::Anchors::new(vec![root.certificate.clone()], Timestamp::now());
    anchors.expect("a CA").into()
}

fn judged(chain: &[&Certificate], root: &Forged) -> Result<(), Refusal> {
    let ders: Vec<_> = chain.iter().map(|one| one.der().clone()).collect();
    verify::verify(&ders, &trust(root), Purpose::Client, Timestamp::now()).map(drop)
}

/// `CN=Root` as a PrintableString, where the testkit writes UTF8String.
fn printable_root() -> Name {
    let der = [
        0x30, 15, 0x31, 13, 0x30, 11, 0x06, 3, 0x55, 4, 3, 0x13, 4, b'R', b'o', b'o', b't',
    ];
    Name::from_der(&der).expect("a name")
}

fn p521() -> PrivateKey {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P521_SHA512_ASN1_SIGNING, &SystemRandom::new());
    PrivateKey::from_der(pkcs8.expect("a key").as_ref()).expect("a key that is read")
}

#[test]
fn an_object_identifier_of_any_size_hides_no_usage_beside_it() {
    let root = Forge::ca("Root").root();
    let leaf = leaf().with(raw(ID_CE_EXT_KEY_USAGE, false, &WITH_UUID)).by(&root);
    assert_eq!(judged(&[&leaf.certificate], &root), Ok(()));
    let names = leaf.certificate.extended_key_usage_names().expect("usages");
    assert_eq!(names[0], "clientAuth");
    assert!(names[1].starts_with("2.25."), "{names:?}");
}

#[test]
fn usages_that_cannot_be_read_are_not_called_none() {
    let root = Forge::ca("Root").root();
    let leaf = leaf()
        .with(raw(ID_CE_EXT_KEY_USAGE, false, &[0x30, 1, 0]))
        .by(&root);
    let refusal = judged(&[&leaf.certificate], &root).expect_err("broken");
    assert!(matches!(refusal, Refusal::Irregular { .. }), "{refusal}");
    assert!(
        refusal.to_string().contains("extendedKeyUsage cannot be read"),
        "{refusal}"
    );
}

#[test]
fn a_name_of_another_kind_is_shown_and_no_certificate_with_one_is_called_nameless() {
    let root = Forge::ca("Root").root();
    let leaf = leaf().with(raw(ID_CE_SUBJECT_ALT_NAME, false, &UPN)).by(&root);
    let identity = leaf.certificate.identity();
    assert_eq!(identity.others, ["otherName:UPN:jane@acme.org"]);
    assert!(!identity.is_nameless() && identity.dns.is_empty());
    assert_eq!(judged(&[&leaf.certificate], &root), Ok(()));
    let host = verify::host("localhost").expect("a host");
    let refusal = verify::has_name(&leaf.certificate, &host).expect_err("another name");
    assert!(
        refusal.to_string().contains("otherName:UPN:jane@acme.org"),
        "{refusal}"
    );
    assert_eq!(refusal.code(Purpose::Server), code::NAME_MISMATCH);
}

#[test]
fn an_issuer_is_found_by_its_name_in_whatever_string_type_it_is_written() {
    let root = Forge::ca("Root").root();
    let mut other = leaf();
    other.issuer = Some(printable_root());
    let leaf = other.by(&root).certificate;
    assert_eq!(leaf.issuer(), root.certificate.subject());
    assert_eq!(judged(&[&leaf], &root), Ok(()));
    let told = link::other_writing(&leaf, &root.certificate).expect("other bytes");
    assert!(
        told.contains("PrintableString") && told.contains("UTF8String"),
        "{told}"
    );
    // The name alone is nothing: the key has to have signed.
    let namesake = Forge::ca("Root").root();
    let refusal = judged(&[&leaf], &namesake).expect_err("another key");
    assert!(matches!(refusal, Refusal::BadSignature { .. }), "{refusal}");
}

#[test]
fn a_ca_between_that_is_named_in_other_bytes_is_neither_good_nor_unknown() {
    let root = Forge::ca("Other").root();
    let between = Forge::ca("Root").by(&root);
    let mut other = leaf();
    other.issuer = Some(printable_root());
    let leaf = other.by(&between).certificate;
    let refusal = judged(&[&leaf, &between.certificate], &root).expect_err("webpki compares bytes");
    assert!(refusal.is_undecided(), "{refusal}");
    assert!(refusal.to_string().contains("RFC 5280 section 7.1"), "{refusal}");
}

#[test]
fn an_identifier_of_another_certificate_is_told_and_that_of_this_one_is_not() {
    let root = Forge::ca("Root").root();
    // The serial number 7 of the CA's certificate, with its issuer's name left out.
    let serial = raw(ID_CE_AUTHORITY_KEY_IDENTIFIER, false, &[0x30, 3, 0x82, 1, 7]);
    let leaf = leaf().with(serial).by(&root).certificate;
    let told = link::identifier_mismatch(&leaf, &root.certificate).expect("another number");
    assert!(told.contains("names the serial number 07"), "{told}");
    assert_eq!(judged(&[&leaf], &root), Ok(()));
    let plain = self::leaf().by(&root).certificate;
    assert_eq!(link::identifier_mismatch(&plain, &root.certificate), None);
}

#[test]
fn a_strong_key_that_is_supported_is_trusted_and_one_that_is_not_is_not_called_weak() {
    let root = Forge::ca("Root").root();
    let strong = leaf().by_of(&root, p521()).certificate;
    assert_eq!(strong.public_key().algorithm(), "P-521");
    assert_eq!(judged(&[&strong], &root), Ok(()));
    let unknown = leaf().for_key(&ed448_public(), &root);
    let refusal = judged(&[&unknown], &root).expect_err("not supported");
    assert!(refusal.is_undecided(), "{refusal}");
    assert_eq!(refusal.code(Purpose::Client), code::CANNOT_VERIFY);
    assert!(refusal.to_string().contains("Ed448"), "{refusal}");
    // What is wrong for certain outranks what cannot be told.
    let refusal = judged(&[&unknown], &Forge::ca("Another").root()).expect_err("unknown");
    assert!(matches!(refusal, Refusal::UnknownIssuer { .. }), "{refusal}");
}

#[test]
fn a_signature_that_is_not_supported_is_not_called_one_of_another_key() {
    let root = Forge::ca("Root").root();
    let with = |number: &str| {
        let mut forge = leaf();
        forge.algorithm = Some(AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap(number),
            parameters: None,
        });
        let certificate = forge.by(&root).certificate;
        judged(&[&certificate], &root).expect_err("no signature of this kind")
    };
    let undecided = with("1.3.101.113");
    assert!(
        undecided.is_undecided() && undecided.to_string().contains("Ed448"),
        "{undecided}"
    );
    let broken = with("1.2.840.10045.4.1");
    assert!(matches!(broken, Refusal::Weak { .. }), "{broken}");
}

#[test]
fn the_ca_whose_key_is_too_short_is_named_and_not_what_it_signed() {
    let root = Forge::ca("Root").root();
    let short = rsa_public(&[0xff; 128], &[1, 0, 1]);
    let between = Forge::ca("Issuing").for_key(&short, &root);
    let mut forge = leaf();
    forge.issuer = Some(between.subject().clone());
    forge.algorithm = Some(AlgorithmIdentifierOwned {
        oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
        parameters: Some(der::Any::null()),
    });
    let leaf = forge.by(&root).certificate;
    let refusal = judged(&[&leaf, &between], &root).expect_err("a short key");
    assert!(
        matches!(&refusal, Refusal::Weak { role: Role::Issuer, subject, .. } if subject == "CN=Issuing"),
        "{refusal}"
    );
}
