//! A signature is verified over the bytes that came, not over what we would have written in their place.

use handfast_pki::{Error, KeyKind, PrivateKey, Request};

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match u8::try_from(content.len()) {
        Ok(short) if short < 128 => vec![short],
        Ok(long) => vec![0x81, long],
        Err(_) => [
            &[0x82][..],
            &u16::try_from(content.len()).expect("short").to_be_bytes(),
        ]
        .concat(),
    };
    [&[tag][..], &length, &content].concat()
}

/// A request with two attributes, in the order that the numbers of their types have or in the other one.
fn request(in_order: bool, key: &PrivateKey) -> Vec<u8> {
    let unstructured_name = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2];
    let challenge_password = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 7];
    let attribute = |id: &[u8]| {
        let value = tlv(0x31, &[&tlv(0x0c, &[b"x"])]);
        tlv(0x30, &[&tlv(0x06, &[id]), &value])
    };
    let (first, second) = (attribute(&unstructured_name), attribute(&challenge_password));
    let attributes = if in_order {
        tlv(0xa0, &[&first, &second])
    } else {
        tlv(0xa0, &[&second, &first])
    };
    let public = key.public_key();
    let info = tlv(0x30, &[&[2, 1, 0], &[0x30, 0], public.spki_der(), &attributes]);
    let ecdsa_with_sha256 = [0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let signature = key.sign(&info).expect("a signature");
    tlv(0x30, &[&info, &ecdsa_with_sha256, &tlv(3, &[&[0], &signature])])
}

#[test]
fn a_request_with_its_attributes_in_any_order_proves_its_key() {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    for in_order in [true, false] {
        let request = Request::from_der(&request(in_order, &key));
        assert_eq!(request.expect("proven").public_key(), &key.public_key());
    }
}

#[test]
fn a_request_that_was_changed_after_it_was_signed_proves_nothing() {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    let mut changed = request(false, &key);
    let at = changed
        .windows(3)
        .position(|three| three == [0x0c, 1, b'x'])
        .expect("a value")
        + 2;
    changed[at] = b'y';
    let refused = Request::from_der(&changed).expect_err("changed");
    assert!(matches!(refused, Error::RequestSignature), "{refused}");
}
